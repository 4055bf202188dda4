"""Tests of the judge of suspended countries."""

from dataclasses import replace

import pytest

from policies.decision import Verdict
from policies.judges.country import judge
from policies.policy import SuspensionKind
from tests.policies.builders import ENFORCED, case, suspension


@pytest.mark.parametrize(
    ("dialled", "country", "verdict"),
    [
        ("01037793123456", "MC", Verdict.DENY),
        ("01037793123456", "FR", Verdict.ABSTAIN),
        ("0312345678", "JP", Verdict.DENY),
        ("0312345678", "MC", Verdict.ABSTAIN),
        ("010881612345678", "MC", Verdict.ABSTAIN),
        ("01018765551234", "US", Verdict.ABSTAIN),
        ("01018765551234", "JM", Verdict.DENY),
    ],
)
def test_judge(dialled: str, country: str, verdict: Verdict) -> None:
    """The country of the number counts and not its calling code; home too if so ordered."""
    policy = replace(ENFORCED, suspensions=(suspension(SuspensionKind.COUNTRY, country),))
    step = judge(case(dialled, policy))

    assert step.verdict is verdict
    assert (step.reason == "country-suspended") is (verdict is Verdict.DENY)
