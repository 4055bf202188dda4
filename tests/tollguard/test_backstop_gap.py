"""A leg whose token is of before the daemon's start: its row is looked up before it is judged."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from policies.events import ChannelGone, LegAnswered
from policies.policy import Suspension, SuspensionKind
from tests.tollguard.judging import MONACO, attempt, enforcing
from tests.tollguard.standing import standing
from tests.until import until
from tollguard.ledger import Ledger
from tollguard.ledger_file import Reservation


async def before(folder: Path, token: str, number: str = MONACO, caller: str = "1.1") -> None:
    """Have a row in the ledger of a call that 6001 was allowed before our start."""
    ledger = Ledger.open(folder / "ledger.db")
    await ledger.reserve(
        Reservation(token, "6001", number, "MC", "trunk", caller, "1.1", 60_000, 3)
    )
    await ledger.close()


async def test_a_token_of_before_the_start_is_looked_up_and_its_leg_stands(tmp_path: Path) -> None:
    """It is its caller's, counted and bounded, though it was answered meanwhile."""
    await before(tmp_path, "t1")
    async with standing(tmp_path, young=True) as made:
        made.dial("2.1", MONACO, "t1")
        made.see(LegAnswered(time.monotonic(), "2.1"))
        await until(lambda: made.asked("AbsoluteTimeout") == ["2.1"], 5)

        leg = made.desk.situation.leg("2.1")
        assert leg is not None
        assert leg.attempt is not None
        assert leg.attempt.endpoint == "6001"
        assert made.desk.situation.chargeable_calls("6001") == 1
        assert (made.asked("Hangup"), made.found) == ([], [])


async def test_of_two_legs_with_one_token_of_before_the_second_is_cut(tmp_path: Path) -> None:
    """Forked, or dialled again when the first has ended: the row is used once."""
    await before(tmp_path, "t1")
    async with standing(tmp_path, young=True) as made:
        made.dial("2.1", MONACO, "t1")
        made.dial("2.2", MONACO, "t1")
        await until(lambda: made.asked("Hangup") == ["2.2"], 5)
        made.see(ChannelGone(time.monotonic(), "2.1", 34))
        made.dial("2.3", MONACO, "t1")
        await until(lambda: made.asked("Hangup") == ["2.2", "2.3"], 5)

        assert [leg.reason for one in made.found for leg in one.legs][-1] == "token-used"


@pytest.mark.parametrize(
    ("token", "number", "caller"),
    [("t1", MONACO + "0", "1.1"), ("t1", MONACO, "1.9"), ("forged", MONACO, "1.1")],
    ids=["another number", "another caller", "no row"],
)
async def test_a_row_of_another_call_proves_nothing(
    tmp_path: Path, token: str, number: str, caller: str
) -> None:
    """The leg is cut, and the row still waits for its own."""
    await before(tmp_path, "t1")
    async with standing(tmp_path, young=True) as made:
        made.dial("2.1", number, token, caller)
        await until(lambda: made.asked("Hangup") == ["2.1"], 5)
        made.dial("2.2", MONACO, "t1")
        await until(lambda: made.desk.situation.chargeable_calls("6001") == 1, 5)

        assert made.asked("Hangup") == ["2.1"]


async def test_a_token_of_our_own_time_is_never_looked_up(tmp_path: Path) -> None:
    """Memory knows what became of it: used by a leg that has ended, it has a row still."""
    async with standing(tmp_path, young=True) as made:
        answer = await made.desk.judge(attempt(MONACO))
        made.dial("2.1", MONACO, answer.token)
        made.see(ChannelGone(time.monotonic(), "2.1", 34))
        made.dial("2.2", MONACO, answer.token)
        await until(lambda: made.asked("Hangup") == ["2.2"], 5)


async def test_a_policy_that_changed_over_the_restart_is_asked_again(tmp_path: Path) -> None:
    """The recorded principal is judged by what is in force now."""
    await before(tmp_path, "t1")
    closed = Suspension(1, SuspensionKind.ENDPOINT, "6001", 0.0, None, "test", "me")
    policy = replace(enforcing(revision=4), suspensions=(closed,))
    async with standing(tmp_path, policy, young=True) as made:
        made.dial("2.1", MONACO, "t1")
        await until(lambda: made.found, 5)

        assert made.asked("Hangup") == ["2.1"]
        assert made.found[0].legs[0].reason == "policy-changed"


async def test_an_emergency_with_an_unknown_token_waits_for_nothing(tmp_path: Path) -> None:
    """Its row of the verdict is there at once."""
    async with standing(tmp_path, young=True) as made:
        made.dial("2.1", "110", "unknown")

        assert (made.backstop.counts.stood, made.verdicts.waiting) == (1, 1)


async def test_a_leg_that_ended_while_its_row_was_looked_up_leaves_nothing(tmp_path: Path) -> None:
    """Its slot is not taken, and no limit is kept; without a row it is told all the same."""
    await before(tmp_path, "t1")
    async with standing(tmp_path, young=True) as made:
        for uniqueid, token in (("2.1", "t1"), ("2.2", "forged")):
            made.dial(uniqueid, MONACO, token)
            made.see(ChannelGone(time.monotonic(), uniqueid, 16))
        await until(lambda: made.found, 5)

        assert made.backstop._limits == {}
        assert made.desk.situation.legs() == ()


async def test_a_fault_while_a_row_is_looked_up_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next leg is looked at all the same."""
    async with standing(tmp_path, young=True) as made:
        with structlog.testing.capture_logs() as lines:
            made.dial("2.1", MONACO, "forged")
            plan = made.desk.gate.plan
            monkeypatch.delattr(made.desk.gate, "plan")
            await until(lambda: lines, 5)
        made.desk.gate.plan = plan
        made.dial("2.2", MONACO, "forged")
        await until(lambda: made.asked("Hangup") == ["2.2"], 5)

        assert lines[0]["event"] == "not-accounted"
