"""Tests of the operator's will as values."""

import pytest

from policies.policy import Grant, Policy, Suspension, SuspensionKind
from tests.policies.builders import ENFORCED, TRUNK


@pytest.mark.parametrize(
    ("now_s", "verdict"),
    [(9.9, "closed"), (10.0, "closed"), (19.9, "closed"), (20.0, "free")],
)
def test_a_suspension_holds_to_before_its_end(now_s: float, verdict: str) -> None:
    """The end itself is free; a clock set back to before the start opens nothing."""
    suspension = Suspension(1, SuspensionKind.COUNTRY, "MC", 10.0, 20.0, "", "")

    assert suspension.holds(now_s) is (verdict == "closed")


def test_a_suspension_without_an_end_holds() -> None:
    """Until resumed means for ever."""
    suspension = Suspension(1, SuspensionKind.COUNTRY, "MC", 10.0, None, "", "")

    assert suspension.holds(1e12)


def test_a_grant_holds_to_before_its_end() -> None:
    """The end itself is not granted; without an end it holds."""
    ends, stays = Grant(1, "6001", None, 20.0), Grant(1, "6001", None)

    assert [ends.holds(19.9), ends.holds(20.0), stays.holds(1e12)] == [True, False, True]


def test_a_trunk_is_found_by_its_endpoint() -> None:
    """Only declared trunks are found."""
    assert ENFORCED.trunk("trunk") == TRUNK
    assert ENFORCED.trunk("6001") is None
    assert Policy().trunk("trunk") is None
