"""Hanging up: running calls to what is suspended, and what an operator asks for.

Emergency legs are never cut, whatever is suspended.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from ami_listener.errors import AmiError, UnsafeValueError
from ami_listener.hands import CALL_REJECTED
from policies.policy import Suspension
from policies.situation import Situation
from tollguard.gate import Gate
from tollguard.leg_cutter import GONE_ALREADY
from tollguard.live_calls import LiveCall, live_call

ASK_AGAIN_S = 2.0
REMEMBER_S = 30.0  # longer than any question about a cut waits
SEEN_GONE_S = 1.0  # a leg's end follows the accepted hang-up within milliseconds
LOOK_S = 0.02
SWEEP_S = 1.0  # what was allowed just before a suspension and dialled just after it

log = structlog.get_logger("tollguard.calls")


class Hangup(Protocol):
    """The hands: their own AMI connection."""

    async def hangup(self, uniqueid: str, cause: int = CALL_REJECTED, *, channel: str = "") -> None:
        """Hang one channel up."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The last try to cut a call; ``fault`` is why it failed, empty when Asterisk agreed."""

    call: LiveCall
    revision: int
    at_s: float
    fault: str = ""


class CallsCutter:
    """Cuts what is suspended, now and once a second."""

    def __init__(self, gate: Gate, situation: Situation, hands: Hangup) -> None:
        self._gate = gate
        self._situation = situation
        self._hands = hands
        self._asked: dict[str, float] = {}
        self._attempts: dict[str, _Attempt] = {}
        self._sweeping = asyncio.Lock()
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
        async with self._sweeping:
            now = time.monotonic()
            self._asked = {u: at for u, at in self._asked.items() if now - at < ASK_AGAIN_S}
            self._attempts = {
                u: one for u, one in self._attempts.items() if now - one.at_s < REMEMBER_S
            }
            await self.cut(c for c in self.suspended() if c.leg.uniqueid not in self._asked)

    async def outcome(
        self, suspension: Suspension, revision: int
    ) -> tuple[list[str], dict[str, str]]:
        """Say what became of the running calls that a suspension covers.

        Args:
            suspension: What is closed.
            revision: The policy that it came with: what was cut by older ones does not count.

        Returns:
            Uniqueids that were cut, and why not of those that were not.
        """
        await self.cut_suspended()
        for _look in range(round(SEEN_GONE_S / LOOK_S)):
            if not self._going(suspension):
                break
            await asyncio.sleep(LOOK_S)
        live = {call.leg.uniqueid: call for call in self.live()}
        not_cut = {
            uniqueid: self._fault_of(uniqueid)
            for uniqueid, call in live.items()
            if not call.emergency and call.covered_by(suspension) and self._fault_of(uniqueid)
        }
        cut = [
            uniqueid
            for uniqueid, one in self._attempts.items()
            if not one.fault
            and uniqueid not in not_cut
            and (one.revision >= revision or uniqueid in live)
            and one.call.covered_by(suspension)
        ]
        return cut, not_cut

    def _going(self, suspension: Suspension) -> bool:
        """Tell whether a call that Asterisk hung up or has no more is still shown."""
        return not self._situation.blind and any(
            call.covered_by(suspension) and one is not None and one.fault in {"", GONE_ALREADY}
            for call in self.live()
            for one in (self._attempts.get(call.leg.uniqueid),)
        )

    def _fault_of(self, uniqueid: str) -> str:
        """Say why a call that is up was not cut; empty when it may be gone or was just dialled."""
        attempt = self._attempts.get(uniqueid)
        if attempt is None:
            return ""  # the next sweep cuts it
        return attempt.fault or ("" if self._situation.blind else "Asterisk still shows it")

    async def _hang_up(self, call: LiveCall) -> bool:
        uniqueid = call.leg.uniqueid
        at_s = self._asked[uniqueid] = time.monotonic()
        revision = self._gate.policy.revision
        try:
            # A name that was seen before Asterisk started again is another call's.
            channel = "" if self._situation.blind else call.leg.channel
            await self._hands.hangup(uniqueid, channel=channel)
        except (AmiError, UnsafeValueError) as error:
            log.error("not-cut", uniqueid=uniqueid, number=call.number.dialled, reason=str(error))
            self._attempts[uniqueid] = _Attempt(call, revision, at_s, str(error))
            return False
        self._attempts[uniqueid] = _Attempt(call, revision, at_s)
        log.warning(
            "cut",
            uniqueid=uniqueid,
            number=call.number.dialled,
            country=call.number.country,
            endpoint=call.endpoint,
        )
        return True
