"""Whether the ledger may be relied on: open, whole, and the one that the store knows."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tollguard.errors import LedgerError
from tollguard.ledger import Ledger, disk_hangs
from tollguard.ledger_file import Reservation
from tollguard.store.store import Store

OK = "ok"
FAILED = "failed"
FOREIGN = "foreign"  # the store knows another ledger of this node
OLDER = "older"  # the store has seen more of it than it holds
UNSEEN = "the store has not been asked yet"
OPEN_AGAIN_S = 5.0
ACCEPT_HINT = {FOREIGN: "another ledger of this node", OLDER: "more rows than the ledger holds"}


@dataclass(slots=True)
class Reservations:
    """The ledger behind a check of its identity.

    A ledger that was deleted, or restored from a copy, has forgotten what was spent:
    it takes no reservation until the operator accepts it.

    Attributes:
        state: ``ok``, ``foreign``, ``older`` or ``failed``.
        reason: Why, when not ok.
    """

    state: str = FAILED
    reason: str = "not opened"
    ledger: Ledger | None = None

    def open(self, path: Path) -> None:
        """Open the ledger; a fault is kept in ``state`` and denies chargeable calls."""
        try:
            self.ledger = Ledger.open(path)
        except LedgerError as error:
            self.state, self.reason = FAILED, str(error)
            return
        self._judge_unseen(self.ledger)

    def _judge_unseen(self, ledger: Ledger) -> None:
        """Until the store answers: a ledger that was there before is believed, a new one is not."""
        if ledger.created:
            self.state = FOREIGN
            self.reason = f"the ledger is new and {UNSEEN}"
        else:
            self.state, self.reason = OK, ""

    async def keep_opening(self, path: Path, compare: Callable[[], Awaitable[None]]) -> None:
        """Try again while none is open, so that a mended disk needs no restart; then return.

        Args:
            path: The ledger.
            compare: Has `compare` called: the store is asked before the first row.
        """
        loop = asyncio.get_running_loop()
        while self.ledger is None:
            await asyncio.sleep(OPEN_AGAIN_S)
            if disk_hangs():
                continue
            try:
                opened = await asyncio.to_thread(Ledger.open, path, loop)
            except LedgerError as error:
                self.reason = str(error)
                continue
            self.ledger, self.state, self.reason = opened, FOREIGN, UNSEEN
            await compare()
            if self.reason == UNSEEN:
                self._judge_unseen(opened)

    async def compare(self, store: Store, node: str, now_s: float) -> None:
        """Ask the store whether this is the node's ledger, and tell it how far it has come.

        Raises:
            StoreError: The store does not answer; the state stays as it was.
        """
        if self.ledger is None:
            return
        ours = self.ledger.ledger_id
        if await store.note_ledger(node, ours, self.ledger.last_seq, now_s=now_s):
            self.state, self.reason = OK, ""
            return
        known = await store.ledger_identity(node)
        self.state = OLDER if known is not None and known.ledger_id == ours else FOREIGN
        self.reason = f"the store knows {ACCEPT_HINT[self.state]}: tollguard ledger accept"

    @property
    def fault(self) -> str:
        """Why no chargeable call can be allowed now; empty when one can."""
        if self.state != OK or self.ledger is None:
            return self.reason
        return self.ledger.fault

    @property
    def shown_state(self) -> str:
        """The state as an operator sees it: a ledger whose last commit failed is ``failed``."""
        return FAILED if self.state == OK and self.fault else self.state

    @property
    def ledger_id(self) -> str:
        """The open ledger's identity; empty when none is open."""
        return self.ledger.ledger_id if self.ledger else ""

    @property
    def last_seq(self) -> int:
        """The newest durable row's sequence; 0 when no ledger is open."""
        return self.ledger.last_seq if self.ledger else 0

    def reserve(self, reservation: Reservation) -> asyncio.Future[int]:
        """Write one reservation; it is durable when the future has its result (`Ledger.reserve`).

        Raises:
            LedgerError: Reason ``ledger-unknown`` or ``ledger-failed``.
        """
        if self.ledger is None:
            raise LedgerError(self.reason, reason="ledger-failed")
        if self.state != OK:
            raise LedgerError(self.reason, reason="ledger-unknown")
        return self.ledger.reserve(reservation)

    def give_back(self, token: str) -> None:
        """Void a reservation that came to nothing."""
        if self.ledger is not None:
            self.ledger.give_back(token)

    async def close(self) -> None:
        """Write what waits and close the file."""
        if self.ledger is not None:
            await self.ledger.close()
