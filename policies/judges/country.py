"""Refuses a country that an operator has suspended, whatever class of number leads there."""

from functools import cache

from policies.decision import Step
from policies.judges.case import Case, abstain, suspended
from policies.numbering.abroad import countries_behind
from policies.policy import SuspensionKind
from policies.reasons import Reason

NAME = "country"


def judge(case: Case) -> Step:
    """Deny while the number's country is suspended, home too if the operator says so."""
    country = case.number.country
    if not case.policy.suspensions:
        return _not_suspended(country)
    # In observe a number that cannot be classified would else be the way around the stop.
    countries = countries_behind(case.number, case.plan) if country is None else {country}
    suspension = case.suspension(SuspensionKind.COUNTRY, countries)
    if suspension is not None:
        return suspended(NAME, Reason.COUNTRY_SUSPENDED, suspension)
    return _not_suspended(country)


@cache  # by countries of the numbering plan, never by what was dialled
def _not_suspended(country: str | None) -> Step:
    return abstain(NAME, Reason.COUNTRY_NOT_SUSPENDED, ("country", country or ""))
