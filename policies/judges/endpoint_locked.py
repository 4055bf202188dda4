"""Refuses every call of an endpoint that an operator has suspended; emergencies passed before."""

from policies.decision import Step
from policies.judges.case import Case, abstain, suspended
from policies.policy import SuspensionKind
from policies.reasons import Reason

NAME = "endpoint_locked"
NOT_SUSPENDED = abstain(NAME, Reason.ENDPOINT_NOT_SUSPENDED)


def judge(case: Case) -> Step:
    """Deny while the responsible endpoint is suspended."""
    endpoint = case.attempt.endpoint
    if endpoint is not None:
        suspension = case.suspension(SuspensionKind.ENDPOINT, {endpoint})
        if suspension is not None:
            return suspended(NAME, Reason.ENDPOINT_SUSPENDED, suspension)
    return NOT_SUSPENDED
