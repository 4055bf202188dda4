"""Tests of the judge of number classes."""

from dataclasses import replace

from policies.decision import Step, Verdict
from policies.judges.class_permission import judge
from tests.policies.builders import ENFORCED, case


def test_judge() -> None:
    """Premium is closed from the start, and the operator chooses what else is."""
    assert judge(case("0990512345")) == Step(
        "class_permission", Verdict.DENY, "class-denied", (("class", "premium"),)
    )
    assert judge(case("0570012345")).verdict is Verdict.ABSTAIN
    closed = replace(ENFORCED, denied_classes=frozenset({"shared-cost"}))
    assert judge(case("0570012345", closed)).verdict is Verdict.DENY
    assert judge(case("0990512345", closed)).verdict is Verdict.ABSTAIN
