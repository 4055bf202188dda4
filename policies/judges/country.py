"""Refuses a country that an operator has suspended, whatever class of number leads there."""

from policies.decision import Step
from policies.judges.case import Case, abstain, suspended
from policies.policy import SuspensionKind
from policies.reasons import Reason

NAME = "country"


def judge(case: Case) -> Step:
    """Deny while the number's country is suspended, home too if the operator says so."""
    country = case.number.country
    if country is not None:
        suspension = case.suspension(SuspensionKind.COUNTRY, country)
        if suspension is not None:
            return suspended(NAME, Reason.COUNTRY_SUSPENDED, suspension)
    return abstain(NAME, Reason.COUNTRY_NOT_SUSPENDED, ("country", country or ""))
