"""Asks the judges in order; the first ALLOW or DENY settles the call and every step is kept."""

from collections.abc import Callable

from policies.decision import Decision, DialAttempt, Step, Verdict
from policies.judges import (
    class_permission,
    concurrency,
    country,
    emergency,
    endpoint_locked,
    international,
    malformed,
    principal,
    trunk,
    unclassifiable,
)
from policies.judges.case import Case
from policies.numbering.classify import classify
from policies.numbering.number import Number, NumberClass
from policies.numbering.plan import Plan
from policies.policy import Mode, Policy, Trunk
from policies.principal import Principal, responsible
from policies.reasons import Reason
from policies.situation import Situation

JUDGES: tuple[Callable[[Case], Step], ...] = (
    principal.judge,
    malformed.judge,
    emergency.judge,
    trunk.judge,
    endpoint_locked.judge,
    unclassifiable.judge,
    class_permission.judge,
    international.judge,
    country.judge,
    concurrency.judge,
)

# DESIGN.md "Modes": observe covers rules, never these.
ENFORCED_IN_EVERY_MODE = frozenset(
    {
        Reason.MALFORMED,
        Reason.ENDPOINT_SUSPENDED,
        Reason.INTERNATIONAL_SUSPENDED,
        Reason.COUNTRY_SUSPENDED,
    }
)

NOTHING_AGAINST = Step("decide", Verdict.ALLOW, Reason.ALLOWED)

# What is not ours to bound still ends: observed calls and emergencies after a day.
UNBOUNDED_MS = 24 * 3_600 * 1_000


def decide(
    attempt: DialAttempt,
    policy: Policy,
    plan: Plan,
    situation: Situation,
    now_s: float,
    answers: Principal | None = None,
) -> Decision:
    """Judge one attempt; only reads.

    Args:
        attempt: What was asked for; its number is untrusted.
        policy: The operator's will.
        plan: Compiled from ``policy.site``.
        situation: What is true now.
        now_s: Wall seconds since the epoch.
        answers: Who answers for the call; None to find it out. Given where
            there is no channel to ask, and where a leg is judged again.

    Returns:
        ALLOW or DENY with every step; in observe also what enforcing would have said.
    """
    on_trunk = policy.trunk(attempt.trunk) or Trunk(attempt.trunk)
    number = classify(attempt.dialled, plan, on_trunk)
    if answers is None:
        answers = principal_of(attempt, policy, situation)
    case = Case(attempt, number, policy, plan, situation, now_s, answers)
    steps: list[Step] = []
    abstain = Verdict.ABSTAIN
    for judge in JUDGES:
        step = judge(case)
        if step.verdict is abstain:
            steps.append(step)
            continue
        if step.verdict is Verdict.DENY and _only_observed(step, policy.mode):
            step = _observed(step)
        steps.append(step)
        if not step.observed:
            break
    else:
        steps.append(NOTHING_AGAINST)
    return _decision(case, tuple(steps))


def suspended(case: Case) -> Step | None:
    """Find what an operator's own suspension says to a call; only reads.

    For where the decision itself failed: nothing that counts calls is asked here.
    """
    for judge in (endpoint_locked.judge, international.judge, country.judge):
        step = judge(case)
        if step.verdict is Verdict.DENY and step.reason in ENFORCED_IN_EVERY_MODE:
            return step
    return None


def principal_of(attempt: DialAttempt, policy: Policy, situation: Situation) -> Principal:
    """Find out who answers for an attempt; only reads."""
    return responsible(
        attempt,
        situation.parties(attempt.linkedid),
        blind=bool(situation.blind),
        trunks=policy.site.trunk_names,
        asking=situation.channel(attempt.uniqueid),
        outside_line=policy.site.outside_line,
    )


def _only_observed(step: Step, mode: Mode) -> bool:
    """Tell whether a denial is recorded without settling anything."""
    return mode is Mode.OBSERVE and step.reason not in ENFORCED_IN_EVERY_MODE


def _observed(step: Step) -> Step:
    """Mark a denial as recorded only."""
    return Step(step.judge, step.verdict, step.reason, step.facts, observed=True)


def _decision(case: Case, steps: tuple[Step, ...]) -> Decision:
    """Sum the steps up; the first denial, observed or not, is what enforcing would have said."""
    number, policy = case.number, case.policy
    last = steps[-1]
    would = last
    if policy.mode is Mode.OBSERVE:
        would = next((step for step in steps if step.observed), last)
    return Decision(
        verdict=last.verdict,
        reason=last.reason,
        number=number,
        chargeable=number.chargeable,
        limit_ms=limit_ms(number, policy) if last.verdict is Verdict.ALLOW else 0,
        steps=steps,
        would=would.verdict,
        would_reason=would.reason,
        principal=case.principal,
    )


def limit_ms(number: Number, policy: Policy) -> int:
    """Say how long an allowed call may last; nothing of ours cuts an emergency short."""
    if policy.mode is Mode.OBSERVE or number.number_class is NumberClass.EMERGENCY:
        return UNBOUNDED_MS
    return policy.limits.max_call_s * 1_000
