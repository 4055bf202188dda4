"""One open store: the queries of every subject behind one connection and one lock.

Two tasks on one SQLite connection would share a transaction, so every call takes the lock.
"""

from collections.abc import Mapping, Sequence

from policies.ahead import AheadChange
from policies.policy import Mode, Policy, Site, SuspensionKind
from tollguard.store import ahead, facts, nodes, originate_rows, policy_rows
from tollguard.store.ahead import Standing
from tollguard.store.connection import Database, open_database
from tollguard.store.facts import VerdictFilter
from tollguard.store.rows import (
    Actor,
    AuditRow,
    Change,
    DeviceRow,
    FindingRow,
    LedgerIdentity,
    NewOriginateGrant,
    NewSuspension,
    NodeRow,
    RequestRow,
    VerdictRow,
)


class Store:
    """The store, open. Its methods raise `StoreError` when it does not answer in a second."""

    def __init__(self, database: Database, grp: str) -> None:
        self._db = database
        self._grp = grp

    @classmethod
    async def open(cls, url: str, grp: str = "default") -> "Store":
        """Open an existing store of this version (``sqlite:///path`` or a path).

        Args:
            url: Where it is.
            grp: Customer group that policy rows made through this object are filed under.

        Raises:
            StoreError: It is missing, of another version, locked or damaged.
        """
        return cls(await open_database(url), grp)

    async def close(self) -> None:
        """Close the connection; without it aiosqlite's thread keeps the process alive."""
        await self._db.close()

    # -- policy: each change is one transaction with its audit row and revision + 1

    async def revision(self) -> int:
        """Read the policy's revision."""
        return await policy_rows.revision(self._db)

    async def load_policy(self, site: Site) -> Policy:
        """Read the whole policy at one revision.

        Raises:
            StoreError: A row is malformed; names table, id, column and value.
        """
        return await policy_rows.load(self._db, site)

    async def suspend(self, new: NewSuspension, actor: Actor, *, now_s: float) -> Change:
        """Close international calls, a country or an endpoint."""
        return await policy_rows.suspend(self._db, self._grp, new, actor, now_s)

    async def resume(
        self, kind: SuspensionKind, target: str, actor: Actor, *, now_s: float
    ) -> Change:
        """End every suspension of that target that is still to hold; ``count`` 0 when none is."""
        return await policy_rows.resume(self._db, kind, target, actor, now_s)

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
        right = (endpoint, countries)
        return await policy_rows.grant(self._db, self._grp, right, actor, now_s, until_s)

    async def revoke(
        self, endpoint: str, countries: frozenset[str] | None, actor: Actor, *, now_s: float
    ) -> Change:
        """Take back an endpoint's rights; with countries, only those."""
        right = (endpoint, countries)
        return await policy_rows.revoke(self._db, self._grp, right, actor, now_s)

    async def grant_originate(
        self, new: NewOriginateGrant, actor: Actor, *, now_s: float
    ) -> Change:
        """Let calls that begin in a context without anybody call abroad."""
        return await originate_rows.grant(self._db, self._grp, new, actor, now_s)

    async def revoke_originate(self, context: str, actor: Actor, *, now_s: float) -> Change:
        """Take a context's rights back; ``count`` 0 when it has none."""
        return await originate_rows.revoke(self._db, context, actor, now_s)

    async def set_mode(self, mode: Mode, actor: Actor, *, now_s: float) -> Change:
        """Switch between observe and enforce for the whole site."""
        return await policy_rows.set_mode(self._db, mode, actor, now_s)

    async def set_limits(self, values: Mapping[str, int], actor: Actor, *, now_s: float) -> Change:
        """Set any of ``max_call_s``, ``chargeable_per_endpoint``, ``chargeable_per_site``."""
        return await policy_rows.set_limits(self._db, values, actor, now_s)

    async def audit(self, limit: int = 100) -> tuple[AuditRow, ...]:
        """Read the newest audit rows, newest first."""
        return await policy_rows.audit(self._db, limit)

    # -- facts: written by the daemon, in batches

    async def write_verdicts(self, rows: Sequence[VerdictRow]) -> None:
        """Add judged calls."""
        await facts.write_verdicts(self._db, rows)

    async def write_findings(self, rows: Sequence[FindingRow]) -> None:
        """Add findings; one with the same node, kind, subject and first time is updated."""
        await facts.write_findings(self._db, rows)

    async def write_devices(self, node: str, rows: Sequence[DeviceRow]) -> None:
        """Replace a node's picture of its devices."""
        await facts.write_devices(self._db, node, rows)

    async def beat(self, row: NodeRow) -> None:
        """Write a daemon's heartbeat."""
        await nodes.beat(self._db, row)

    async def nodes(self) -> tuple[NodeRow, ...]:
        """Read every node's last heartbeat, by name."""
        return await nodes.nodes(self._db)

    async def devices(
        self, *, node: str | None = None, endpoint: str | None = None, state: str | None = None
    ) -> tuple[DeviceRow, ...]:
        """Read devices, by node and endpoint."""
        return await facts.devices(self._db, node=node, endpoint=endpoint, state=state)

    async def verdicts(self, wanted: VerdictFilter) -> tuple[VerdictRow, ...]:
        """Read verdicts, newest first."""
        return await facts.verdicts(self._db, wanted)

    async def verdicts_of(self, call: str) -> tuple[VerdictRow, ...]:
        """Read every verdict of one call, named by linkedid or uniqueid, in order."""
        return await facts.verdicts_of(self._db, call)

    async def findings(
        self, *, node: str | None = None, since_at: str | None = None, count: int = 1_000
    ) -> tuple[FindingRow, ...]:
        """Read findings, the latest first."""
        return await facts.findings(self._db, node=node, since_at=since_at, count=count)

    async def finding(self, finding_id: int) -> FindingRow | None:
        """Read one finding."""
        return await facts.finding(self._db, finding_id)

    # -- requests

    async def ask(
        self, node: str, kind: str, arguments: str, actor: Actor, *, now_s: float, for_s: float
    ) -> int:
        """Put a question to a node's daemon; returns its id."""
        question = (kind, arguments)
        return await nodes.ask(self._db, node, question, actor, now_s, for_s)

    async def request(self, request_id: int) -> RequestRow | None:
        """Read a request and, once there, its answer."""
        return await nodes.request(self._db, request_id)

    async def claim_requests(self, node: str, *, now_s: float) -> tuple[RequestRow, ...]:
        """Take every request to this node that is unclaimed and not expired, oldest first."""
        return await nodes.claim(self._db, node, now_s)

    async def answer_request(self, request_id: int, result: str, *, ok: bool, now_s: float) -> None:
        """Answer a claimed request: JSON when ok, else a sentence."""
        await nodes.answer(self._db, request_id, result, ok=ok, now_s=now_s)

    # -- the ledger's identity

    async def ledger_identity(self, node: str) -> LedgerIdentity | None:
        """Read which ledger belongs to a node; None before its first start."""
        return await nodes.ledger_identity(self._db, node)

    async def note_ledger(self, node: str, ledger_id: str, last_seq: int, *, now_s: float) -> bool:
        """Record how far the node's ledger has come, or the first ledger of a new node.

        Returns:
            False, and nothing is written, when another ledger or a higher sequence is known:
            the ledger was replaced or restored.
        """
        return await nodes.note_ledger(self._db, node, ledger_id, last_seq, now_s)

    async def accept_ledger(
        self, node: str, ledger_id: str, last_seq: int, reason: str, actor: Actor, *, now_s: float
    ) -> Change:
        """Make a replaced or restored ledger the node's own."""
        ledger = (ledger_id, last_seq)
        return await policy_rows.accept_ledger(self._db, node, ledger, reason, actor, now_s)

    async def accept_store(self, above: int, reason: str, actor: Actor, *, now_s: float) -> Change:
        """Make this store's policy newer than revision ``above``, so that a daemon takes it.

        Returns:
            ``count`` 0, and nothing is written, when it is newer already.
        """
        return await policy_rows.accept_store(self._db, above, reason, actor, now_s)

    # -- what was changed without the store

    async def standing(self, node: str) -> Standing:
        """Read what tells a node's own, newest store from another one."""
        return await ahead.standing(self._db, node)

    async def enter(self, changes: Sequence[AheadChange], *, above: int, now_s: float) -> int:
        """Enter changes that are not entered yet, each with its audit row.

        Args:
            changes: In the order in which they were made.
            above: The revision that they are in force as.
            now_s: Wall seconds.

        Returns:
            The policy's revision afterwards, higher than ``above`` when anything was entered.
        """
        return await ahead.enter(self._db, self._grp, changes, above, now_s)
