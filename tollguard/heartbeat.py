"""Tells the store once a second how this node is: which policy it runs, which ledger it has."""

import asyncio
import time
from collections.abc import Callable

import structlog

from tollguard.errors import StoreError
from tollguard.reservations import Reservations
from tollguard.status_file import Status
from tollguard.store.rows import NodeRow
from tollguard.store.store import Store
from tollguard.store_link import StoreLink

EVERY_S = 1.0
STEP_S = 2.0  # a time service slews what is less, by half a millisecond a second

log = structlog.get_logger("tollguard.daemon")


class Heartbeat:
    """The node's row, and the ledger's identity beside it."""

    def __init__(
        self, link: StoreLink, reservations: Reservations, status: Callable[[], Status]
    ) -> None:
        self._link = link
        self._reservations = reservations
        self._status = status
        self._ahead_s: float | None = None

    async def run(self) -> None:
        """Beat once a second until cancelled."""
        while True:
            self.look_at_clock(time.time(), time.monotonic())
            await self.beat()
            await asyncio.sleep(EVERY_S)

    def look_at_clock(self, wall_s: float, mono_s: float) -> None:
        """Tell a step of the wall clock: suspensions and schedules end by it, nothing else does.

        Args:
            wall_s: Wall seconds of now.
            mono_s: Monotonic seconds of now.
        """
        ahead_s = wall_s - mono_s
        if self._ahead_s is not None and abs(ahead_s - self._ahead_s) >= STEP_S:
            log.warning("clock-stepped", by_s=round(ahead_s - self._ahead_s, 1))
        self._ahead_s = ahead_s

    async def beat(self) -> None:
        """Beat now; a store that is away is told by the link."""
        try:
            await self._link.do(self._tell)
        except StoreError:
            return

    async def _tell(self, store: Store) -> None:
        status = self._status()
        # A store that is not believed must not get to know this ledger: it would look like ours.
        if status.policy_source == "store":
            await self._reservations.compare(store, status.node, time.time())
        await store.beat(node_row(self._status()))


def node_row(status: Status) -> NodeRow:
    """Give the part of the status that the store keeps."""
    return NodeRow(
        node=status.node,
        pid=status.pid,
        at=status.at,
        started_at=status.started_at,
        version=status.version,
        mode=status.mode,
        policy_revision=_revision_taken(status),
        ami_state=status.ami_state,
        ami_reason=status.ami_reason,
        blind=status.blind,
        gate_port=status.gate_port,
        sessions=status.sessions,
        ledger_id=status.ledger_id,
        ledger_seq=status.ledger_seq,
        ledger_state=status.ledger_state,
        ledger_reason=status.ledger_reason,
    )


def _revision_taken(status: Status) -> int:
    """Give the revision of this store's policy that judges; 0 while another one does.

    A command that changed the store waits for its own revision, and must not
    take the snapshot's higher number for it.
    """
    taken = status.policy_source == "store" and not status.policy_fault
    return status.policy_revision if taken else 0
