"""Makes legs of the calls that were begun unseen: before a start of ours, or while AMI was away.

Each channel on a declared trunk that a picture shows and that is no known leg is asked for its
token, its number and its application. What the ledger or the store knows of the token makes it
the leg of that call: listed, counted and cut like one that was seen to begin. One without a row
is hung up only when it surely costs: what happened unseen is not proven to be a theft.

The gap: from a start or reconnect until this is done, usually some tens of milliseconds, the
gate judges chargeable calls by fewer slots than are taken. Calls do not wait for it.
"""

import asyncio
import math
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from ami_listener.errors import AmiActionError, AmiError, UnsafeValueError
from policies.events import (
    Blinded,
    ChannelGone,
    ChannelSeen,
    Event,
    LegAnswered,
    LegDialled,
    Reconciled,
)
from policies.principal import endpoint_of
from policies.situation import Situation
from policies.trunks import TrunkLeg, trunk_leg, uri_user
from tollguard.backstop import Backstop
from tollguard.call_records import CallRecord, CallRecords
from tollguard.gap_tokens import GapTokens
from tollguard.gate import Gate

# The hands may come up after the eyes; what fails for longer waits for the next picture.
PAUSES_S: Final = (0.1, 0.2, 0.5, *(1.0,) * 30)
ASKED_AT_ONCE: Final = 16  # a hang-up must not stand behind a thousand questions
OUTGOING: Final = "AppDial"  # main/app_dial.c names each leg that it makes so

# `1795519836.1`, or `pbx1-1795519836.1` with a systemname: the second when it was made.
_UNIQUEID: Final = re.compile(r"(?:.*-)?([0-9]{9,11})\.[0-9]+", re.ASCII)

log = structlog.get_logger("tollguard.calls")


class Asking(Protocol):
    """The hands: their own AMI connection."""

    async def variable(self, uniqueid: str, name: str, *, channel: str = "") -> str:
        """Read a variable of one channel."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a channel on a trunk told of itself. Untrusted text."""

    uniqueid: str
    linkedid: str
    token: str
    paid: bool
    dial_string: str
    outgoing: bool
    up: bool
    limit_s: float | None


class Adoption:
    """Watches which channels are on trunks, and adopts those that are no known legs.

    Args:
        gate: Has the policy in force.
        situation: Is told of what was found.
        hands: Ask the channels.
        records: What was allowed under a token.
        backstop: Judges what has no row, and bounds the rest.
        gap: Is told which tokens are used.
    """

    def __init__(
        self,
        gate: Gate,
        situation: Situation,
        hands: Asking,
        records: CallRecords,
        backstop: Backstop,
        gap: GapTokens,
    ) -> None:
        self._backstop = backstop
        self._gap = gap
        self._gate = gate
        self._situation = situation
        self._hands = hands
        self._records = records
        self._channels: dict[str, ChannelSeen] = {}
        self._due = asyncio.Event()
        self._turns = asyncio.Semaphore(ASKED_AT_ONCE)

    def see(self, event: Event) -> None:
        """Take one event from the eyes, after `Situation` has."""
        match event:
            case ChannelSeen():
                self._note(event)
            case ChannelGone():
                self._channels.pop(event.uniqueid, None)
            case Blinded():
                self._channels.clear()  # the next picture shows them again
            case Reconciled():
                self._due.set()
            case _:
                pass

    async def run(self) -> None:
        """Adopt after each picture until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            for pause_s in PAUSES_S:
                if await self.adopt():
                    break
                await asyncio.sleep(pause_s)

    async def adopt(self) -> bool:
        """Adopt what is up and unknown now.

        Returns:
            False when a channel did not answer and is to be asked again.
        """
        channels = self._channels.values()
        unknown = [one for one in channels if self._situation.leg(one.uniqueid) is None]
        if not unknown:
            return True
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._ask(channel)) for channel in unknown]
        answers = [one.result() for one in asked]
        told = [one for one in answers if isinstance(one, _Told)]
        records = await self._find(told)
        for one in told:
            self._take(one, records.get(one.token))
        return all(answers)

    def _note(self, event: ChannelSeen) -> None:
        """Remember a channel while it is on a trunk; a Rename tells no linkedid."""
        if self._gate.policy.trunk(endpoint_of(event.channel) or "") is None:
            self._channels.pop(event.uniqueid, None)
            return
        known = self._channels.get(event.uniqueid)
        linkedid = event.linkedid or (known.linkedid if known else "")
        self._channels[event.uniqueid] = replace(event, linkedid=linkedid)

    async def _ask(self, channel: ChannelSeen) -> _Told | bool:
        """Ask a channel; True when it has nothing to tell, False when it did not answer."""
        uniqueid = channel.uniqueid
        try:
            async with self._turns:
                # The leg's own mark; it inherits a later token where it was transferred.
                paid = await self._variable(channel, "TOLLGUARD_PAID")
                outgoing = bool(paid) or await self._is_outgoing(channel)
                token = paid or await self._variable(channel, "TOLLGUARD_TOKEN")
                if not token and not outgoing:
                    return True  # somebody calls in
                dial_string = await self._dial_string(channel)
                up = await self._variable(channel, "CHANNEL(state)") == "Up"
                limit_s = await self._limit_s(channel) if up else None
        except (AmiActionError, UnsafeValueError) as error:
            log.info("not-adopted", uniqueid=uniqueid, reason=str(error))  # mostly: it is gone
            return True
        except AmiError:
            return False
        return _Told(
            uniqueid, channel.linkedid, token, bool(paid), dial_string, outgoing, up, limit_s
        )

    async def _is_outgoing(self, channel: ChannelSeen) -> bool:
        """Tell whether Asterisk itself dialled a channel: by Dial, or by an Originate without it.

        chan_pjsip knows no remote address of a call that it placed (tried on 22).
        """
        if await self._variable(channel, "CHANNEL(appname)") == OUTGOING:
            return True
        if not channel.channel.startswith("PJSIP/"):
            return False
        return not await self._variable(channel, "CHANNEL(pjsip,remote_addr)")

    async def _dial_string(self, channel: ChannelSeen) -> str:
        """Ask what was dialled: of PJSIP the URI that was sent, which nobody can preset.

        DIALEDPEERNUMBER is a variable that an Originate may set and a transfer overwrites,
        so it tells only of a channel that Dial made.
        """
        if channel.channel.startswith("PJSIP/"):
            number = uri_user(await self._variable(channel, "CHANNEL(pjsip,remote_uri)"))
            if number:
                return f"{number}@{endpoint_of(channel.channel)}"
        if await self._variable(channel, "CHANNEL(appname)") != OUTGOING:
            return ""
        return await self._variable(channel, "DIALEDPEERNUMBER")

    async def _variable(self, channel: ChannelSeen, name: str) -> str:
        return await self._hands.variable(channel.uniqueid, name, channel=channel.channel)

    async def _limit_s(self, channel: ChannelSeen) -> float | None:
        """Ask how long a channel may still live; None without a limit."""
        text = await self._variable(channel, "TIMEOUT(absolute)")
        try:
            left_s = float(text)
        except ValueError:
            return None
        return left_s if 0 < left_s < math.inf else None

    async def _find(self, told: Iterable[_Told]) -> dict[str, CallRecord]:
        calls = {one.token: one.linkedid for one in told if one.token}
        return await self._records.find(calls) if calls else {}

    def _take(self, told: _Told, record: CallRecord | None) -> None:
        """Make a leg of a channel, unless it ended or was seen to begin while it was asked."""
        channel = self._channels.get(told.uniqueid)
        if channel is None or self._situation.leg(told.uniqueid) is not None:
            return
        unknown = not told.dial_string and channel.channel.startswith("PJSIP/")
        if record is not None and told.paid and unknown:
            told = replace(told, dial_string=f"{record.dialled}@{record.trunk}")
        toward = trunk_leg(channel.channel, told.dial_string, self._gate.policy.site.trunks)
        if toward is None:
            return
        if record is not None and not self._takes(record, told, toward):
            record = None
        if record is not None or told.outgoing:
            self._begin(channel, told, toward, record)

    def _takes(self, record: CallRecord, told: _Told, toward: TrunkLeg) -> bool:
        """Let a leg have what was allowed; False where that is not its own, or another leg has it.

        Two legs forked from one call carry one token: the second is nobody's.
        """
        if not _is_of(record, told, toward):
            return False
        allowed = record.allowed(toward.trunk, self._gate.plan, _begun_s(told.uniqueid))
        self._situation.apply(allowed)
        free = self._situation.waiting(record.token) is not None
        self._gap.spend(record.token)
        return free

    def _begin(
        self, channel: ChannelSeen, told: _Told, toward: TrunkLeg, record: CallRecord | None
    ) -> None:
        begun_s = _begun_s(told.uniqueid)
        leg = LegDialled(
            begun_s,
            uniqueid=told.uniqueid,
            linkedid=channel.linkedid,
            channel=channel.channel,
            caller_uniqueid=record.uniqueid if record else "",
            dial_string=told.dial_string,
            token=record.token if record else "",
            context=channel.context,
        )
        log.info(
            "adopted" if record else "adopted-unaccounted",
            uniqueid=told.uniqueid,
            channel=channel.channel,
            dialled=toward.number,
            endpoint=record.endpoint if record else None,
        )
        if record is None:
            self._backstop.found_running(leg)
        self._situation.apply(leg)
        if told.up:
            self._situation.apply(LegAnswered(begun_s, told.uniqueid))
            self._bound(told, record, begun_s)

    def _bound(self, told: _Told, record: CallRecord | None, begun_s: float) -> None:
        """See that a leg ends with what was granted, though its answer was not seen."""
        if told.limit_s is not None:
            self._backstop.expect_end(told.uniqueid, told.limit_s)
        elif record is not None:
            left_s = record.limit_ms / 1_000 - (time.monotonic() - begun_s)
            self._backstop.limit_running(told.uniqueid, left_s, record.dialled)


def _is_of(record: CallRecord, told: _Told, toward: TrunkLeg) -> bool:
    """Tell whether a record is this leg's.

    The token is inherited: the caller has it too, and so has a later leg of the same caller,
    to 110 for one. So the number has to be the same, and an unknown one proves nothing.
    """
    return (
        record.uniqueid != told.uniqueid
        and record.trunk == toward.trunk.endpoint
        and record.dialled == toward.number
    )


def _begun_s(uniqueid: str) -> float:
    """Say when a channel was made, in monotonic seconds; now when its id does not tell."""
    made = _UNIQUEID.fullmatch(uniqueid)
    age_s = time.time() - int(made[1]) if made else 0.0
    return time.monotonic() - max(age_s, 0.0)
