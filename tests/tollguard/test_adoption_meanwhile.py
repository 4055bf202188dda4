"""What happens while the channels are asked: they end, they are renamed, the hands are away."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ami_listener.errors import AmiLostError
from policies.events import Blinded, ChannelGone, ChannelSeen, Event, LegDialled
from policies.policy import Site
from tests.tollguard.adopting import adopting
from tests.tollguard.judging import MONACO, TOKYO, enforcing
from tests.until import until
from tollguard import adoption
from tollguard.adoption import Asking


async def test_a_channel_that_ends_before_it_is_asked_stops_nobody(tmp_path: Path) -> None:
    """The others are adopted all the same."""
    async with adopting(tmp_path) as made, asyncio.TaskGroup() as group:
        await made.reserve("t1")
        made.channel("2.1", paid="t1", dialled=MONACO)
        made.channel("2.2", dialled=TOKYO)
        done = group.create_task(made.adoption.adopt())
        asyncio.get_running_loop().call_soon(made.see, ChannelGone(0.0, "2.2", 16))
        assert await done

        assert [leg.uniqueid for leg in made.desk.situation.legs()] == ["2.1"]


@dataclass
class Meddling:
    """Hands that let something happen between a channel's last answer and its reading."""

    hands: Asking
    happen: Event
    see: Callable[[Event], None]

    async def variable(self, uniqueid: str, name: str, *, channel: str = "") -> str:
        """Ask, and tell the event when the last question is answered."""
        told = await self.hands.variable(uniqueid, name, channel=channel)
        if name == "TIMEOUT(absolute)":
            self.see(self.happen)
        return told


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (ChannelGone(0.0, "2.1", 16), []),
        (Blinded(0.0, "gone"), []),
        (ChannelSeen(0.0, "2.1", "", "PJSIP/6002-00000003"), []),
        (LegDialled(0.0, "2.1", "1.1", "PJSIP/trunk-00000001", "1.1", "seen@trunk", ""), ["seen"]),
    ],
    ids=["hangup", "blind", "renamed away", "dialled"],
)
async def test_what_happens_while_a_channel_is_asked_wins(
    tmp_path: Path, event: Event, expected: list[str]
) -> None:
    """A channel that ended is not adopted by its late answers, and a leg that is seen stays."""
    async with adopting(tmp_path) as made:
        made.channel("2.1", dialled=MONACO)
        made.adoption._hands = Meddling(made.adoption._hands, event, made.see)
        assert await made.adoption.adopt()

        legs = made.desk.situation.legs()
        assert [leg.dial_string.partition("@")[0] for leg in legs] == expected


async def test_a_trunk_that_is_declared_no_more_has_no_legs(tmp_path: Path) -> None:
    """A policy that comes meanwhile is the one that counts."""
    async with adopting(tmp_path) as made:
        made.channel("2.1", dialled=MONACO)
        made.desk.gate.use(replace(enforcing(), site=Site()))
        assert await made.adoption.adopt()

        assert made.desk.situation.legs() == ()


async def test_a_renamed_channel_keeps_its_call(tmp_path: Path) -> None:
    """AMI's Rename tells no linkedid; the one of the picture stays."""
    async with adopting(tmp_path) as made:
        made.channel("2.1", dialled=MONACO)
        made.see(ChannelSeen(0.0, "2.1", "", "PJSIP/trunk-000000aa"))
        assert await made.adoption.adopt()

        leg = made.leg("2.1")
        assert (leg.linkedid, leg.channel) == ("1.1", "PJSIP/trunk-000000aa")


async def test_after_a_picture_it_asks_until_the_hands_answer(tmp_path: Path) -> None:
    """A lost connection is waited for; a channel that is gone is not asked again."""
    async with adopting(tmp_path) as made, asyncio.TaskGroup() as group:
        running = group.create_task(made.adoption.run())
        made.channel("2.1", dialled=MONACO)
        made.channel("9.9", dialled=MONACO)
        del made.fake.variables["9.9"]
        await made.fake.stop()
        await until(lambda: made.hands.state.standing != "up", 5)
        made.reconcile()
        await asyncio.sleep(0)  # asked once, in vain
        await made.fake.listen()
        await until(lambda: made.desk.situation.leg("2.1"), 5)
        asked = made.fake.names().count("Getvar")
        made.reconcile()
        await until(lambda: made.fake.names().count("Getvar") > asked, 5)
        running.cancel()

        assert made.desk.situation.leg("9.9") is None


async def test_hands_that_stay_away_are_asked_again_after_the_next_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not ask for ever, and a picture that shows nothing new asks nothing."""
    monkeypatch.setattr(adoption, "PAUSES_S", (0.0,))
    async with adopting(tmp_path) as made, asyncio.TaskGroup() as group:
        hands = Away(made.adoption._hands)
        made.adoption._hands = hands
        running = group.create_task(made.adoption.run())
        made.channel("2.1", dialled=MONACO)
        made.reconcile()
        await until(lambda: hands.asked == 1, 5)
        hands.away = False
        made.reconcile()
        await until(lambda: made.desk.situation.leg("2.1"), 5)
        running.cancel()
        asked = hands.asked

        assert await made.adoption.adopt()
        assert hands.asked == asked


@dataclass
class Away:
    """Hands that are not connected until told."""

    hands: Asking
    away: bool = True
    asked: int = 0

    async def variable(self, uniqueid: str, name: str, *, channel: str = "") -> str:
        """Ask, when connected."""
        self.asked += 1
        if self.away:
            message = "ami-lost"
            raise AmiLostError(message)
        return await self.hands.variable(uniqueid, name, channel=channel)
