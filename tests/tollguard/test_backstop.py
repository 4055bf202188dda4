"""What the backstop does with legs: cut, bounded, recorded and told, by a real gate and hands."""

import time
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import structlog

from policies.detection.finding import FindingKind, LegDone
from policies.events import (
    Address,
    Authentication,
    AuthOutcome,
    ChannelGone,
    ChannelSeen,
    Event,
    LegAnswered,
    LegDialled,
    Reconciled,
    TransferKind,
    Transferred,
)
from policies.policy import Mode, Suspension, SuspensionKind, UndeclaredLegs
from tests.tollguard.judging import MONACO, TOKYO, attempt, enforcing
from tests.tollguard.standing import standing
from tests.until import until
from tollguard import leg_cutter
from tollguard.backstop import LOGGED_AT_ONCE


async def test_a_leg_around_the_gate_is_hung_up_and_told(tmp_path: Path) -> None:
    """Its finding names number, trunk, context and application; its verdict is kept."""
    async with standing(tmp_path) as made:
        made.dial("2.1", MONACO)
        await until(lambda: made.found, 5)

        (leg,) = made.found[0].legs
        assert made.asked("Hangup") == ["2.1"]
        assert made.found[0].kind is FindingKind.UNACCOUNTED_LEG
        assert (leg.number, leg.trunk, leg.context, leg.application, leg.way, leg.done) == (
            MONACO,
            "trunk",
            "fax",
            "Dial",
            "dial",
            LegDone.HUNG_UP,
        )
        assert (made.verdicts.waiting, made.backstop.counts.cut) == (1, 1)


async def test_the_gates_leg_is_bounded_at_its_answer(tmp_path: Path) -> None:
    """By what the gate granted; it is no finding, and its end forgets it."""
    async with standing(tmp_path) as made:
        answer = await made.desk.judge(attempt(MONACO))
        made.dial("2.1", MONACO, answer.token)
        made.see(LegAnswered(time.monotonic(), "2.1"))
        await until(lambda: made.asked("AbsoluteTimeout") == ["2.1"], 5)
        made.see(ChannelGone(time.monotonic(), "2.1", 16))

        leg = made.fake.actions[-1]
        assert answer.limit_ms / 1_000 - 5 < float(leg["Timeout"]) <= answer.limit_ms / 1_000
        assert made.found == []
        assert made.backstop._limits == {}


async def test_a_limit_outlives_a_masquerade(tmp_path: Path) -> None:
    """A rename, and an attended transfer of the call, have what is left set again."""
    async with standing(tmp_path) as made:
        answer = await made.desk.judge(attempt(MONACO))
        made.dial("2.1", MONACO, answer.token)
        made.see(LegAnswered(time.monotonic(), "2.1"))
        await until(lambda: made.asked("AbsoluteTimeout") == ["2.1"], 5)
        at_s, transferer = time.monotonic(), "PJSIP/6001-1"
        events: tuple[Event, ...] = (
            ChannelSeen(at_s, "2.1", "", "PJSIP/trunk-00000000"),
            Transferred(at_s, "1.1", "1.1", transferer, TransferKind.ATTENDED),
        )
        for again, event in enumerate(events, start=2):
            made.see(event)
            await until(lambda: len(made.asked("AbsoluteTimeout")) >= again, 5)  # noqa: B023
        made.see(ChannelSeen(time.monotonic(), "2.1", "1.1", "PJSIP/trunk-00000000"))
        made.see(Transferred(time.monotonic(), "1.1", "1.1", "PJSIP/6001-1", TransferKind.BLIND))

        left_s = float(made.fake.actions[-1]["Timeout"])
        assert answer.limit_ms / 1_000 - 5 < left_s <= answer.limit_ms / 1_000
        assert made.backstop._cutter._to_limit == {}


async def test_observe_expects_no_end(tmp_path: Path) -> None:
    """What was adopted with a limit, and what enforce bounded before, is not hung up."""
    async with standing(tmp_path) as made:
        made.backstop.expect_end("2.1", 60.0)
        made.backstop.use_mode()
        assert set(made.backstop._cutter._ends) == {"2.1"}
        made.desk.gate.use(replace(enforcing(), mode=Mode.OBSERVE))
        made.backstop.use_mode()
        made.backstop.expect_end("2.2", 60.0)

        assert made.backstop._cutter._ends == {}


async def test_an_emergency_and_an_observed_leg_are_not_bounded(tmp_path: Path) -> None:
    """Neither the gate's nor one around it; a call at home around the gate is."""
    async with standing(tmp_path) as made:
        answer = await made.desk.judge(attempt("110"))
        made.dial("2.1", "110", answer.token)
        made.dial("2.2", "110")
        made.dial("2.3", TOKYO)
        for uniqueid in ("2.1", "2.2", "2.3"):
            made.see(LegAnswered(time.monotonic(), uniqueid))
        await until(lambda: made.asked("AbsoluteTimeout") == ["2.3"], 5)
        made.desk.gate.use(enforcing(mode=Mode.OBSERVE))
        made.dial("2.4", MONACO)
        made.see(LegAnswered(time.monotonic(), "2.4"))
        await until(lambda: made.found, 5)

        assert made.asked("AbsoluteTimeout") == ["2.3"]
        assert made.asked("Hangup") == []
        assert made.found[0].legs[0].done is LegDone.RECORDED
        assert (made.backstop.counts.stood, made.backstop.counts.recorded) == (2, 1)


async def test_a_wrong_token_does_not_take_the_attempts_slot(tmp_path: Path) -> None:
    """The leg is listed as nobody's; the attempt still waits for its own leg."""
    async with standing(tmp_path) as made:
        answer = await made.desk.judge(attempt(MONACO))
        made.dial("2.1", f"{MONACO}0", answer.token)
        made.dial("2.2", MONACO, answer.token)

        first, second = (made.desk.situation.leg(one) for one in ("2.1", "2.2"))
        assert first is not None
        assert second is not None
        assert first.attempt is None
        assert second.attempt is not None
        await until(lambda: made.asked("Hangup") == ["2.1"], 5)


async def test_a_suspension_while_the_call_waited_cuts_it(tmp_path: Path) -> None:
    """The leg keeps its attempt, whose slot is free when it is gone."""
    async with standing(tmp_path) as made:
        answer = await made.desk.judge(attempt(MONACO))
        closed = Suspension(1, SuspensionKind.COUNTRY, "MC", 0.0, None, "test", "me")
        made.desk.gate.use(replace(enforcing(revision=4), suspensions=(closed,)))
        made.dial("2.1", MONACO, answer.token)
        await until(lambda: made.asked("Hangup") == ["2.1"], 5)
        made.see(ChannelGone(time.monotonic(), "2.1", 21))

        assert made.desk.situation.chargeable_calls() == 0


async def test_a_change_that_leaves_the_call_is_recorded_as_judged_again(tmp_path: Path) -> None:
    """It is the gate's leg still, bounded and no finding; the verdict's row says so."""
    async with standing(tmp_path) as made:
        answer = await made.desk.judge(attempt(MONACO))
        made.desk.gate.use(enforcing(revision=4))
        made.dial("2.1", MONACO, answer.token)
        made.see(LegAnswered(time.monotonic(), "2.1"))
        await until(lambda: made.asked("AbsoluteTimeout") == ["2.1"], 5)

        assert (made.found, made.verdicts.waiting) == ([], 1)


async def test_a_burst_is_cut_whole_and_told_in_few_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand legs: each is hung up and has its row, and lines and findings stay few."""
    monkeypatch.setattr(leg_cutter, "AGAIN_S", 60.0)
    async with standing(tmp_path) as made:
        with structlog.testing.capture_logs() as lines:
            for n in range(1_000):
                made.dial(f"2.{n}", MONACO)
            await until(lambda: len(set(made.asked("Hangup"))) == 1_000, 30)
            await until(lambda: made.fake.names().count("Getvar") == LOGGED_AT_ONCE, 5)
            later_s = count(time.monotonic() + 20, 2)  # each time, for a leg may be told in between

            def all_told() -> bool:
                made.backstop.due(next(later_s))
                return made.found[-1].count == 1_000

            await until(all_told, 5)

        assert len(lines) <= 2 * LOGGED_AT_ONCE + 1
        assert "more-legs-around-the-gate" in {line["event"] for line in lines}
        assert len(made.found) < 50
        assert made.verdicts.waiting == 1_000


async def test_who_logged_in_to_ami_is_named_with_an_originate(tmp_path: Path) -> None:
    """AMI does not say who originates, so it is who logged in lately, but none of ours."""
    async with standing(tmp_path) as made:
        source = Address("127.0.0.1", 5038, "TCP")
        ok = AuthOutcome.SUCCEEDED
        now_s = time.monotonic()
        for n in range(20):
            made.see(Authentication(now_s, ok, f"robot{n}", source, "s", "AMI"))
        for account, outcome, service in (
            ("tollguard-eyes", ok, "AMI"),
            ("6001", ok, "PJSIP"),
            ("wrong", AuthOutcome.BAD_RESPONSE, "AMI"),
        ):
            made.see(Authentication(now_s, outcome, account, source, "s", service))
        made.dial("2.1", MONACO, caller="")
        await until(lambda: made.found, 5)

        (leg,) = made.found[0].legs
        assert (leg.way, leg.application) == ("originate", "")
        assert leg.manager == ", ".join(f"robot{n}" for n in range(12, 20))


async def test_an_undeclared_leg_is_found_and_not_bounded(tmp_path: Path) -> None:
    """It is hung up where the site says so."""
    policy = enforcing()
    async with standing(tmp_path, policy) as made:
        leg = LegDialled(
            time.monotonic(), "2.1", "1.1", "PJSIP/evil-00000001", "1.1", f"{MONACO}@evil", ""
        )
        made.see(leg)
        await until(lambda: made.found, 5)
        site = replace(policy.site, undeclared_legs=UndeclaredLegs.HANGUP)
        made.desk.gate.use(replace(policy, site=site))
        made.see(replace(leg, uniqueid="2.2"))
        await until(lambda: made.asked("Hangup") == ["2.2"], 5)
        made.see(replace(leg, uniqueid="2.3", channel="Local/1@x-00000001;1", dial_string="1@x"))

        assert made.found[0].kind is FindingKind.UNDECLARED_LEG
        assert made.found[0].subject == "PJSIP/evil"
        assert made.backstop._limits == {}


async def test_a_full_picture_forgets_limits_of_legs_that_are_gone(tmp_path: Path) -> None:
    """Their end was not seen."""
    async with standing(tmp_path) as made:
        made.dial("2.1", TOKYO)
        made.dial("2.2", TOKYO)
        made.see(Reconciled(time.monotonic(), frozenset(), frozenset({"2.2"})))

        assert set(made.backstop._limits) == {"2.2"}


async def test_a_fault_of_ours_loses_no_leg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told with its place, and the leg is taken as it came."""
    async with standing(tmp_path) as made:
        monkeypatch.delattr(made.desk.gate, "plan")
        with structlog.testing.capture_logs() as lines:
            made.dial("2.1", MONACO)

        assert made.desk.situation.leg("2.1") is not None
        assert lines[0]["event"] == "not-accounted"


async def test_a_leg_found_running_toward_no_trunk_is_left(tmp_path: Path) -> None:
    """The rule is about declared trunks."""
    async with standing(tmp_path) as made:
        made.backstop.found_running(
            LegDialled(0.0, "2.1", "1.1", "PJSIP/6002-00000001", "", "6002", "")
        )

        assert made.verdicts.waiting == 0
