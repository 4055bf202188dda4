"""Tests of what every judge is shown."""

from dataclasses import replace

from policies.decision import Step, Verdict
from policies.judges.case import abstain, deny, suspended
from policies.policy import SuspensionKind
from policies.reasons import Reason
from tests.policies.builders import ENFORCED, NOW_S, case, suspension


def test_a_suspension_is_found_while_it_holds() -> None:
    """Kind, target and time must all fit; None takes any of the kind, no target takes none."""
    over = suspension(SuspensionKind.COUNTRY, "MC", until_s=NOW_S)
    held = suspension(SuspensionKind.COUNTRY, "FR", until_s=NOW_S + 1)
    shown = case("110", replace(ENFORCED, suspensions=(over, held)))

    assert shown.suspension(SuspensionKind.COUNTRY, {"FR", "DE"}) == held
    assert shown.suspension(SuspensionKind.COUNTRY, {"MC"}) is None
    assert shown.suspension(SuspensionKind.COUNTRY, set()) is None
    assert shown.suspension(SuspensionKind.COUNTRY) == held
    assert shown.suspension(SuspensionKind.ENDPOINT, {"FR"}) is None


def test_steps_carry_their_facts() -> None:
    """Facts are named values in order."""
    assert abstain("x", Reason.CLASSIFIED, ("class", "fixed")) == Step(
        "x", Verdict.ABSTAIN, "classified", (("class", "fixed"),)
    )
    assert deny("x", Reason.MALFORMED) == Step("x", Verdict.DENY, "malformed")


def test_a_suspended_step_tells_who_why_and_until_when() -> None:
    """What an operator needs to lift it is in the facts."""
    step = suspended("x", Reason.COUNTRY_SUSPENDED, suspension(until_s=12.5))

    assert step.facts == (
        ("suspension", "7"),
        ("target", "*"),
        ("until_s", "12.5"),
        ("by", "alice"),
        ("words", "fraud"),
    )
    assert ("until_s", "") in suspended("x", Reason.COUNTRY_SUSPENDED, suspension()).facts
