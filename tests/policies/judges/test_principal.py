"""Tests of the step that says who answers for a call."""

from policies.decision import Verdict
from policies.judges.principal import judge
from policies.principal import NOBODYS, Principal
from tests.policies.builders import case


def test_the_step_says_who_and_how() -> None:
    """A direct call names its endpoint; nothing that is empty is told."""
    step = judge(case("0312345678"))

    assert (step.verdict, step.reason) == (Verdict.ABSTAIN, "responsible")
    assert step.facts == (("endpoint", "6001"), ("via", "direct"))


def test_the_step_says_everything_that_takes_rights_away() -> None:
    """Others, the context, what is missing and what is only claimed are facts."""
    answers = Principal(None, ("6002", "6003"), NOBODYS, "fax", "nobody", "6009")
    step = judge(case("0312345678", principal=answers))

    assert (step.verdict, step.reason) == (Verdict.ABSTAIN, "nobody-responsible")
    assert step.facts == (
        ("endpoint", ""),
        ("via", "nobody"),
        ("others", "6002,6003"),
        ("context", "fax"),
        ("missing", "nobody"),
        ("claimed", "6009"),
    )
