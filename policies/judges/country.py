"""Refuses a country that an operator has suspended, whatever class of number leads there."""

from policies.decision import Step
from policies.judges.case import Case, abstain, suspended
from policies.numbering.abroad import countries_behind
from policies.policy import Suspension, SuspensionKind
from policies.reasons import Reason

NAME = "country"


def judge(case: Case) -> Step:
    """Deny while the number's country is suspended, home too if the operator says so."""
    country = case.number.country
    suspension = _suspension(case, country)
    if suspension is not None:
        return suspended(NAME, Reason.COUNTRY_SUSPENDED, suspension)
    return abstain(NAME, Reason.COUNTRY_NOT_SUSPENDED, ("country", country or ""))


def _suspension(case: Case, country: str | None) -> Suspension | None:
    """Find a suspension of the number's country, or of one that it could lead to."""
    if country is not None:
        return case.suspension(SuspensionKind.COUNTRY, country)
    # In observe a number that cannot be classified would else be the way around the stop.
    behind = countries_behind(case.number, case.plan)
    if not behind:
        return None
    for suspension in case.policy.suspensions:
        if (
            suspension.kind is SuspensionKind.COUNTRY
            and suspension.target in behind
            and suspension.holds(case.now_s)
        ):
            return suspension
    return None
