"""Refuses classes of numbers that nobody may call, premium ones from the start."""

from policies.decision import Step
from policies.judges.case import Case, abstain, deny
from policies.numbering.number import NumberClass
from policies.reasons import Reason

NAME = "class_permission"
PERMITTED = {kind: abstain(NAME, Reason.CLASS_PERMITTED, ("class", kind)) for kind in NumberClass}


def judge(case: Case) -> Step:
    """Deny a class that the policy closes."""
    number_class = case.number.number_class
    if number_class in case.policy.denied_classes:
        return deny(NAME, Reason.CLASS_DENIED, ("class", number_class))
    return PERMITTED[number_class]
