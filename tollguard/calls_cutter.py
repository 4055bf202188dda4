"""Hanging up: running calls to what is suspended, and what an operator asks for.

Emergency legs are never cut, whatever is suspended.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Protocol

import structlog

from ami_listener.errors import AmiError, UnsafeValueError
from policies.situation import Situation
from tollguard.gate import Gate
from tollguard.live_calls import LiveCall, live_call

CAUSE_REJECTED = 21  # Q.850: call rejected
ASK_AGAIN_S = 2.0
SWEEP_S = 1.0  # what was allowed just before a suspension and dialled just after it

log = structlog.get_logger("tollguard.calls")


class Hangup(Protocol):
    """The hands: their own AMI connection."""

    async def hangup(self, uniqueid: str, cause: int = CAUSE_REJECTED) -> None:
        """Hang one channel up."""


class CallsCutter:
    """Cuts what is suspended, now and once a second."""

    def __init__(self, gate: Gate, situation: Situation, hands: Hangup) -> None:
        self._gate = gate
        self._situation = situation
        self._hands = hands
        self._asked: dict[str, float] = {}
        self._now = asyncio.Event()

    def live(self) -> tuple[LiveCall, ...]:
        """List the legs toward trunks."""
        policy, plan = self._gate.policy, self._gate.plan
        calls = (live_call(leg, policy, plan) for leg in self._situation.legs())
        return tuple(call for call in calls if call is not None)

    def suspended(self) -> tuple[LiveCall, ...]:
        """List what is up although a suspension that cuts covers it."""
        now_s = time.time()
        cutting = [
            suspension
            for suspension in self._gate.policy.suspensions
            if suspension.holds(now_s) and not suspension.keep_calls
        ]
        if not cutting:
            return ()
        return tuple(
            call
            for call in self.live()
            if not call.emergency and any(call.covered_by(one) for one in cutting)
        )

    async def cut(self, calls: Iterable[LiveCall]) -> list[str]:
        """Hang calls up; emergency ones are left alone.

        Returns:
            Uniqueids of those that Asterisk was told to hang up.
        """
        wanted = [call for call in calls if not call.emergency]
        async with asyncio.TaskGroup() as group:
            asked = [(call, group.create_task(self._hang_up(call))) for call in wanted]
        return [call.leg.uniqueid for call, told in asked if told.result()]

    def wake(self) -> None:
        """Look now: another policy is in force."""
        self._now.set()

    async def run(self) -> None:
        """Look for suspended calls once a second until cancelled."""
        while True:
            await self.cut_suspended()
            try:
                async with asyncio.timeout(SWEEP_S):
                    await self._now.wait()
            except TimeoutError:
                continue
            self._now.clear()

    async def cut_suspended(self) -> None:
        """Cut what is suspended, unless it was just asked for."""
        now = time.monotonic()
        self._asked = {u: at for u, at in self._asked.items() if now - at < ASK_AGAIN_S}
        await self.cut(c for c in self.suspended() if c.leg.uniqueid not in self._asked)

    async def _hang_up(self, call: LiveCall) -> bool:
        uniqueid = call.leg.uniqueid
        self._asked[uniqueid] = time.monotonic()
        try:
            await self._hands.hangup(uniqueid, CAUSE_REJECTED)
        except (AmiError, UnsafeValueError) as error:
            log.error("not-cut", uniqueid=uniqueid, number=call.number.dialled, reason=str(error))
            return False
        log.warning(
            "cut",
            uniqueid=uniqueid,
            number=call.number.dialled,
            country=call.number.country,
            endpoint=call.endpoint,
        )
        return True
