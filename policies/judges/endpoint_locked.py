"""Refuses calls that a suspended endpoint is responsible for; emergencies passed before."""

from policies.decision import Step
from policies.judges.case import Case, abstain, suspended
from policies.policy import SuspensionKind
from policies.reasons import Reason

NAME = "endpoint_locked"
NOT_SUSPENDED = abstain(NAME, Reason.ENDPOINT_NOT_SUSPENDED)


def judge(case: Case) -> Step:
    """Deny while any endpoint held responsible is suspended, a merely claimed one included."""
    if not case.policy.suspensions:
        return NOT_SUSPENDED
    endpoints = {*case.principal.held, case.principal.claimed}
    suspension = case.suspension(SuspensionKind.ENDPOINT, endpoints)
    if suspension is not None:
        return suspended(NAME, Reason.ENDPOINT_SUSPENDED, suspension)
    return NOT_SUSPENDED
