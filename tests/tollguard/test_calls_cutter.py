"""Which calls are cut, by the real hands on a scripted Asterisk."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ami_listener.hands import Hands
from policies.events import AttemptAllowed, Blinded, ChannelGone, LegDialled
from policies.policy import Policy, Suspension, SuspensionKind
from tests.fakes.asterisk import FakeAsterisk
from tests.tollguard.judging import MONACO, TOKYO, Judging, enforcing, judging
from tests.tollguard.pbx import Pbx
from tests.until import until
from tollguard import calls_cutter
from tollguard.calls_cutter import CallsCutter


@dataclass
class Cutting:
    """A cutter with its gate, its PBX and its hands."""

    desk: Judging
    pbx: Pbx
    cutter: CallsCutter
    hands: Hands

    def leg(self, uniqueid: str, number: str, endpoint: str | None = None) -> None:
        """Have a leg up; with an endpoint, one that the gate allowed."""
        token = f"token-{uniqueid}" if endpoint else ""
        if endpoint:
            self.desk.situation.apply(
                AttemptAllowed(0.0, token, "1.1", endpoint, number, None, "trunk", False, False)  # noqa: FBT003
            )
        channel = f"PJSIP/trunk-{len(self.desk.situation.legs()):08x}"
        self.desk.situation.apply(
            LegDialled(0.0, uniqueid, "1.1", channel, "1.1", f"{number}@trunk", token)
        )


@asynccontextmanager
async def cutting(folder: Path) -> AsyncIterator[Cutting]:
    async with FakeAsterisk() as fake, asyncio.TaskGroup() as group:
        desk = judging(folder / "ledger.db")
        hands = Hands(fake.settings("hands"))
        running = group.create_task(hands.run())
        await until(lambda: hands.state.standing == "up", 5)
        yield Cutting(desk, Pbx(fake), CallsCutter(desk.gate, desk.situation, hands), hands)
        running.cancel()
        await desk.reservations.close()


def suspending(kind: SuspensionKind, target: str, *, keep: bool = False) -> Policy:
    """Make the policy with one suspension in force."""
    since_s = time.time() - 1
    suspension = Suspension(1, kind, target, since_s, None, "test", "tester", keep_calls=keep)
    return replace(enforcing(revision=4), suspensions=(suspension,))


async def test_calls_to_a_suspended_country_are_cut_by_uniqueid(tmp_path: Path) -> None:
    """Each leg there is hung up, the gate's and the one around it; others stay; once is enough."""
    async with cutting(tmp_path) as made:
        made.leg("2.1", MONACO, "6001")
        made.leg("2.2", MONACO)
        made.leg("2.3", TOKYO, "6001")
        made.leg("2.4", "0014155552671", "6001")
        made.desk.gate.use(suspending(SuspensionKind.COUNTRY, "MC"))
        await made.cutter.cut_suspended()
        await made.cutter.cut_suspended()

        assert sorted(made.pbx.hung_up) == ["2.1", "2.2"]


async def test_an_endpoint_s_calls_are_cut(tmp_path: Path) -> None:
    """A suspended endpoint loses the legs that the gate allowed it, and nobody else's."""
    async with cutting(tmp_path) as made:
        made.leg("2.1", TOKYO, "6001")
        made.leg("2.2", TOKYO, "6002")
        made.desk.gate.use(suspending(SuspensionKind.ENDPOINT, "6001"))
        await made.cutter.cut_suspended()

        assert made.pbx.hung_up == ["2.1"]


async def test_emergency_legs_are_never_cut(tmp_path: Path) -> None:
    """With its country and its endpoint suspended, 110 stays up, asked for by name too."""
    async with cutting(tmp_path) as made:
        made.leg("2.1", "110", "6001")
        made.leg("2.2", "110")
        for policy in (
            suspending(SuspensionKind.COUNTRY, "JP"),
            suspending(SuspensionKind.ENDPOINT, "6001"),
            suspending(SuspensionKind.INTERNATIONAL, "*"),
        ):
            made.desk.gate.use(policy)
            await made.cutter.cut_suspended()
        done = await made.cutter.cut(made.cutter.live())

        assert done == []
        assert made.pbx.hung_up == []


async def test_kept_and_expired_suspensions_cut_nothing(tmp_path: Path) -> None:
    """`--keep-calls` leaves what is up, and so does a suspension that is over."""
    async with cutting(tmp_path) as made:
        made.leg("2.1", MONACO, "6001")
        made.desk.gate.use(suspending(SuspensionKind.INTERNATIONAL, "*", keep=True))
        await made.cutter.cut_suspended()
        over = suspending(SuspensionKind.INTERNATIONAL, "*")
        ended = replace(over.suspensions[0], until_s=time.time() - 0.5)
        made.desk.gate.use(replace(over, suspensions=(ended,)))
        await made.cutter.cut_suspended()

        assert made.pbx.hung_up == []


async def test_a_call_dialled_just_after_the_suspension_is_cut(tmp_path: Path) -> None:
    """The running cutter looks again: at once when woken, and each second."""
    async with cutting(tmp_path) as made, asyncio.TaskGroup() as group:
        running = group.create_task(made.cutter.run())
        made.leg("2.1", MONACO, "6001")
        made.desk.gate.use(suspending(SuspensionKind.INTERNATIONAL, "*"))
        made.cutter.wake()
        await until(lambda: made.pbx.hung_up == ["2.1"], 5)
        made.leg("2.2", MONACO)
        await until(lambda: made.pbx.hung_up == ["2.1", "2.2"], 5)
        running.cancel()


async def test_a_refused_hangup_is_not_counted_as_done(tmp_path: Path) -> None:
    """When Asterisk refuses, or the id is none of its own, the call is not reported as cut."""
    async with cutting(tmp_path) as made:
        made.pbx.fake.answers["Hangup"] = {"Response": "Error", "Message": "No such channel"}
        made.leg("2.1", MONACO, "6001")
        made.leg("/x/", MONACO, "6001")

        assert await made.cutter.cut(made.cutter.live()) == []


async def test_a_call_whose_id_is_out_of_form_is_cut_by_its_name(tmp_path: Path) -> None:
    """Only while its name is surely its own: blind, it is told as not cut."""
    async with cutting(tmp_path) as made:
        made.desk.situation.blind = "lost"
        made.leg("a thief's id", MONACO, "6001")
        assert await made.cutter.cut(made.cutter.live()) == []
        made.desk.situation.blind = ""
        assert await made.cutter.cut(made.cutter.live()) == ["a thief's id"]

        assert [name.partition("/")[0] for name in made.pbx.hung_up] == ["PJSIP"]


async def test_the_outcome_of_a_suspension_counts_what_it_cut(tmp_path: Path) -> None:
    """What Asterisk hung up is counted when it is gone, also by a sweep before the question."""
    async with cutting(tmp_path) as made, asyncio.TaskGroup() as group:
        made.leg("2.1", MONACO, "6001")
        made.leg("2.2", TOKYO, "6001")
        policy = suspending(SuspensionKind.COUNTRY, "MC")
        made.desk.gate.use(policy)
        made.desk.situation.blind = ""
        asking = group.create_task(made.cutter.outcome(policy.suspensions[0], 4))
        await until(lambda: made.pbx.hung_up == ["2.1"], 5)
        made.desk.situation.apply(ChannelGone(0.0, "2.1", 21))
        first = await asking
        again = await made.cutter.outcome(policy.suspensions[0], 4)
        later = await made.cutter.outcome(policy.suspensions[0], 5)

    assert first == again == (["2.1"], {})
    assert later == ([], {})


async def test_a_call_that_stays_up_was_not_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asterisk's word is not enough while it still shows the call; a refusal is its reason."""
    monkeypatch.setattr(calls_cutter, "SEEN_GONE_S", 0.01)
    async with cutting(tmp_path) as made:
        made.leg("2.1", MONACO, "6001")
        made.leg("/x/", MONACO, "6001")
        made.desk.situation.blind = ""
        policy = suspending(SuspensionKind.COUNTRY, "MC")
        made.desk.gate.use(policy)
        seeing = await made.cutter.outcome(policy.suspensions[0], 4)
        made.desk.situation.apply(ChannelGone(0.0, "/x/", 21))
        made.desk.situation.apply(Blinded(0.0, "ami-lost"))
        blind = await made.cutter.outcome(policy.suspensions[0], 4)

    cut, not_cut = seeing
    assert cut == []
    assert not_cut["2.1"] == "Asterisk still shows it"
    assert not_cut["/x/"] == "Asterisk still shows it"
    assert blind == (["2.1", "/x/"], {})
