"""Refuses a trunk that is not declared, or that has only its last channel for emergencies left.

The number form of an undeclared trunk would be a guess.
"""

from policies.decision import Step
from policies.judges.case import Case, abstain, deny
from policies.reasons import Reason
from policies.trunks import template_of

NAME = "trunk"
KNOWN = abstain(NAME, Reason.KNOWN_TRUNK)


def judge(case: Case) -> Step:
    """Deny an undeclared trunk, and one whose free channel is its last.

    While blind nothing is counted: calls that ended unseen would shut the trunk.
    """
    name = case.attempt.trunk
    trunk = case.policy.trunk(name)
    if trunk is None:
        return deny(NAME, Reason.UNKNOWN_TRUNK, ("trunk", name))
    if trunk.channels and not case.situation.blind:
        # the endpoint of another driver may have the same name, and chan_sip's guests choose theirs
        technology = template_of(trunk).technology
        used = case.situation.channels_on(technology, name) + case.situation.undialled_on(name)
        if used >= trunk.channels - 1:
            facts = ("trunk", name), ("used", str(used)), ("channels", str(trunk.channels))
            return deny(NAME, Reason.TRUNK_FULL, *facts)
    return KNOWN
