"""Refuses a trunk that the configuration does not declare: its number form would be a guess."""

from policies.decision import Step
from policies.judges.case import Case, abstain, deny
from policies.reasons import Reason

NAME = "trunk"
KNOWN = abstain(NAME, Reason.KNOWN_TRUNK)


def judge(case: Case) -> Step:
    """Deny an undeclared trunk."""
    if case.policy.trunk(case.attempt.trunk) is None:
        return deny(NAME, Reason.UNKNOWN_TRUNK, ("trunk", case.attempt.trunk))
    return KNOWN
