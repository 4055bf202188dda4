"""Bounds how many chargeable calls run at once, of one endpoint and of the whole PBX."""

from policies.decision import Step
from policies.judges.case import Case, abstain, deny
from policies.reasons import Reason

NAME = "concurrency"
NOT_CHARGEABLE = abstain(NAME, Reason.NOT_CHARGEABLE)
WITHIN_LIMITS = abstain(NAME, Reason.WITHIN_CALL_LIMITS)


def judge(case: Case) -> Step:
    """Deny a chargeable call beyond a limit; calls that cost nothing are never counted."""
    if not case.number.chargeable:
        return NOT_CHARGEABLE
    limits = case.policy.limits
    endpoint = case.attempt.endpoint
    counted = [("site", case.situation.chargeable_calls(), limits.chargeable_per_site)]
    if endpoint is not None:
        calls = case.situation.chargeable_calls(endpoint)
        counted.insert(0, ("endpoint", calls, limits.chargeable_per_endpoint))
    for scope, calls, limit in counted:
        if calls >= limit:
            facts = ("scope", scope), ("calls", str(calls)), ("limit", str(limit))
            return deny(NAME, Reason.TOO_MANY_CALLS, *facts)
    return WITHIN_LIMITS
