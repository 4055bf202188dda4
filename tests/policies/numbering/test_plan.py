"""Tests of the compiled plan's shape."""

import pytest

from policies.numbering.number import NumberClass
from policies.numbering.plan import Reading, only_digits, unclassifiable
from policies.numbering.plans import plan_for
from policies.policy import Site
from policies.reasons import Reason
from tests.policies.builders import JAPAN


def test_on_the_wire_there_is_no_outside_line() -> None:
    """A trunk never sees the outside line; all else is the same."""
    plan = plan_for(Site(outside_line="0"))

    assert plan.on_the_wire() == JAPAN


def test_unclassifiable_says_why() -> None:
    """A reading without meaning keeps what was taken off."""
    expected = Reading(NumberClass.UNCLASSIFIABLE, removed=("184",), why="no-rule")

    assert unclassifiable(Reason.NO_RULE, "184") == expected


@pytest.mark.parametrize("text", ["", "+1", "1a", "１２", "١", "1 ", "²"])
def test_only_ascii_digits_are_digits(text: str) -> None:
    """Digits of other scripts, which Python's own test takes, are none."""
    assert not only_digits(text)
    assert only_digits("0123456789")
