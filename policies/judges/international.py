"""Refuses calls abroad: all of them while suspended, and those without a grant at any time."""

from policies.decision import Step
from policies.judges.case import Case, abstain, deny, suspended
from policies.numbering.number import Number, NumberClass
from policies.policy import Grant, OriginateGrant, SuspensionKind
from policies.principal import NOBODYS
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
    principal = case.principal
    own = _own_grant(case)
    if own is None:
        return _not_permitted(principal.actor or "", principal.missing, country)
    for other in principal.others:
        if _grant(case, other) is None:
            return _not_permitted(other, "", country)
    return abstain(NAME, Reason.INTERNATIONAL_PERMITTED, ("grant", str(own.id)), country)


def _not_permitted(endpoint: str, missing: str, country: tuple[str, str]) -> Step:
    """Make the step that says whose right is missing, and why where it cannot count."""
    facts = [("endpoint", endpoint), country]
    if missing:
        facts.append(("missing", missing))
    return deny(NAME, Reason.INTERNATIONAL_NOT_PERMITTED, *facts)


def _own_grant(case: Case) -> Grant | OriginateGrant | None:
    """Find the actor's grant, or that of the context where a call of nobody's began."""
    principal = case.principal
    if principal.actor is None:
        return _originate_grant(case, principal.context) if principal.via == NOBODYS else None
    return None if principal.missing else _grant(case, principal.actor)


def _grant(case: Case, endpoint: str) -> Grant | None:
    """Find a grant in force; global codes have no country, so only one for all covers them."""
    for grant in case.policy.grants:
        if grant.endpoint == endpoint and _covers(case, grant):
            return grant
    return None


def _originate_grant(case: Case, context: str) -> OriginateGrant | None:
    """Find a grant of a context in force; an unknown context has none."""
    for grant in case.policy.originate_grants:
        if context and grant.context == context and _covers(case, grant):
            return grant
    return None


def _covers(case: Case, grant: Grant | OriginateGrant) -> bool:
    """Tell whether a grant is in force and is for the number's country."""
    country = case.number.country
    return (grant.countries is None or country in grant.countries) and grant.holds(case.now_s)
