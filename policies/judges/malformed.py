"""Refuses what cannot be a number: in every mode, before anything else looks at it."""

from policies.decision import Step
from policies.judges.case import Case, abstain, deny
from policies.numbering.number import NumberClass
from policies.reasons import Reason

NAME = "malformed"
WELL_FORMED = abstain(NAME, Reason.WELL_FORMED)


def judge(case: Case) -> Step:
    """Deny a string of foreign characters, none, or too many."""
    if case.number.number_class is NumberClass.MALFORMED:
        return deny(NAME, Reason.MALFORMED, ("why", case.number.why))
    return WELL_FORMED
