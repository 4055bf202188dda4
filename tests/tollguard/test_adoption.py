"""Which channels become legs of the calls that began unseen, by real hands, ledger and store."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from policies.events import AttemptAllowed, ChannelGone, ChannelSeen
from tests.tollguard.adopting import adopting
from tests.tollguard.judging import MONACO, SITE, TOKYO, enforcing
from tollguard.call_records import CallRecords
from tollguard.store_link import StoreLink


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


@pytest.mark.parametrize("claim", ["110", TOKYO])
@pytest.mark.parametrize("app", ["Wait", "AppDial"])
async def test_the_uri_that_was_sent_wins_over_a_variable(
    tmp_path: Path, claim: str, app: str
) -> None:
    """Who originates can preset DIALEDPEERNUMBER and another call's token."""
    async with adopting(tmp_path) as made:
        await made.reserve("t1", TOKYO)
        made.channel("2.1", paid="t1", dialled=claim, app=app, uri=f"sip:{MONACO}@192.0.2.9")
        assert await made.adoption.adopt()

        assert made.of("2.1") == (None, "MC", False)


async def test_without_a_uri_the_variable_counts_only_of_what_dial_made(tmp_path: Path) -> None:
    """An application of an Originate proves no emergency."""
    async with adopting(tmp_path) as made:
        made.channel("2.1", dialled="110", app="Wait")
        made.channel("2.2", dialled="110", app="AppDial")
        assert await made.adoption.adopt()

        assert [made.of(one)[2] for one in ("2.1", "2.2")] == [False, True]


@pytest.mark.parametrize("later", [TOKYO, "110", "01044123456789"])
async def test_a_leg_that_was_transferred_is_what_was_paid_for_it(
    tmp_path: Path, later: str
) -> None:
    """Its own mark counts; what it dialled since then, as somebody's caller, is another leg's."""
    async with adopting(tmp_path) as made:
        await made.reserve("t1")
        uri = f"sip:{MONACO}@192.0.2.9"
        made.channel("2.1", paid="t1", token="t2", dialled=later, uri=uri)
        assert await made.adoption.adopt()

        assert made.of("2.1") == ("6001", "MC", False)
        assert made.leg("2.1").token == "t1"
        assert "Hangup" not in {action["Action"] for action in made.fake.actions}


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
