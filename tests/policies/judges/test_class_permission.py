"""Tests of the judge of number classes."""

from dataclasses import replace

from policies.decision import Step, Verdict
from policies.judges.class_permission import judge
from policies.policy import NobodyDomestic
from policies.principal import Principal
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


def test_calls_at_home_that_nobody_answers_for() -> None:
    """They go where the site says so; what leads abroad is judged later, a phone always may."""
    site = replace(ENFORCED.site, nobody_domestic=NobodyDomestic.DENY)
    shut = replace(ENFORCED, site=site)

    assert judge(case("0312345678", endpoint=None)).verdict is Verdict.ABSTAIN
    assert judge(case("0312345678", shut)).verdict is Verdict.ABSTAIN
    assert judge(case("0312345678", shut, endpoint=None)) == Step(
        "class_permission", Verdict.DENY, "nobody-not-permitted", (("class", "fixed"),)
    )
    unproven = Principal(None, (), "forwarder", "", "blind", "6002")
    assert judge(case("0312345678", shut, principal=unproven)).verdict is Verdict.ABSTAIN
    assert judge(case("01037793123456", shut, endpoint=None)).verdict is Verdict.ABSTAIN
