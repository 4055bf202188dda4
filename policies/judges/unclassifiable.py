"""Refuses a number without a certain meaning: what is not positively known is not dialled."""

from policies.decision import Step
from policies.judges.case import Case, abstain, deny
from policies.numbering.number import NumberClass
from policies.reasons import Reason

NAME = "unclassifiable"
CLASSIFIED = {kind: abstain(NAME, Reason.CLASSIFIED, ("class", kind)) for kind in NumberClass}


def judge(case: Case) -> Step:
    """Deny what the dial plan could not take apart."""
    if case.number.number_class is NumberClass.UNCLASSIFIABLE:
        return deny(NAME, Reason.UNCLASSIFIABLE, ("why", case.number.why))
    return CLASSIFIED[case.number.number_class]
