"""Tests of the compiled plan's shape."""

import pytest

from policies.numbering.number import NumberClass
from policies.numbering.plan import Reading, emergency_forms, only_digits, unclassifiable
from policies.numbering.plans import plan_for
from policies.policy import Site
from policies.reasons import Reason
from tests.policies.builders import JAPAN


def test_emergency_forms_without_an_outside_line() -> None:
    """Every emergency number is listed bare and behind each line prefix."""
    prefixes = ("122", "184", "186")
    bare = ("110", "118", "119")

    assert emergency_forms(JAPAN) == bare + tuple(p + n for p in prefixes for n in bare)


def test_emergency_forms_with_an_outside_line() -> None:
    """The outside line doubles the list, and the site's own numbers are in it."""
    forms = emergency_forms(plan_for(Site(outside_line="0", emergency=("9110",))))

    assert {"110", "0110", "0184110", "9110", "09110"} <= set(forms)
    assert len(forms) == 4 * 4 * 2


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
