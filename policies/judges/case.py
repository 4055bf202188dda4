"""What every judge is shown: one attempt, its number, and all it may be judged by."""

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from policies.decision import DialAttempt, Step, Verdict
from policies.numbering.number import Number
from policies.numbering.plan import Plan
from policies.policy import Policy, Suspension, SuspensionKind
from policies.principal import Principal
from policies.reasons import Reason
from policies.situation import Situation


class Case(NamedTuple):
    """One attempt before the judges.

    Attributes:
        attempt: What was asked for.
        number: What it really is, on the trunk of the attempt.
        policy: The operator's will.
        plan: The site's plan.
        situation: What is true now. Only read.
        principal: Who answers for the call.
        now_s: Wall seconds since the epoch, for ends of suspensions and grants.
    """

    attempt: DialAttempt
    number: Number
    policy: Policy
    plan: Plan
    situation: Situation
    now_s: float
    principal: Principal

    def suspension(
        self, kind: SuspensionKind, targets: AbstractSet[str] | None = None
    ) -> Suspension | None:
        """Find one in force that closes any of ``targets``; None takes any of its kind."""
        for suspension in self.policy.suspensions:
            if (
                suspension.kind is kind
                and (targets is None or suspension.target in targets)
                and suspension.holds(self.now_s)
            ):
                return suspension
        return None


def abstain(judge: str, reason: Reason, *facts: tuple[str, str]) -> Step:
    """Make the step of a judge that has nothing against the call.

    Steps are frozen, so a judge makes what does not depend on the call once.
    """
    return Step(judge, Verdict.ABSTAIN, reason, facts)


def deny(judge: str, reason: Reason, *facts: tuple[str, str]) -> Step:
    """Make the step of a judge that refuses the call."""
    return Step(judge, Verdict.DENY, reason, facts)


def suspended(judge: str, reason: Reason, suspension: Suspension) -> Step:
    """Make the step that a suspension causes, with who, why and until when.

    ``until_s`` is wall seconds, empty for until resumed; ``reason`` the operator's words.
    """
    until_s = "" if suspension.until_s is None else repr(suspension.until_s)
    return deny(
        judge,
        reason,
        ("suspension", str(suspension.id)),
        ("target", suspension.target),
        ("until_s", until_s),
        ("by", suspension.by),
        ("words", suspension.reason),
    )
