"""Asks the ledger and the store about tokens of before our start, so that a restart cuts nobody.

A call that was allowed before a restart and is dialled just after it carries a token that memory
does not know. Such a leg waits some milliseconds for its row; without one it is what it was
before: unaccounted. A token of our own time is never asked about: memory knows what became of it.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from policies.events import LegDialled
from policies.situation import VOID_AGE_S
from tollguard.call_records import CallRecord, CallRecords

ANSWER_S = 0.2  # a thief's leg lives so much longer just after a start
ASKED_MAX = 256
# What 10 s can have reserved, many times over: the ledger has no index, and grows for years.
NEWEST_ROWS = 20_000

log = structlog.get_logger("tollguard.backstop")

Tell = Callable[[CallRecord | None], None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A leg that waits for what is known of its token."""

    leg: LegDialled
    tell: Tell


class GapTokens:
    """Tokens that may date from before this process, and which of those a leg has used.

    Bounded by the ten seconds that a token is good for; after them nothing is asked or kept.

    Args:
        records: What was allowed under a token.
        started_s: Monotonic seconds of the start.
    """

    def __init__(self, records: CallRecords, started_s: float) -> None:
        self._records = records
        self._until_s = started_s + VOID_AGE_S
        self._started_at_s = time.time() - time.monotonic() + started_s
        self._asked: list[_Asked] = []
        self._spent: set[str] = set()
        self._wake = asyncio.Event()

    def wants(self, leg: LegDialled) -> bool:
        """Tell whether a leg whose token memory does not know may be of before our start."""
        if leg.at_s >= self._until_s:
            self._spent.clear()
            return False
        return bool(leg.token) and leg.token not in self._spent and len(self._asked) < ASKED_MAX

    def ask(self, leg: LegDialled, tell: Tell) -> None:
        """Have it told, within `ANSWER_S`, what is known of a leg's token; None for nothing."""
        self._asked.append(_Asked(leg, tell))
        self._wake.set()

    def spend(self, token: str) -> None:
        """Remember that a leg has used a token of before our start."""
        if time.monotonic() < self._until_s:
            self._spent.add(token)

    async def run(self) -> None:
        """Look up what is asked, all at once, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            asked, self._asked = self._asked, []
            found = await self._find({one.leg.token: one.leg.linkedid for one in asked})
            for one in asked:
                record = found.get(one.leg.token)
                one.tell(record if one.leg.token not in self._spent else None)

    async def _find(self, calls: dict[str, str]) -> dict[str, CallRecord]:
        try:
            async with asyncio.timeout(ANSWER_S):
                found = await self._records.find(calls, NEWEST_ROWS)
        except TimeoutError:
            log.warning("tokens-not-looked-up", count=len(calls), waited_s=ANSWER_S)
            return {}
        return {token: one for token, one in found.items() if one.at_s <= self._started_at_s}
