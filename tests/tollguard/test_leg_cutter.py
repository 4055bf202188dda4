"""Legs are hung up at once and again until they are gone, by hands on a scripted Asterisk."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import structlog

from ami_listener.hands import Hands
from policies.events import Blinded, ChannelGone, LegDialled, Reconciled
from policies.situation import Situation
from tests.fakes.asterisk import FakeAsterisk
from tests.until import until
from tollguard import leg_cutter
from tollguard.leg_cutter import LegCutter


@dataclass
class Cutting:
    """A cutter at work, its hands and its PBX."""

    fake: FakeAsterisk
    cutter: LegCutter
    hands: Hands
    situation: Situation
    told: list[str] = field(default_factory=list)

    def tell(self, application: str, _failed: bool) -> None:  # noqa: FBT001 as the cutter calls it
        """Take what a caller runs."""
        self.told.append(application)

    def asked(self, action: str) -> list[str]:
        """List the channels that an action was asked for, in order."""
        return [one["Channel"] for one in self.fake.actions if one["Action"] == action]


@asynccontextmanager
async def cutting() -> AsyncIterator[Cutting]:
    """Run a cutter whose PBX agrees to everything."""
    async with FakeAsterisk() as fake, asyncio.TaskGroup() as group:
        for action in ("Hangup", "AbsoluteTimeout"):
            fake.answers[action] = {"Response": "Success", "Message": "done"}
        hands = Hands(fake.settings("hands"))
        situation = Situation()
        cutter = LegCutter(hands, situation)
        running = [group.create_task(work()) for work in (hands.run, cutter.run)]
        await until(lambda: hands.state.standing == "up", 5)
        yield Cutting(fake, cutter, hands, situation)
        for one in running:
            one.cancel()


async def test_a_leg_is_hung_up_at_once_and_forgotten_with_its_end() -> None:
    """Its end is seen, so it is not asked for again."""
    async with cutting() as made:
        made.cutter.cut("2.1")
        await until(lambda: made.asked("Hangup") == ["2.1"], 5)
        made.cutter.gone("2.1")
        made.cutter.cut("2.2")
        await until(lambda: "2.2" in made.asked("Hangup"), 5)

        assert made.asked("Hangup").count("2.1") == 1


async def test_a_leg_whose_end_is_not_seen_is_hung_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until Asterisk says that there is no such channel."""
    monkeypatch.setattr(leg_cutter, "AGAIN_S", 0.01)
    async with cutting() as made:
        made.cutter.cut("2.1")
        await until(lambda: len(made.asked("Hangup")) >= 3, 5)
        made.fake.answers["Hangup"] = {"Response": "Error", "Message": "No such channel"}
        await until(lambda: not made.cutter._to_cut, 5)


async def test_a_thousand_legs_are_each_hung_up() -> None:
    """A burst is worked off whole, though only some are under way at once."""
    async with cutting() as made:
        legs = [f"2.{n}" for n in range(1_000)]
        for uniqueid in legs:
            made.cutter.cut(uniqueid)
        await until(lambda: set(made.asked("Hangup")) == set(legs), 20)


async def test_hands_that_are_away_are_told_once_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is given up: the legs are hung up when the connection is there again."""
    monkeypatch.setattr(leg_cutter, "AGAIN_S", 0.01)
    async with cutting() as made:
        await made.fake.stop()
        await until(lambda: made.hands.state.standing != "up", 5)
        with structlog.testing.capture_logs() as lines:
            for uniqueid in ("2.1", "2.2", "2.3"):
                made.cutter.cut(uniqueid)
            await until(lambda: lines, 5)
            await made.fake.listen()
            await until(lambda: set(made.asked("Hangup")) == {"2.1", "2.2", "2.3"}, 10)
            await until(lambda: len(lines) >= 2, 5)

        assert [line["event"] for line in lines][:2] == ["not-cut", "cutting-again"]


async def test_a_leg_with_an_id_out_of_form_is_cut_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its caller chose the id; while blind, when a name may be another's, it is kept for later."""
    monkeypatch.setattr(leg_cutter, "AGAIN_S", 0.01)
    uniqueid, name = "/.*/", "PJSIP/trunk-00000001"
    async with cutting() as made:
        leg = LegDialled(0.0, uniqueid, uniqueid, name, "", "0103@trunk", "")
        made.situation.apply(Reconciled(0.0, frozenset(), frozenset()))
        made.situation.apply(leg)
        made.situation.apply(Blinded(0.0, "lost"))
        with structlog.testing.capture_logs() as lines:
            made.cutter.cut(uniqueid)
            made.cutter.ask_outcome(
                uniqueid, "", lambda _app, failed: made.told.append(str(failed))
            )
            await until(lambda: made.told, 5)
            assert (made.told, made.asked("Hangup")) == (["True"], [])
            made.situation.apply(Reconciled(0.0, frozenset(), frozenset({uniqueid})))
            made.cutter.limit(uniqueid, 60.0)
            await until(lambda: made.asked("Hangup") and made.asked("AbsoluteTimeout"), 5)
        made.situation.apply(ChannelGone(0.0, uniqueid, 21))
        made.cutter.gone(uniqueid)

        assert {*made.asked("Hangup"), *made.asked("AbsoluteTimeout")} == {name}
        assert [line["event"] for line in lines if line["log_level"] == "error"] == ["not-cut"]
        made.cutter.ask_outcome(uniqueid, "", lambda _app, failed: made.told.append(str(failed)))
        await until(lambda: made.told == ["True", "False"], 5)


async def test_an_answered_leg_is_bounded_and_hung_up_when_it_outlives_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The time-out is set at once, with what is left of the seconds; 2 s later it is hung up."""
    monkeypatch.setattr(leg_cutter, "OVERDUE_S", 0.2)
    async with cutting() as made:
        begun_s = time.monotonic()
        made.cutter.limit("2.1", 0.3)
        made.cutter.limit("2.2", 0.3)
        made.cutter.limit("2.3", 60.0)
        await until(lambda: len(made.asked("AbsoluteTimeout")) == 3, 5)
        made.cutter.gone("2.2")
        await until(lambda: made.asked("Hangup") == ["2.1"], 5)

        assert time.monotonic() - begun_s >= 0.5
        times = [float(a["Timeout"]) for a in made.fake.actions if "Timeout" in a]
        assert max(times[:2]) <= 0.3


async def test_a_limit_that_is_refused_is_told() -> None:
    """The leg may be gone; if it is not, its overdue end is seen to."""
    async with cutting() as made:
        made.fake.answers["AbsoluteTimeout"] = {"Response": "Error", "Message": "No such channel"}
        with structlog.testing.capture_logs() as lines:
            made.cutter.limit("2.1", 60.0)
            await until(lambda: lines, 5)

        assert lines[0]["event"] == "not-limited"


async def test_a_full_picture_forgets_what_is_gone() -> None:
    """Nothing is kept for channels that do not exist."""
    async with cutting() as made:
        made.cutter.expect_end("2.1", 60.0)
        made.cutter.expect_end("2.2", 60.0)
        made.cutter.keep({"2.2"})

        assert set(made.cutter._ends) == {"2.2"}


async def test_a_channel_tells_what_it_runs() -> None:
    """Empty when it is gone, when there is none, and when too many are asked."""
    async with cutting() as made:
        made.fake.variables["1.1"] = {"CHANNEL(appname)": "Dial"}
        for uniqueid in ("1.1", "9.9", ""):
            made.cutter.ask_outcome("2.1", uniqueid, made.tell)
        await until(lambda: len(made.told) == 3, 5)
        assert sorted(made.told) == ["", "", "Dial"]

        for _ in range(leg_cutter.AT_ONCE + 1):
            made.cutter.ask_outcome("2.1", "1.1", made.tell)
        assert made.told[3:] == [""]
        await until(lambda: made.told.count("Dial") == leg_cutter.AT_ONCE + 1, 10)
