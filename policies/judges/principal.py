"""Says first who answers for the call and why, so that every decision can be read later."""

from functools import lru_cache

from policies.decision import Step
from policies.judges.case import Case, abstain
from policies.principal import Principal, direct
from policies.reasons import Reason

NAME = "principal"


def judge(case: Case) -> Step:
    """Abstain, with the endpoints held responsible and how they are known."""
    principal = case.principal
    actor = principal.actor
    # one that dials alone is the same object each time
    if actor is not None and principal is direct(actor):
        return _alone(actor)
    return _step(principal)


@lru_cache(maxsize=4096)  # as `direct`
def _alone(actor: str) -> Step:
    return _step(direct(actor))


def _step(principal: Principal) -> Step:
    reason = Reason.NOBODY_RESPONSIBLE if principal.actor is None else Reason.RESPONSIBLE
    facts = [("endpoint", principal.actor or ""), ("via", principal.via)]
    if principal.others:
        facts.append(("others", ",".join(principal.others)))
    if principal.context:
        facts.append(("context", principal.context))
    if principal.missing:
        facts.append(("missing", principal.missing))
    if principal.claimed:
        facts.append(("claimed", principal.claimed))
    return abstain(NAME, reason, *facts)
