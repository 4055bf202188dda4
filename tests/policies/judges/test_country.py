"""Tests of the judge of suspended countries."""

from dataclasses import replace

import pytest

from policies.decision import Verdict
from policies.judges.country import judge
from policies.policy import SuspensionKind
from tests.policies.builders import ENFORCED, NOW_S, case, suspension


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


@pytest.mark.parametrize(
    ("dialled", "country", "verdict"),
    [
        ("0103779312345600001", "MC", Verdict.DENY),
        ("+3779312345600001", "MC", Verdict.DENY),
        ("184+3779312345600001", "MC", Verdict.DENY),
        ("00810103779312345600001", "MC", Verdict.DENY),
        ("0010103779312345600001", "MC", Verdict.DENY),
        ("0103779312345600001", "FR", Verdict.ABSTAIN),
        ("010187655512340000000", "JM", Verdict.DENY),
        ("010187655512340000000", "US", Verdict.DENY),
        ("010888000000000000001", "MC", Verdict.ABSTAIN),
        ("01037*", "MC", Verdict.ABSTAIN),
        ("010", "MC", Verdict.ABSTAIN),
        ("+", "MC", Verdict.ABSTAIN),
        ("03123456780", "JP", Verdict.ABSTAIN),
        ("03779312345600001", "MC", Verdict.ABSTAIN),
        ("1843779312345600001", "MC", Verdict.ABSTAIN),
    ],
)
def test_an_unclassifiable_number_is_no_way_around(
    dialled: str, country: str, verdict: Verdict
) -> None:
    """What begins with the country's calling code abroad is closed with it."""
    policy = replace(ENFORCED, suspensions=(suspension(SuspensionKind.COUNTRY, country),))

    assert judge(case(dialled, policy)).verdict is verdict


def test_a_suspension_that_is_over_covers_no_unclassifiable_number() -> None:
    """The end opens it for these numbers, too."""
    over = suspension(SuspensionKind.COUNTRY, "MC", until_s=NOW_S)

    step = judge(case("0103779312345600001", replace(ENFORCED, suspensions=(over,))))

    assert step.verdict is Verdict.ABSTAIN
