"""What the gate answers when something of ours fails: an emergency passes, nothing abroad does."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from policies.decision import Verdict
from policies.events import LegDialled
from policies.parties import CallParties
from policies.policy import Mode, Suspension, SuspensionKind
from policies.situation import Situation
from tests.tollguard.judging import (
    A_DAY_MS,
    FOUR_HOURS_MS,
    MONACO,
    TOKYO,
    attempt,
    enforcing,
    judging,
    told,
)
from tollguard.reservations import Reservations


class Halting(Situation):
    """A situation whose counting has a bug."""

    def chargeable_calls(self, endpoint: str | None = None) -> int:  # noqa: ARG002 - raises
        """Raise, as a bug would."""
        raise ZeroDivisionError


class Broken(Halting):
    """A situation that takes no event either."""

    def apply(self, event: object) -> None:  # noqa: ARG002 - raises
        """Raise, as a bug would."""
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("number", "mode", "domestic", "verdict", "limit_ms"),
    [
        ("110", Mode.ENFORCE, "deny", Verdict.ALLOW, A_DAY_MS),
        (TOKYO, Mode.ENFORCE, "allow", Verdict.ALLOW, FOUR_HOURS_MS),
        (TOKYO, Mode.ENFORCE, "deny", Verdict.DENY, 0),
        (MONACO, Mode.ENFORCE, "allow", Verdict.DENY, 0),
        (MONACO, Mode.OBSERVE, "deny", Verdict.ALLOW, A_DAY_MS),
    ],
)
async def test_a_bug_is_answered_by_class(
    tmp_path: Path, number: str, mode: Mode, domestic: str, verdict: Verdict, limit_ms: int
) -> None:
    """A fault allows an emergency for a day, domestic as configured, and nothing chargeable."""
    desk = judging(tmp_path / "ledger.db", enforcing(mode=mode), domestic=domestic)
    desk.gate._situation = Broken()

    answer = await desk.judge(attempt(number))
    await desk.reservations.close()

    assert (told(answer), answer.limit_ms) == ((verdict, "gate-error"), limit_ms)
    assert [s.judge for s in desk.recorded[0].decision.steps] == ["gate"]


async def test_a_bug_in_the_ledger_denies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that is no `LedgerError` denies a chargeable call and frees its slot."""

    def fail(_self: object, _reservation: object) -> int:
        raise ZeroDivisionError

    desk = judging(tmp_path / "ledger.db")
    monkeypatch.setattr(Reservations, "reserve", fail)
    answer = await desk.judge(attempt(MONACO))
    await desk.reservations.close()

    assert told(answer) == (Verdict.DENY, "gate-error")
    assert desk.situation.chargeable_calls() == 0


async def test_what_a_bug_allowed_is_counted_too(tmp_path: Path) -> None:
    """Its token is known, so its leg is the endpoint's and a suspension can cut it."""
    desk = judging(tmp_path / "ledger.db", enforcing(mode=Mode.OBSERVE))
    situation = desk.gate._situation = Halting()
    answer = await desk.judge(attempt(MONACO))
    situation.apply(LegDialled(0.0, "2.1", "1.1", "PJSIP/trunk-1", "1.1", "1@trunk", answer.token))
    leg = situation.leg("2.1")
    await desk.reservations.close()

    assert told(answer) == (Verdict.ALLOW, "gate-error")
    assert leg is not None
    assert leg.attempt is not None
    assert leg.attempt.endpoint == "6001"


class Lost(Halting):
    """A situation that can tell nothing of calls."""

    def parties(self, linkedid: str) -> CallParties:  # noqa: ARG002 - raises
        """Raise, as a bug would."""
        raise ZeroDivisionError


def suspended(kind: SuspensionKind, target: str) -> Suspension:
    return Suspension(7, kind, target, 0.0, None, "fraud", "alice")


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.ENFORCE])
@pytest.mark.parametrize(
    ("number", "suspension", "reason"),
    [
        (MONACO, suspended(SuspensionKind.COUNTRY, "MC"), "country-suspended"),
        (MONACO, suspended(SuspensionKind.INTERNATIONAL, "*"), "international-suspended"),
        (TOKYO, suspended(SuspensionKind.ENDPOINT, "6001"), "endpoint-suspended"),
    ],
)
@pytest.mark.parametrize("faulty", [Halting, Lost])
async def test_a_fault_does_not_lift_a_suspension(
    tmp_path: Path,
    faulty: type[Halting],
    number: str,
    suspension: Suspension,
    reason: str,
    mode: Mode,
) -> None:
    """What the operator stopped stays stopped in every mode, even where judging fails."""
    desk = judging(tmp_path / "ledger.db", replace(enforcing(mode=mode), suspensions=(suspension,)))
    desk.gate._situation = faulty()
    answer = await desk.judge(attempt(number))
    emergency = await desk.judge(attempt("110"))
    await desk.reservations.close()

    assert told(answer) == (Verdict.DENY, reason)
    assert emergency.verdict is Verdict.ALLOW
    assert desk.recorded[0].decision.principal.held in {(), ("6001",)}


@pytest.mark.parametrize(
    ("number", "verdict"), [(MONACO, Verdict.DENY), (TOKYO, Verdict.ALLOW), ("110", Verdict.ALLOW)]
)
async def test_suspensions_that_cannot_be_read_stop_what_leads_abroad(
    tmp_path: Path, number: str, verdict: Verdict
) -> None:
    """With a suspension that raises, a call abroad is refused in observe as well."""

    class Unreadable:
        """A suspension with a bug."""

        kind = SuspensionKind.COUNTRY

        @property
        def target(self) -> str:
            """Raise, as a bug would."""
            raise ZeroDivisionError

    policy = replace(enforcing(mode=Mode.OBSERVE), suspensions=(cast("Suspension", Unreadable()),))
    desk = judging(tmp_path / "ledger.db", policy)
    answer = await desk.judge(attempt(number))
    await desk.reservations.close()

    assert answer.verdict is verdict
