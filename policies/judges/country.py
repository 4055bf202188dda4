"""Refuses a country that an operator has suspended, whatever class of number leads there."""

from policies.decision import Step
from policies.judges.case import Case, abstain, suspended
from policies.numbering.abroad import countries_behind
from policies.policy import SuspensionKind
from policies.reasons import Reason

NAME = "country"


def judge(case: Case) -> Step:
    """Deny while the number's country is suspended, home too if the operator says so."""
    country = case.number.country
    # In observe a number that cannot be classified would else be the way around the stop.
    countries = countries_behind(case.number, case.plan) if country is None else {country}
    suspension = case.suspension(SuspensionKind.COUNTRY, countries)
    if suspension is not None:
        return suspended(NAME, Reason.COUNTRY_SUSPENDED, suspension)
    return abstain(NAME, Reason.COUNTRY_NOT_SUSPENDED, ("country", country or ""))
