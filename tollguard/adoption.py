"""Makes legs of the calls that were begun unseen: before a start of ours, or while AMI was away.

Each channel on a declared trunk that a picture shows and that is no known leg is asked for its
token, its number and its application. What the ledger or the store knows of the token makes it
the leg of that call: listed, counted and cut like one that was seen to begin.

The gap: from a start or reconnect until this is done, usually some tens of milliseconds, the
gate judges chargeable calls by fewer slots than are taken. Calls do not wait for it.
"""

import asyncio
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from ami_listener.errors import AmiActionError, AmiError, UnsafeValueError
from policies.events import (
    AttemptAllowed,
    Blinded,
    ChannelGone,
    ChannelSeen,
    Event,
    LegAnswered,
    LegDialled,
    Reconciled,
)
from policies.judges import concerns_international
from policies.numbering import classify
from policies.numbering.number import Number
from policies.policy import Trunk
from policies.principal import endpoint_of
from policies.situation import Situation
from tollguard.call_records import CallRecord, CallRecords
from tollguard.gate import Gate
from tollguard.live_calls import number_part

# The hands may come up after the eyes; what fails for longer waits for the next picture.
PAUSES_S: Final = (0.1, 0.2, 0.5, *(1.0,) * 30)
ASKED_AT_ONCE: Final = 16  # a hang-up must not stand behind a thousand questions
OUTGOING: Final = "AppDial"  # main/app_dial.c names each leg that it makes so

# `1795519836.1`, or `pbx1-1795519836.1` with a systemname: the second when it was made.
_UNIQUEID: Final = re.compile(r"(?:.*-)?([0-9]{9,11})\.[0-9]+", re.ASCII)

log = structlog.get_logger("tollguard.calls")


class Asking(Protocol):
    """The hands: their own AMI connection."""

    async def variable(self, uniqueid: str, name: str) -> str:
        """Read a variable of one channel."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a channel on a trunk told of itself. Untrusted text."""

    uniqueid: str
    linkedid: str
    token: str
    dial_string: str
    outgoing: bool
    up: bool


class Adoption:
    """Watches which channels are on trunks, and adopts those that are no known legs.

    Args:
        gate: Has the policy in force.
        situation: Is told of what was found.
        hands: Ask the channels.
        records: What was allowed under a token.
    """

    def __init__(
        self, gate: Gate, situation: Situation, hands: Asking, records: CallRecords
    ) -> None:
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
        unknown = [u for u in self._channels if self._situation.leg(u) is None]
        if not unknown:
            return True
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._ask(uniqueid)) for uniqueid in unknown]
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

    async def _ask(self, uniqueid: str) -> _Told | bool:
        """Ask a channel; True when it has nothing to tell, False when it did not answer."""
        channel = self._channels[uniqueid]
        ask = self._hands.variable
        try:
            async with self._turns:
                token = await ask(uniqueid, "TOLLGUARD_TOKEN")
                outgoing = await ask(uniqueid, "CHANNEL(appname)") == OUTGOING
                if not token and not outgoing:
                    return True  # somebody calls in
                dial_string = await ask(uniqueid, "DIALEDPEERNUMBER")
                up = await ask(uniqueid, "CHANNEL(state)") == "Up"
        except (AmiActionError, UnsafeValueError) as error:
            log.info("not-adopted", uniqueid=uniqueid, reason=str(error))  # mostly: it is gone
            return True
        except AmiError:
            return False
        return _Told(uniqueid, channel.linkedid, token, dial_string, outgoing, up)

    async def _find(self, told: Iterable[_Told]) -> dict[str, CallRecord]:
        calls = {one.token: one.linkedid for one in told if one.token}
        return await self._records.find(calls) if calls else {}

    def _take(self, told: _Told, record: CallRecord | None) -> None:
        """Make a leg of a channel, unless it ended or was seen to begin while it was asked."""
        channel = self._channels.get(told.uniqueid)
        if channel is None or self._situation.leg(told.uniqueid) is not None:
            return
        trunk = self._gate.policy.trunk(endpoint_of(channel.channel) or "")
        if trunk is None:
            return
        if record is not None and not _is_of(record, told, trunk):
            record = None
        if record is not None or told.outgoing:
            self._begin(channel, told, trunk, record)

    def _begin(
        self, channel: ChannelSeen, told: _Told, trunk: Trunk, record: CallRecord | None
    ) -> None:
        begun_s = _begun_s(told.uniqueid)
        if record is not None:
            self._situation.apply(self._allowed(record, trunk, begun_s))
        self._situation.apply(
            LegDialled(
                begun_s,
                uniqueid=told.uniqueid,
                linkedid=channel.linkedid,
                channel=channel.channel,
                caller_uniqueid=record.uniqueid if record else "",
                dial_string=told.dial_string,
                token=record.token if record else "",
            )
        )
        if told.up:
            self._situation.apply(LegAnswered(begun_s, told.uniqueid))
        log.info(
            "adopted" if record else "adopted-unaccounted",
            uniqueid=told.uniqueid,
            channel=channel.channel,
            dialled=told.dial_string,
            endpoint=record.endpoint if record else None,
        )

    def _allowed(self, record: CallRecord, trunk: Trunk, begun_s: float) -> AttemptAllowed:
        number = self._number(record, trunk)
        return AttemptAllowed(
            at_s=begun_s,
            token=record.token,
            uniqueid=record.uniqueid,
            endpoint=record.endpoint,
            dialled=record.dialled,
            country=record.country,
            trunk=record.trunk,
            chargeable=record.chargeable,
            international=concerns_international(number),
            number=number,
        )

    def _number(self, record: CallRecord, trunk: Trunk) -> Number:
        """Read the number as it was judged; observe dials an outside line too."""
        plan = self._gate.plan
        readings = [classify(record.dialled, one, trunk) for one in (plan.on_the_wire(), plan)]
        return next((one for one in readings if one.country == record.country), readings[0])


def _is_of(record: CallRecord, told: _Told, trunk: Trunk) -> bool:
    """Tell whether a record is this leg's.

    The token is inherited: the caller has it too, and so has a later leg of the same caller,
    to 110 for one. So the number has to be the same, and an unknown one proves nothing.
    """
    return (
        record.uniqueid != told.uniqueid
        and record.trunk == trunk.endpoint
        and record.dialled == number_part(told.dial_string, trunk.endpoint)
    )


def _begun_s(uniqueid: str) -> float:
    """Say when a channel was made, in monotonic seconds; now when its id does not tell."""
    made = _UNIQUEID.fullmatch(uniqueid)
    age_s = time.time() - int(made[1]) if made else 0.0
    return time.monotonic() - max(age_s, 0.0)
