"""Refuses classes of numbers that no one may call, premium ones from the start.

Calls at home that nobody answers for, such as originated ones, are refused where the site says so.
"""

from policies.decision import Step
from policies.judges.case import Case, abstain, deny
from policies.numbering.number import NumberClass
from policies.policy import NobodyDomestic
from policies.principal import NO_ACTOR
from policies.reasons import Reason

NAME = "class_permission"
PERMITTED = {kind: abstain(NAME, Reason.CLASS_PERMITTED, ("class", kind)) for kind in NumberClass}


def judge(case: Case) -> Step:
    """Deny a class that the policy closes, and calls at home without a principal if so set."""
    number_class = case.number.number_class
    if number_class in case.policy.denied_classes:
        return deny(NAME, Reason.CLASS_DENIED, ("class", number_class))
    if case.principal.missing == NO_ACTOR and _is_shut_to_nobody(case):
        return deny(NAME, Reason.NOBODY_NOT_PERMITTED, ("class", number_class))
    return PERMITTED[number_class]


def _is_shut_to_nobody(case: Case) -> bool:
    """Tell whether the site refuses such a number to nobody; what leads abroad is judged later."""
    shut = case.policy.site.nobody_domestic is NobodyDomestic.DENY
    return shut and case.number.number_class is not NumberClass.INTERNATIONAL
