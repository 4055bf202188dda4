"""Hangs single legs up at once and bounds them in time, by hands that may be away for a while.

A leg that is to end is asked for again until AMI says that it is gone: a lost connection or a
timeout must not leave it up.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Protocol

import structlog

from ami_listener.errors import AmiError, UnsafeValueError
from ami_listener.hands import CALL_REJECTED, LONGEST_S, SHORTEST_S

AT_ONCE = 64  # actions under way; those behind them wait in their order
AGAIN_S = 0.5
OVERDUE_S = 2.0  # Asterisk's own limit ends a leg; what outlives it by this is hung up
SLEEP_S = 3_600.0
GONE_ALREADY = "No such channel"  # Asterisk's answer when our picture is behind

log = structlog.get_logger("tollguard.backstop")


class Hands(Protocol):
    """The hands: their own AMI connection."""

    async def hangup(self, uniqueid: str, cause: int = CALL_REJECTED) -> None:
        """Hang one channel up."""

    async def absolute_timeout(self, uniqueid: str, seconds: float) -> None:
        """Let a channel live so long from now."""

    async def variable(self, uniqueid: str, name: str) -> str:
        """Read a variable of one channel."""


class LegCutter:
    """Legs to be cut now, to be limited now, and to be gone by a time.

    Bounded by the channels that Asterisk has: each is forgotten with its leg's end.
    """

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._to_cut: dict[str, float] = {}
        self._under_way: set[str] = set()
        self._to_limit: dict[str, float] = {}
        self._ends: dict[str, float] = {}
        self._by_end: list[tuple[float, str]] = []
        self._to_look: list[tuple[str, Callable[[str], None]]] = []
        self._fault = ""
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._wake = asyncio.Event()

    def cut(self, uniqueid: str) -> None:
        """Hang a leg up as soon as can be, and again until it is gone."""
        self._to_cut[uniqueid] = 0.0
        self._wake.set()

    def limit(self, uniqueid: str, seconds: float) -> None:
        """Let an answered leg live so long from now, and hang it up 2 s after that."""
        self._to_limit[uniqueid] = time.monotonic() + seconds
        self.expect_end(uniqueid, seconds)

    def expect_end(self, uniqueid: str, seconds: float) -> None:
        """Hang a leg up when it is still there 2 s after so many seconds from now."""
        end_s = time.monotonic() + seconds + OVERDUE_S
        self._ends[uniqueid] = end_s
        heapq.heappush(self._by_end, (end_s, uniqueid))
        self._wake.set()

    def ask_application(self, uniqueid: str, tell: Callable[[str], None]) -> None:
        """Have it told what a channel runs; empty when it is gone, or too many are asked."""
        if not uniqueid or len(self._to_look) >= AT_ONCE:
            tell("")
            return
        self._to_look.append((uniqueid, tell))
        self._wake.set()

    def gone(self, uniqueid: str) -> None:
        """Forget a leg that ended."""
        for kept in (self._to_cut, self._to_limit, self._ends):
            kept.pop(uniqueid, None)

    def keep(self, uniqueids: AbstractSet[str]) -> None:
        """Forget every leg but these: a full picture was taken."""
        for kept in (self._to_cut, self._to_limit, self._ends):
            for uniqueid in kept.keys() - uniqueids:
                del kept[uniqueid]

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                now_s = time.monotonic()
                self._take_overdue(now_s)
                self._start(group, now_s)
                try:
                    async with asyncio.timeout(self._pause_s(now_s)):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    def _take_overdue(self, now_s: float) -> None:
        while self._by_end and self._by_end[0][0] <= now_s:
            end_s, uniqueid = heapq.heappop(self._by_end)
            if self._ends.get(uniqueid) == end_s:
                del self._ends[uniqueid]
                log.warning("outlived-its-limit", uniqueid=uniqueid)
                self._to_cut.setdefault(uniqueid, 0.0)

    def _start(self, group: asyncio.TaskGroup, now_s: float) -> None:
        for uniqueid, not_before_s in self._to_cut.items():
            if uniqueid not in self._under_way and not_before_s <= now_s:
                self._under_way.add(uniqueid)
                _ = group.create_task(self._hang_up(uniqueid))
        for uniqueid, until_s in self._to_limit.items():
            _ = group.create_task(self._bound(uniqueid, until_s))
        self._to_limit.clear()
        for uniqueid, tell in self._to_look:
            _ = group.create_task(self._look(uniqueid, tell))
        self._to_look.clear()

    async def _look(self, uniqueid: str, tell: Callable[[str], None]) -> None:
        application = ""
        try:
            async with self._turns:
                application = await self._hands.variable(uniqueid, "CHANNEL(appname)")
        except (AmiError, UnsafeValueError):
            application = ""  # mostly: it is gone; the finding is told without
        tell(application)

    def _pause_s(self, now_s: float) -> float:
        waits = [at for uniqueid, at in self._to_cut.items() if uniqueid not in self._under_way]
        if self._by_end:
            waits.append(self._by_end[0][0])
        return max(0.0, min(waits, default=now_s + SLEEP_S) - now_s)

    async def _hang_up(self, uniqueid: str) -> None:
        again_s = AGAIN_S
        try:
            async with self._turns:
                await self._hands.hangup(uniqueid)
            self._told("", uniqueid)
        except UnsafeValueError as error:
            again_s = 0.0  # no id of Asterisk's
            self._told(str(error), uniqueid)
        except AmiError as error:
            if str(error) == GONE_ALREADY:
                again_s = 0.0
            else:
                self._told(str(error), uniqueid)
        finally:
            self._under_way.discard(uniqueid)
            self._settle(uniqueid, again_s)

    def _told(self, fault: str, uniqueid: str) -> None:
        """One line when legs cannot be cut, and one when they can again, not one a leg."""
        if fault and not self._fault:
            log.error("not-cut", uniqueid=uniqueid, reason=fault)
        elif self._fault and not fault:
            log.info("cutting-again")
        self._fault = fault

    def _settle(self, uniqueid: str, again_s: float) -> None:
        """Ask again later while its end was not seen."""
        if uniqueid not in self._to_cut:
            return
        if again_s:
            self._to_cut[uniqueid] = time.monotonic() + again_s
        else:
            del self._to_cut[uniqueid]
        self._wake.set()

    async def _bound(self, uniqueid: str, until_s: float) -> None:
        try:
            async with self._turns:
                left_s = min(max(until_s - time.monotonic(), SHORTEST_S), LONGEST_S)
                await self._hands.absolute_timeout(uniqueid, left_s)
        except (AmiError, UnsafeValueError) as error:
            log.warning("not-limited", uniqueid=uniqueid, reason=str(error))
