"""An adopted leg is bounded by what is left of its grant, or hung up where it surely costs."""

import time
from pathlib import Path

import pytest

from policies.detection.finding import LegDone
from policies.policy import Mode
from tests.tollguard.adopting import adopting
from tests.tollguard.judging import MONACO, TOKYO, enforcing
from tests.until import until


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
