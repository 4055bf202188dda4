"""Tests of the judge of trunks."""

from policies.decision import Step, Verdict
from policies.judges.trunk import judge
from policies.policy import Policy
from tests.policies.builders import case


def test_judge() -> None:
    """A trunk that the configuration does not declare is refused."""
    assert judge(case("0312345678", Policy())) == Step(
        "trunk", Verdict.DENY, "unknown-trunk", (("trunk", "trunk"),)
    )
    assert judge(case("0312345678")).verdict is Verdict.ABSTAIN
