"""Which channels become legs of the calls that began unseen, by real hands, ledger and store."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ami_listener.errors import AmiLostError
from ami_listener.hands import Hands
from policies.calls import Leg
from policies.detection.finding import Finding, LegDone
from policies.events import (
    AttemptAllowed,
    Blinded,
    ChannelGone,
    ChannelSeen,
    Event,
    LegDialled,
    Reconciled,
)
from policies.policy import Mode, Site
from tests.fakes.asterisk import FakeAsterisk
from tests.tollguard.judging import MONACO, SITE, TOKYO, Judging, attempt, enforcing, judging
from tests.until import until
from tollguard import adoption
from tollguard.adoption import Adoption, Asking
from tollguard.backstop import Backstop
from tollguard.call_records import CallRecords
from tollguard.gap_tokens import GapTokens
from tollguard.ledger_file import Reservation
from tollguard.leg_cutter import LegCutter
from tollguard.live_calls import live_call
from tollguard.store import migrate
from tollguard.store_link import StoreLink
from tollguard.verdict_writer import VerdictWriter


@dataclass
class Adopting:
    """An adoption with what it asks; the PBX's channels are ``fake.variables``."""

    desk: Judging
    fake: FakeAsterisk
    adoption: Adoption
    link: StoreLink
    hands: Hands
    found: list[Finding]
    seen: list[str] = field(default_factory=list)

    def see(self, event: Event) -> None:
        """Tell of an event as the daemon does."""
        self.desk.situation.apply(event)
        self.adoption.see(event)

    def channel(self, uniqueid: str, **variables: str) -> None:
        """Have a channel on the trunk; ``app`` is its application, ``AppDial`` unless told."""
        token, dialled = variables.get("token", ""), variables.get("dialled", "")
        self.fake.variables[uniqueid] = {
            "TOLLGUARD_TOKEN": token,
            "TOLLGUARD_PAID": variables.get("paid", ""),
            "TIMEOUT(absolute)": variables.get("timeout", "600"),
            "CHANNEL(pjsip,remote_addr)": variables.get("remote", ""),
            "CHANNEL(pjsip,remote_uri)": variables.get("uri", ""),
            "DIALEDPEERNUMBER": dialled and f"{dialled}@trunk",
            "CHANNEL(appname)": variables.get("app", "AppDial"),
            "CHANNEL(state)": variables.get("state", "Up"),
        }
        name = f"PJSIP/trunk-{len(self.fake.variables):08x}"
        self.see(ChannelSeen(time.monotonic(), uniqueid, "1.1", name))
        self.seen.append(uniqueid)

    def reconcile(self) -> None:
        """Close a picture of all channels."""
        self.see(Reconciled(time.monotonic(), frozenset(), frozenset(self.seen)))

    async def reserve(self, token: str, number: str = MONACO) -> None:
        """Write the ledger's row of a call that 1.1 of 6001 was allowed."""
        await self.desk.reservations.reserve(
            Reservation(token, "6001", number, "MC", "trunk", "1.1", "1.1", 60_000, 3)
        )

    async def judge(self, number: str) -> str:
        """Have a call of 6001 judged by another gate and stored; returns its token."""
        writer = VerdictWriter(self.link, "pbx1", "default")
        answer = await self.desk.judge(attempt(number))
        for judged in self.desk.recorded:
            writer.record(judged)
        await writer.drain()
        self.desk.gate.take_back(answer.token)
        return answer.token

    def leg(self, uniqueid: str) -> Leg:
        """Return a leg that must be there."""
        leg = self.desk.situation.leg(uniqueid)
        assert leg is not None
        return leg

    def of(self, uniqueid: str) -> tuple[str | None, str | None, bool]:
        """Say whose a leg is, to which country, and whether it is an emergency."""
        gate = self.desk.gate
        call = live_call(self.leg(uniqueid), gate.policy, gate.plan)
        assert call is not None
        return (call.endpoint, call.number.country, call.emergency)


@asynccontextmanager
async def adopting(folder: Path) -> AsyncIterator[Adopting]:
    """Run hands at a scripted PBX beside a ledger and a store."""
    migrate(str(folder / "store.db"))
    async with FakeAsterisk() as fake, asyncio.TaskGroup() as group:
        desk = judging(folder / "ledger.db")
        link = StoreLink(str(folder / "store.db"))
        hands = Hands(fake.settings("hands"))
        fake.answers["Hangup"] = {"Response": "Success"}
        running = group.create_task(hands.run())
        await until(lambda: hands.state.standing == "up", 5)
        records = CallRecords(folder / "ledger.db", link)
        cutter = LegCutter(hands)
        verdicts = VerdictWriter(link, "pbx1", "default")
        found: list[Finding] = []
        gap = GapTokens(records, time.monotonic())
        backstop = Backstop(desk.gate, desk.situation, cutter, verdicts, found.extend, gap)
        cutting = group.create_task(cutter.run())
        made = Adoption(desk.gate, desk.situation, hands, records, backstop, gap)
        yield Adopting(desk, fake, made, link, hands, found)
        running.cancel()
        cutting.cancel()
        await link.close()
        await desk.reservations.close()


async def test_a_chargeable_call_of_the_ledger_is_its_callers_and_counted(tmp_path: Path) -> None:
    """What outlived a restart has its endpoint, its country, its slot and its age again."""
    async with adopting(tmp_path) as made:
        made_at = int(time.time()) - 60
        uniqueid = f"pbx1-{made_at}.7"
        await made.reserve("t1")
        made.channel(uniqueid, token="t1", dialled=MONACO)
        assert await made.adoption.adopt()

        assert made.of(uniqueid) == ("6001", "MC", False)
        assert made.desk.situation.chargeable_calls("6001") == 1
        leg = made.leg(uniqueid)
        assert leg.answered_at_s is not None
        assert 55 < time.monotonic() - leg.begun_at_s < 70
        made.see(ChannelGone(time.monotonic(), uniqueid, 16))
        assert made.desk.situation.chargeable_calls() == 0


async def test_a_call_that_was_allowed_in_observe_leads_where_it_led(tmp_path: Path) -> None:
    """The record's country tells how the trunk's string is to be read, whatever the mode is now."""
    async with adopting(tmp_path) as made:
        made.desk.gate.use(replace(enforcing(), site=replace(SITE, outside_line="0")))
        await made.reserve("t1", f"0{MONACO}")
        made.channel("2.1", token="t1", dialled=f"0{MONACO}")
        assert await made.adoption.adopt()

        attempt = made.leg("2.1").attempt
        assert attempt is not None
        assert attempt.number is not None
        assert (attempt.number.country, attempt.international) == ("MC", True)


async def test_a_domestic_call_is_its_callers_by_the_stored_verdict(tmp_path: Path) -> None:
    """A call without a row in the ledger is found in the store, and holds no slot."""
    async with adopting(tmp_path) as made:
        token = await made.judge(TOKYO)
        made.channel("2.1", token=token, dialled=TOKYO, state="Ringing")
        assert await made.adoption.adopt()

        assert made.of("2.1") == ("6001", "JP", False)
        assert made.leg("2.1").answered_at_s is None
        assert made.desk.situation.chargeable_calls() == 0


async def test_an_attempt_that_is_still_known_gets_its_leg(tmp_path: Path) -> None:
    """What was allowed seeing and dialled blind is counted once."""
    async with adopting(tmp_path) as made:
        await made.reserve("t1")
        allowed = AttemptAllowed(0.0, "t1", "1.1", "6001", MONACO, "MC", "trunk", True, True)  # noqa: FBT003
        made.see(allowed)
        made.channel("2.1", token="t1", dialled=MONACO)
        assert await made.adoption.adopt()

        assert made.leg("2.1").attempt == allowed
        assert made.desk.situation.chargeable_calls() == 1


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"token": "unknown", "dialled": MONACO}, (None, "MC", False)),
        ({"token": "returned", "dialled": MONACO}, (None, "MC", False)),
        ({"token": "t1", "dialled": "110"}, (None, "JP", True)),
        ({"token": "t1", "dialled": TOKYO}, (None, "JP", False)),
        ({"token": "t1"}, (None, None, False)),
        ({"dialled": "110"}, (None, "JP", True)),
    ],
    ids=["unknown", "returned", "stale at 110", "stale", "no number", "emergency"],
)
async def test_a_leg_that_no_record_proves_is_nobodys(
    tmp_path: Path, variables: dict[str, str], expected: tuple[str | None, str | None, bool]
) -> None:
    """It is listed by the number that it dialled; an inherited token makes 110 no call abroad."""
    async with adopting(tmp_path) as made:
        await made.reserve("t1")
        await made.reserve("returned")
        made.desk.reservations.give_back("returned")
        made.channel("2.1", **variables)
        await made.reserve("later")  # the return is written before it
        assert await made.adoption.adopt()

        assert made.of("2.1") == expected
        assert made.desk.situation.chargeable_calls() == 0


@pytest.mark.parametrize("later", [TOKYO, "110", "01044123456789"])
async def test_a_leg_that_was_transferred_is_what_was_paid_for_it(
    tmp_path: Path, later: str
) -> None:
    """Its own mark counts; what it dialled since then, as somebody's caller, is another leg's."""
    async with adopting(tmp_path) as made:
        await made.reserve("t1")
        made.channel("2.1", paid="t1", token="t2", dialled=later)
        assert await made.adoption.adopt()

        assert made.of("2.1") == ("6001", "MC", False)
        assert made.leg("2.1").token == "t1"
        assert "Hangup" not in {action["Action"] for action in made.fake.actions}


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


async def test_who_calls_in_and_who_calls_out_from_the_trunk_are_no_legs(tmp_path: Path) -> None:
    """A channel without a token that runs the dialplan, and the caller that has it, are left."""
    async with adopting(tmp_path) as made:
        await made.reserve("t1")
        made.channel("3.1", app="Wait", remote="192.0.2.1:5060")
        made.channel("1.1", app="Dial", token="t1", dialled=MONACO, remote="192.0.2.1:5060")
        made.see(ChannelSeen(0.0, "4.1", "4.1", "PJSIP/6002-00000009"))
        assert await made.adoption.adopt()

        assert made.desk.situation.legs() == ()
        assert {one["Channel"] for one in made.fake.actions if "Channel" in one} == {"3.1", "1.1"}


@dataclass
class Meddling:
    """Hands that let something happen between a channel's last answer and its reading."""

    hands: Asking
    happen: Event
    see: Callable[[Event], None]

    async def variable(self, uniqueid: str, name: str) -> str:
        """Ask, and tell the event when the last question is answered."""
        told = await self.hands.variable(uniqueid, name)
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


async def test_without_ledger_and_store_a_leg_is_nobodys(tmp_path: Path) -> None:
    """What cannot be looked up is listed by its number all the same."""
    async with adopting(tmp_path) as made:
        (tmp_path / "none").mkdir()
        made.adoption._records = CallRecords(
            tmp_path / "none/ledger.db", StoreLink(str(tmp_path / "none/store.db"))
        )
        made.channel("2.1", token="t1", dialled=MONACO)
        assert await made.adoption.adopt()

        assert made.of("2.1") == (None, "MC", False)


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

    async def variable(self, uniqueid: str, name: str) -> str:
        """Ask, when connected."""
        self.asked += 1
        if self.away:
            message = "ami-lost"
            raise AmiLostError(message)
        return await self.hands.variable(uniqueid, name)


@pytest.mark.parametrize(
    ("variables", "cut"),
    [
        ({"token": "unknown", "dialled": MONACO}, True),
        ({"uri": f"<sip:{MONACO}@192.0.2.1>", "app": "Wait"}, True),
        ({"uri": "<sip:110@192.0.2.1>", "app": "Wait"}, False),
        ({"uri": f"<sip:{TOKYO}@192.0.2.1>", "app": "Wait"}, False),
        ({"uri": "<sip:00000@192.0.2.1>", "app": "Wait"}, False),
        ({"dialled": "110"}, False),
        ({"paid": "t1", "token": "other", "dialled": MONACO}, False),
        ({"token": "unknown", "dialled": MONACO, "app": "Dial", "remote": "192.0.2.1:5"}, False),
    ],
    ids=["no row", "originated", "110", "home", "doubtful", "dialled 110", "paid", "calls in"],
)
async def test_only_what_surely_costs_and_has_no_row_is_hung_up(
    tmp_path: Path, variables: dict[str, str], *, cut: bool
) -> None:
    """A leg found running is doubted in its favour; the mark on the leg itself proves it best."""
    async with adopting(tmp_path) as made:
        await made.reserve("t1")
        made.channel("2.1", **variables)
        assert await made.adoption.adopt()
        if cut:
            await until(lambda: "Hangup" in made.fake.names(), 5)

        assert ("Hangup" in made.fake.names(), bool(made.found)) == (cut, cut)


async def test_in_observe_a_leg_without_a_row_is_only_recorded(tmp_path: Path) -> None:
    """The finding says so, and the call stays."""
    async with adopting(tmp_path) as made:
        made.desk.gate.use(enforcing(mode=Mode.OBSERVE))
        made.channel("2.1", token="unknown", dialled=MONACO)
        assert await made.adoption.adopt()

        assert [leg.done for one in made.found for leg in one.legs] == [LegDone.RECORDED]
        assert "Hangup" not in made.fake.names()


@pytest.mark.parametrize("left", ["0", "", "inf"])
async def test_an_adopted_leg_without_a_limit_gets_what_is_left_of_its_grant(
    tmp_path: Path, left: str
) -> None:
    """Its answer came while nobody looked, so nothing bounds it yet."""
    async with adopting(tmp_path) as made:
        made.fake.answers["AbsoluteTimeout"] = {"Response": "Success"}
        await made.reserve("t1")
        made.channel(f"{int(time.time()) - 20}.7", token="t1", dialled=MONACO, timeout=left)
        assert await made.adoption.adopt()
        await until(lambda: "AbsoluteTimeout" in made.fake.names(), 5)

        (asked,) = (one for one in made.fake.actions if one["Action"] == "AbsoluteTimeout")
        assert 30 < float(asked["Timeout"]) <= 40


async def test_an_adopted_leg_that_outlives_its_limit_is_hung_up(tmp_path: Path) -> None:
    """What is left of the limit is asked, and 2 s more are given."""
    async with adopting(tmp_path) as made:
        await made.reserve("t1")
        made.channel("2.1", token="t1", dialled=MONACO, timeout="0.1")
        begun_s = time.monotonic()
        assert await made.adoption.adopt()
        await until(lambda: "Hangup" in made.fake.names(), 10)

        assert time.monotonic() - begun_s >= 2.1


async def test_of_two_running_legs_with_one_token_one_is_the_callers(tmp_path: Path) -> None:
    """Forked in a gap of ours: the row was paid once, so the other is nobody's and is cut."""
    async with adopting(tmp_path) as made:
        await made.reserve("t1")
        for uniqueid in ("2.1", "2.2"):
            made.channel(uniqueid, token="t1", dialled=MONACO)
        made.reconcile()
        await made.adoption.adopt()
        await until(lambda: made.found, 5)

        attempts = [made.leg(uniqueid).attempt for uniqueid in ("2.1", "2.2")]
        assert [one is None for one in attempts].count(True) == 1
        assert made.desk.situation.chargeable_calls("6001") == 1
        assert made.found[0].legs[0].done is LegDone.HUNG_UP
