"""Tests of the judge of numbers without a certain meaning."""

from policies.decision import Step, Verdict
from policies.judges.unclassifiable import judge
from tests.policies.builders import case


def test_judge() -> None:
    """A carrier code without 010 is refused with its cause; a number of home goes on."""
    assert judge(case("00330312345678")) == Step(
        "unclassifiable", Verdict.DENY, "unclassifiable", (("why", "carrier-code"),)
    )
    assert judge(case("0312345678")).facts == (("class", "fixed"),)
