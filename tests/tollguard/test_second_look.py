"""A denial for want of an entry in the map is given only after Asterisk had its say."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from policies.decision import Answer, DialAttempt, Verdict
from policies.events import Blinded, ChannelSeen, Event
from policies.policy import Mode, OriginateGrant
from policies.principal import Claim
from tests.policies.happenings import (
    answers,
    channel_of,
    forwards,
    local,
    local_dialled,
    picture,
    rings_in,
    rings_out,
    transfers,
)
from tests.tollguard.judging import MONACO, TOKYO, Judging, attempt, enforcing, judging
from tollguard.second_look import WAIT_S

CALL = "1.1"
ABROAD = ("6001", "6002")


@dataclass
class Channel:
    """A channel that tells one linkedid of whoever it is asked."""

    linkedid: str = ""
    asked: list[str] = field(default_factory=list)

    async def __call__(self, expression: str) -> str:
        """Tell it."""
        self.asked.append(expression)
        return self.linkedid


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Judging]:
    """Give a gate in enforce that sees, with a call of 6001 to 6002 going on."""
    made = judging(tmp_path / "ledger.db")
    tell(made, picture(), rings_in("6001", CALL, CALL), *rings_out("6002", "1.2", CALL))
    yield made
    await made.reservations.close()


def tell(desk: Judging, *events: Event) -> None:
    """Let AMI tell something."""
    for event in events:
        desk.situation.apply(event)


def transferred(by: str, number: str = MONACO) -> DialAttempt:
    """Make the attempt of a call that was transferred, as a variable says."""
    return replace(attempt(number), claim=Claim(transferer=channel_of(by)))


async def judged(desk: Judging, asked: DialAttempt, channel: Channel, *later: Event) -> Answer:
    """Judge an attempt while AMI tells the rest a moment after."""
    answer = desk.gate.answer(asked, channel)
    assert not isinstance(answer, Answer)
    async with asyncio.TaskGroup() as tasks:
        coming = tasks.create_task(_awaited(answer))
        await asyncio.sleep(0)
        tell(desk, *later)
    return coming.result()


async def _awaited(answer: object) -> Answer:
    given = await answer  # type: ignore[misc]
    assert isinstance(given, Answer)
    return given


def granting(desk: Judging, *endpoints: str) -> None:
    """Let endpoints call abroad."""
    policy = enforcing()
    desk.gate.use(
        replace(policy, grants=tuple(replace(policy.grants[0], endpoint=e) for e in endpoints))
    )


async def test_ami_that_is_late_is_waited_for(desk: Judging) -> None:
    """The transfer is told a moment after the gate's question, and the transferer may."""
    granting(desk, "6002")
    answer = await judged(
        desk,
        transferred("6002"),
        Channel(),
        answers("1.2"),
        transfers("6002", "1.2", CALL, target=MONACO),
    )

    assert (answer.verdict, answer.reason) == (Verdict.ALLOW, "allowed")
    assert desk.recorded[-1].decision.principal.actor == "6002"
    assert len(desk.recorded) == 1
    assert desk.situation.chargeable_calls("6002") == 1


async def test_a_name_that_nobody_bears_out_is_refused_after_the_wait(desk: Judging) -> None:
    """What a variable claims gives no right, however long it is waited for."""
    granting(desk, "6001", "6003")
    channel = Channel()
    begun = time.monotonic()
    answer = await judged(desk, transferred("6003"), channel)
    took_s = time.monotonic() - begun

    assert (answer.verdict, answer.reason) == (Verdict.DENY, "international-not-permitted")
    assert channel.asked == [f"${{IMPORT({channel_of('6003')},CHANNEL(linkedid))}}"]
    assert took_s >= WAIT_S
    principal = desk.recorded[-1].decision.principal
    assert (principal.actor, principal.claimed, principal.missing) == (None, "6003", "not-in-map")
    assert desk.situation.chargeable_calls() == 0


async def test_asterisk_s_own_word_stands_in_for_ami(desk: Judging) -> None:
    """A channel that lives in this very call was transferring it, though AMI lost the event."""
    granting(desk, "6002")
    tell(desk, answers("1.2"))
    answer = await judged(desk, transferred("6002"), Channel(CALL))

    assert answer.verdict is Verdict.ALLOW
    assert desk.recorded[-1].decision.principal.via == "transferer"


@pytest.mark.parametrize("told", ["9.9", ""])
async def test_a_channel_of_another_call_proves_nothing(desk: Judging, told: str) -> None:
    """A linkedid that is another's, or none, leaves the claim unproven."""
    granting(desk, "6003")

    assert (await judged(desk, transferred("6003"), Channel(told))).verdict is Verdict.DENY


async def test_a_forwarded_call_waits_for_the_redirection(desk: Judging) -> None:
    """The new target runs before AMI tells who sent the call there; the strictest still wins."""
    granting(desk, "6001")
    tell(desk, *local("1.9", CALL))
    asked = replace(
        attempt(MONACO, None, "1.9b"), linkedid=CALL, claim=Claim(master=channel_of("6001"))
    )
    channel = Channel()
    answer = await judged(
        desk, asked, channel, forwards("6002", "1.2", CALL), local_dialled("1.9", CALL)
    )

    assert (answer.verdict, channel.asked) == (Verdict.DENY, [])
    principal = desk.recorded[-1].decision.principal
    assert (principal.held, principal.missing) == (ABROAD, "")


async def test_an_originated_call_waits_for_where_it_began(desk: Judging) -> None:
    """A grant of its context counts once AMI told the context."""
    desk.gate.use(replace(enforcing(), originate_grants=(OriginateGrant(1, "fax", None),)))
    asked = replace(attempt(MONACO, None, "5.1"), linkedid="5.0")
    born = ChannelSeen(1.0, "5.1", "5.0", "Local/1@fax-00000001;2", "fax")

    assert (await judged(desk, asked, Channel(), born)).verdict is Verdict.ALLOW


async def test_nothing_else_waits(desk: Judging) -> None:
    """A direct call, one at home, one of nobody's without such grants, and all while blind."""
    asks: list[DialAttempt] = [
        attempt(MONACO, endpoint="6002"),
        transferred("6003", TOKYO),
        transferred("6003", "110"),
        attempt(MONACO, endpoint=None),
    ]
    tell(desk, Blinded(3.0, "gone"))
    asks.append(transferred("6003"))

    assert all(isinstance(desk.gate.answer(asked), Answer) for asked in asks[3:])
    tell(desk, picture(CALL, "1.2"))
    assert all(isinstance(desk.gate.answer(asked), Answer) for asked in asks[:4])


async def test_observe_looks_again_too(desk: Judging) -> None:
    """What enforcing would have said is recorded from what AMI told in the end."""
    desk.gate.use(enforcing(mode=Mode.OBSERVE))
    granted = replace(desk.gate.policy.grants[0], endpoint="6002")
    desk.gate.use(replace(desk.gate.policy, grants=(granted,)))
    answer = await judged(
        desk, transferred("6002"), Channel(), transfers("6002", "1.2", CALL, target=MONACO)
    )

    assert answer.verdict is Verdict.ALLOW
    assert desk.recorded[-1].decision.would is Verdict.ALLOW


async def test_the_policy_of_the_second_look_is_that_of_now(desk: Judging) -> None:
    """A suspension that is made while a call waits holds for it."""
    granting(desk, "6002")
    answer = desk.gate.answer(transferred("6002"), Channel())
    assert not isinstance(answer, Answer)
    desk.gate.use(enforcing(revision=4))
    tell(desk, transfers("6002", "1.2", CALL, target=MONACO))

    assert (await answer).verdict is Verdict.DENY
    assert desk.recorded[-1].policy_revision == 4


async def test_a_question_that_fails_is_answered_by_class(desk: Judging) -> None:
    """Whatever goes wrong while asking, the call abroad is refused and the fault is recorded."""

    async def broken(_expression: str) -> str:
        raise ZeroDivisionError

    answer = desk.gate.answer(transferred("6003"), broken)
    assert not isinstance(answer, Answer)

    assert (await answer).reason == "gate-error"


async def test_a_gate_that_nobody_can_be_asked_through_still_waits(desk: Judging) -> None:
    """Without a session to ask, only AMI can bear a claim out."""
    answer = desk.gate.answer(transferred("6003"))
    assert not isinstance(answer, Answer)

    assert (await answer).verdict is Verdict.DENY


@pytest.mark.parametrize(("peer", "verdict"), [("6002", "ALLOW"), ("", "DENY"), ("6003", "DENY")])
async def test_who_began_a_call_by_chan_sip_is_asked_of_chan_sip(
    desk: Judging, peer: str, verdict: str
) -> None:
    """The name of the first channel is a guest's own words unless its peer bears the same."""
    granting(desk, "6002")
    began = ChannelSeen(1.0, "5.0", "5.0", "SIP/6002-00000001", "phones")
    tell(desk, began, *local("5.1", "5.0"), local_dialled("5.1", "5.0"))
    channel = Channel(peer)
    asked = replace(
        attempt(MONACO, None, "5.1b"), linkedid="5.0", claim=Claim(master="SIP/6002-00000001")
    )
    answer = await judged(desk, asked, channel)

    assert answer.verdict == verdict
    assert channel.asked == ["${MASTER_CHANNEL(CHANNEL(peername))}"]
