"""Tests of the judge of emergency calls."""

from policies.decision import Step, Verdict
from policies.judges.emergency import judge
from tests.policies.builders import case


def test_judge() -> None:
    """An emergency number is allowed in any form; any other goes on."""
    expected = Step("emergency", Verdict.ALLOW, "emergency", (("number", "110"),))

    assert judge(case("184110")) == expected
    assert judge(case("1101")).verdict is Verdict.ABSTAIN
