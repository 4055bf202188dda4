"""Bounds how many chargeable calls run at once, of one endpoint and of the whole PBX."""

from policies.decision import Step
from policies.judges.case import Case, abstain, deny
from policies.reasons import Reason

NAME = "concurrency"
NOT_CHARGEABLE = abstain(NAME, Reason.NOT_CHARGEABLE)
WITHIN_LIMITS = abstain(NAME, Reason.WITHIN_CALL_LIMITS)


def judge(case: Case) -> Step:
    """Deny a chargeable call beyond a limit of anybody held responsible, or of the PBX."""
    if not case.number.chargeable:
        return NOT_CHARGEABLE
    limits = case.policy.limits
    situation = case.situation
    for endpoint in case.principal.held:
        calls = situation.chargeable_calls(endpoint)
        if calls >= limits.chargeable_per_endpoint:
            return _too_many("endpoint", calls, limits.chargeable_per_endpoint)
    calls = situation.chargeable_calls()
    if calls >= limits.chargeable_per_site:
        return _too_many("site", calls, limits.chargeable_per_site)
    return WITHIN_LIMITS


def _too_many(scope: str, calls: int, limit: int) -> Step:
    """Make the step of a limit that is reached."""
    facts = ("scope", scope), ("calls", str(calls)), ("limit", str(limit))
    return deny(NAME, Reason.TOO_MANY_CALLS, *facts)
