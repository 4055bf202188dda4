"""Refuses calls abroad: all of them while suspended, and those without a grant at any time."""

from policies.decision import Step
from policies.judges.case import Case, abstain, deny, suspended
from policies.numbering.number import Number, NumberClass
from policies.policy import Grant, SuspensionKind
from policies.reasons import Reason

NAME = "international"
NOT_INTERNATIONAL = abstain(NAME, Reason.NOT_INTERNATIONAL)
COVERED = frozenset({NumberClass.INTERNATIONAL, NumberClass.UNCLASSIFIABLE})


def concerns(number: Number) -> bool:
    """Tell whether a stop of international calls covers a number.

    It covers whatever could lead abroad, so also what could not be
    classified: in observe such a number would else be the way around the stop.
    """
    return number.number_class in COVERED


def judge(case: Case) -> Step:
    """Deny while international calls are suspended, or without a grant for the country."""
    if not concerns(case.number):
        return NOT_INTERNATIONAL
    suspension = case.suspension(SuspensionKind.INTERNATIONAL)
    if suspension is not None:
        return suspended(NAME, Reason.INTERNATIONAL_SUSPENDED, suspension)
    if case.number.number_class is not NumberClass.INTERNATIONAL:
        return NOT_INTERNATIONAL
    country = ("country", case.number.country or "")
    grant = _grant(case)
    if grant is None:
        endpoint = ("endpoint", case.attempt.endpoint or "")
        return deny(NAME, Reason.INTERNATIONAL_NOT_PERMITTED, endpoint, country)
    return abstain(NAME, Reason.INTERNATIONAL_PERMITTED, ("grant", str(grant.id)), country)


def _grant(case: Case) -> Grant | None:
    """Find a grant in force; global codes have no country, so only one for all covers them."""
    for grant in case.policy.grants:
        if (
            grant.endpoint == case.attempt.endpoint
            and (grant.countries is None or case.number.country in grant.countries)
            and grant.holds(case.now_s)
        ):
            return grant
    return None
