"""Tests of where a number that cannot be classified could lead."""

from hypothesis import given
from hypothesis import strategies as st

from policies.numbering import classify
from policies.numbering.abroad import countries_behind
from policies.numbering.plan import DIALLABLE
from policies.numbering.plans import plan_for
from policies.policy import Site
from tests.policies.builders import JAPAN, TRUNK


def behind(dialled: str) -> frozenset[str]:
    return countries_behind(classify(dialled, JAPAN, TRUNK), JAPAN)


def test_all_who_share_the_code_are_named() -> None:
    """What follows +1 could be any of its countries; what follows +377 only one."""
    assert behind("0103779312345600001") == {"MC"}
    assert {"US", "JM", "CA"} <= behind("+187655512340000000")


def test_a_classified_number_leads_where_its_class_says() -> None:
    """A certain number is never guessed at."""
    assert behind("01037793123456") == frozenset()


def test_another_home_s_prefix_is_its_plan_s() -> None:
    """Australia dials abroad behind 0011."""
    plan = plan_for(Site(plan="generic", country="AU", trunks=(TRUNK,)))
    number = classify("00113779312345600001", plan, TRUNK)

    assert countries_behind(number, plan) == {"MC"}


@given(st.text(DIALLABLE, max_size=64))
def test_any_text_is_survived(dialled: str) -> None:
    """Whatever is dialled, an answer comes without an error."""
    assert isinstance(behind(dialled), frozenset)
