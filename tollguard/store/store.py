"""One open store: the queries of every subject behind one connection and one lock.

Two tasks on one SQLite connection would share a transaction, so every call takes the lock.
"""

from collections.abc import Sequence

from policies.policy import Mode, Policy, Site, SuspensionKind
from tollguard.store.rows import (
    Actor,
    AuditRow,
    Change,
    DeviceRow,
    FindingRow,
    LedgerIdentity,
    NewSuspension,
    NodeRow,
    RequestRow,
    VerdictRow,
)


class Store:
    """The store, open. Its methods raise `StoreError` when it does not answer in a second."""

    @classmethod
    async def open(cls, url: str) -> "Store":
        """Open an existing store of this version (``sqlite:///path`` or a path).

        Raises:
            StoreError: It is missing, of another version, locked or damaged.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Close the connection; without it aiosqlite's thread keeps the process alive."""
        raise NotImplementedError

    # -- policy: each change is one transaction with its audit row and revision + 1

    async def revision(self) -> int:
        """Read the policy's revision."""
        raise NotImplementedError

    async def load_policy(self, site: Site) -> Policy:
        """Read the whole policy at one revision.

        Raises:
            StoreError: A row is malformed; names table, id, column and value.
        """
        raise NotImplementedError

    async def suspend(self, new: NewSuspension, actor: Actor, *, now_s: float) -> Change:
        """Close international calls, a country or an endpoint."""
        raise NotImplementedError

    async def resume(
        self, kind: SuspensionKind, target: str, actor: Actor, *, now_s: float
    ) -> Change:
        """End every suspension of that target that is still to hold; ``count`` 0 when none is."""
        raise NotImplementedError

    async def grant(
        self,
        endpoint: str,
        countries: frozenset[str] | None,
        actor: Actor,
        *,
        now_s: float,
        until_s: float | None,
    ) -> Change:
        """Give an endpoint the right to call abroad; None means every country."""
        raise NotImplementedError

    async def revoke(
        self, endpoint: str, countries: frozenset[str] | None, actor: Actor, *, now_s: float
    ) -> Change:
        """Take back an endpoint's rights; with countries, only those."""
        raise NotImplementedError

    async def set_mode(self, mode: Mode, actor: Actor, *, now_s: float) -> Change:
        """Switch between observe and enforce for the whole site."""
        raise NotImplementedError

    async def set_limit(self, name: str, value: int, actor: Actor, *, now_s: float) -> Change:
        """Set ``max_call_s``, ``chargeable_per_endpoint`` or ``chargeable_per_site``."""
        raise NotImplementedError

    async def audit(self, limit: int = 100) -> tuple[AuditRow, ...]:
        """Read the newest audit rows, newest first."""
        raise NotImplementedError

    # -- facts: written by the daemon, in batches

    async def write_verdicts(self, rows: Sequence[VerdictRow]) -> None:
        """Add judged calls."""
        raise NotImplementedError

    async def write_findings(self, rows: Sequence[FindingRow]) -> None:
        """Add findings; one with the same node, kind, subject and first time is updated."""
        raise NotImplementedError

    async def write_devices(self, node: str, rows: Sequence[DeviceRow]) -> None:
        """Replace a node's picture of its devices."""
        raise NotImplementedError

    async def beat(self, row: NodeRow) -> None:
        """Write a daemon's heartbeat."""
        raise NotImplementedError

    async def nodes(self) -> tuple[NodeRow, ...]:
        """Read every node's last heartbeat, by name."""
        raise NotImplementedError

    async def devices(
        self, *, node: str | None = None, endpoint: str | None = None, state: str | None = None
    ) -> tuple[DeviceRow, ...]:
        """Read devices, by node and endpoint."""
        raise NotImplementedError

    # -- requests

    async def ask(
        self, node: str, kind: str, arguments: str, actor: Actor, *, now_s: float, for_s: float
    ) -> int:
        """Put a question to a node's daemon; returns its id."""
        raise NotImplementedError

    async def request(self, request_id: int) -> RequestRow | None:
        """Read a request and, once there, its answer."""
        raise NotImplementedError

    async def claim_requests(self, node: str, *, now_s: float) -> tuple[RequestRow, ...]:
        """Take every request to this node that is unclaimed and not expired, oldest first."""
        raise NotImplementedError

    async def answer_request(self, request_id: int, result: str, *, ok: bool, now_s: float) -> None:
        """Answer a claimed request: JSON when ok, else a sentence."""
        raise NotImplementedError

    # -- the ledger's identity

    async def ledger_identity(self, node: str) -> LedgerIdentity | None:
        """Read which ledger belongs to a node; None before its first start."""
        raise NotImplementedError

    async def note_ledger(self, node: str, ledger_id: str, last_seq: int, *, now_s: float) -> bool:
        """Record how far the node's ledger has come, or the first ledger of a new node.

        Returns:
            False, and nothing is written, when another ledger or a higher sequence is known:
            the ledger was replaced or restored.
        """
        raise NotImplementedError

    async def accept_ledger(
        self, node: str, ledger_id: str, last_seq: int, reason: str, actor: Actor, *, now_s: float
    ) -> Change:
        """Make a replaced or restored ledger the node's own."""
        raise NotImplementedError
