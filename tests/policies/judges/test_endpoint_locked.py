"""Tests of the judge of suspended endpoints."""

from dataclasses import replace

import pytest

from policies.decision import Verdict
from policies.judges.endpoint_locked import judge
from policies.policy import SuspensionKind
from policies.principal import Principal
from tests.policies.builders import ENFORCED, case, suspension

LOCKED = replace(ENFORCED, suspensions=(suspension(SuspensionKind.ENDPOINT, "6001"),))


@pytest.mark.parametrize(
    ("endpoint", "verdict"),
    [("6001", Verdict.DENY), ("6002", Verdict.ABSTAIN), (None, Verdict.ABSTAIN)],
)
def test_judge(endpoint: str | None, verdict: Verdict) -> None:
    """Only the suspended endpoint is refused, whatever it dials."""
    step = judge(case("0312345678", LOCKED, endpoint=endpoint))

    assert step.verdict is verdict
    assert (step.reason == "endpoint-suspended") is (verdict is Verdict.DENY)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        (Principal("6002", ("6001",), "master"), Verdict.DENY),
        (Principal(None, ("6001",), "nobody"), Verdict.DENY),
        (Principal(None, (), "forwarder", "", "not-in-map", "6001"), Verdict.DENY),
        (Principal("6002", ("6003",), "master"), Verdict.ABSTAIN),
    ],
)
def test_everybody_held_is_looked_at(answers: Principal, verdict: Verdict) -> None:
    """One who acted in the call, or is only claimed to have, takes the call with him."""
    assert judge(case("0312345678", LOCKED, principal=answers)).verdict is verdict
