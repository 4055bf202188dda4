"""Allows emergency calls before any judge that could say no."""

from policies.decision import Step, Verdict
from policies.judges.case import Case, abstain
from policies.numbering.number import NumberClass
from policies.reasons import Reason

NAME = "emergency"
NOT_EMERGENCY = abstain(NAME, Reason.NOT_EMERGENCY)


def judge(case: Case) -> Step:
    """Allow an emergency number, whoever dials it on whatever trunk."""
    if case.number.number_class is NumberClass.EMERGENCY:
        return Step(NAME, Verdict.ALLOW, Reason.EMERGENCY, (("number", case.number.canonical),))
    return NOT_EMERGENCY
