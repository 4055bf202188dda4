"""Tests of the judge of malformed strings."""

from policies.decision import Step, Verdict
from policies.judges.malformed import judge
from tests.policies.builders import case


def test_judge() -> None:
    """A foreign character is refused with its cause; a number goes on."""
    assert judge(case("0102&PJSIP/x")) == Step(
        "malformed", Verdict.DENY, "malformed", (("why", "foreign-character"),)
    )
    assert judge(case("0312345678")).verdict is Verdict.ABSTAIN
