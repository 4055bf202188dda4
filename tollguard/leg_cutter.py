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
from policies.situation import Situation

AT_ONCE = 64  # actions under way; those behind them wait in their order
AGAIN_S = 0.5
OVERDUE_S = 2.0  # Asterisk's own limit ends a leg; what outlives it by this is hung up
RENEW_S = (0.0, 0.2, 0.6, 1.5)  # behind the word of a masquerade, which takes milliseconds
SLEEP_S = 3_600.0
GONE_ALREADY = "No such channel"  # Asterisk's answer when our picture is behind

log = structlog.get_logger("tollguard.backstop")


class Hands(Protocol):
    """The hands: their own AMI connection."""

    async def hangup(self, uniqueid: str, cause: int = CALL_REJECTED, *, channel: str = "") -> None:
        """Hang one channel up."""

    async def absolute_timeout(self, uniqueid: str, seconds: float, *, channel: str = "") -> None:
        """Let a channel live so long from now."""

    async def variable(self, uniqueid: str, name: str, *, channel: str = "") -> str:
        """Read a variable of one channel."""


class LegCutter:
    """Legs to be cut now, to be limited now, and to be gone by a time.

    Bounded by the channels that Asterisk has: each is forgotten with its leg's end.

    Args:
        hands: Do it.
        situation: Knows the name of a leg whose id was chosen by whom it is kept from.
    """

    def __init__(self, hands: Hands, situation: Situation) -> None:
        self._hands = hands
        self._situation = situation
        self._to_cut: dict[str, float] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._not_cut: set[str] = set()
        self._to_limit: dict[str, float] = {}
        self._ends: dict[str, float] = {}
        self._by_end: list[tuple[float, str]] = []
        self._to_renew: list[tuple[float, str]] = []
        self._to_look: list[tuple[str, str, Callable[[str, bool], None]]] = []
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

    def renew(self, uniqueid: str) -> None:
        """Set what is left of a leg's limit again: a masquerade left it without one.

        AMI tells of a masquerade before it is through, so it is set more than once.
        """
        if uniqueid in self._ends:
            now_s = time.monotonic()
            for pause_s in RENEW_S:
                heapq.heappush(self._to_renew, (now_s + pause_s, uniqueid))
            self._wake.set()

    def forget_limits(self) -> None:
        """Shorten nothing any more; what is being cut is cut."""
        self._to_limit.clear()
        self._ends.clear()
        self._by_end.clear()
        self._to_renew.clear()

    def ask_outcome(self, leg: str, caller: str, tell: Callable[[str, bool], None]) -> None:
        """Have it told what a leg's caller runs, and whether the leg could not be cut.

        Args:
            leg: Uniqueid of the leg; its first hang-up is waited for.
            caller: Uniqueid of its caller; empty for none.
            tell: Is given the application, empty when the caller is gone or too many are
                asked, and True when the hang-up that was due failed.
        """
        settled = not caller and leg not in self._to_cut
        if settled or len(self._to_look) >= AT_ONCE:
            tell("", self._failed(leg))
            return
        self._to_look.append((leg, caller, tell))
        self._wake.set()

    def gone(self, uniqueid: str) -> None:
        """Forget a leg that ended."""
        for kept in (self._to_cut, self._to_limit, self._ends):
            kept.pop(uniqueid, None)
        self._not_cut.discard(uniqueid)

    def keep(self, uniqueids: AbstractSet[str]) -> None:
        """Forget every leg but these: a full picture was taken."""
        for kept in (self._to_cut, self._to_limit, self._ends):
            for uniqueid in kept.keys() - uniqueids:
                del kept[uniqueid]
        self._not_cut &= uniqueids

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                now_s = time.monotonic()
                self._take_overdue(now_s)
                self._take_renewals(now_s)
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

    def _take_renewals(self, now_s: float) -> None:
        while self._to_renew and self._to_renew[0][0] <= now_s:
            _, uniqueid = heapq.heappop(self._to_renew)
            end_s = self._ends.get(uniqueid)
            if end_s is not None:
                self._to_limit[uniqueid] = end_s - OVERDUE_S

    def _start(self, group: asyncio.TaskGroup, now_s: float) -> None:
        for uniqueid, not_before_s in self._to_cut.items():
            if uniqueid not in self._under_way and not_before_s <= now_s:
                self._under_way[uniqueid] = group.create_task(self._hang_up(uniqueid))
        for uniqueid, until_s in self._to_limit.items():
            _ = group.create_task(self._bound(uniqueid, until_s))
        self._to_limit.clear()
        for leg, caller, tell in self._to_look:
            _ = group.create_task(self._look(leg, caller, tell))
        self._to_look.clear()

    async def _look(self, leg: str, caller: str, tell: Callable[[str, bool], None]) -> None:
        application, cutting = "", self._under_way.get(leg)
        try:
            if caller:
                async with self._turns:
                    application = await self._hands.variable(caller, "CHANNEL(appname)")
        except (AmiError, UnsafeValueError):
            application = ""  # mostly: it is gone; the finding is told without
        if cutting is not None:
            _ = await asyncio.wait({cutting})
        tell(application, self._failed(leg))

    def _failed(self, leg: str) -> bool:
        return leg in self._not_cut

    def _name(self, uniqueid: str) -> str:
        """Name a leg; empty while blind: Asterisk may have started again and named another so."""
        leg = self._situation.leg(uniqueid)
        return "" if leg is None or self._situation.blind else leg.channel

    def _pause_s(self, now_s: float) -> float:
        waits = [at for uniqueid, at in self._to_cut.items() if uniqueid not in self._under_way]
        waits.extend(heap[0][0] for heap in (self._by_end, self._to_renew) if heap)
        return max(0.0, min(waits, default=now_s + SLEEP_S) - now_s)

    async def _hang_up(self, uniqueid: str) -> None:
        again_s = AGAIN_S
        try:
            async with self._turns:
                await self._hands.hangup(uniqueid, channel=self._name(uniqueid))
            self._told("", uniqueid)
            self._not_cut.discard(uniqueid)
        except UnsafeValueError as error:
            if uniqueid not in self._not_cut:
                log.error("not-cut", uniqueid=uniqueid, reason=str(error))
            self._note_fault(uniqueid)
        except AmiError as error:
            if str(error) == GONE_ALREADY:
                again_s = 0.0
            else:
                self._told(str(error), uniqueid)
                self._note_fault(uniqueid)
        finally:
            del self._under_way[uniqueid]
            self._settle(uniqueid, again_s)

    def _note_fault(self, uniqueid: str) -> None:
        if uniqueid in self._to_cut:
            self._not_cut.add(uniqueid)

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
            self._not_cut.discard(uniqueid)
        self._wake.set()

    async def _bound(self, uniqueid: str, until_s: float) -> None:
        try:
            async with self._turns:
                left_s = min(max(until_s - time.monotonic(), SHORTEST_S), LONGEST_S)
                await self._hands.absolute_timeout(uniqueid, left_s, channel=self._name(uniqueid))
        except (AmiError, UnsafeValueError) as error:
            log.warning("not-limited", uniqueid=uniqueid, reason=str(error))
