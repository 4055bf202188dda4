"""The few impure lines around `decide`: count the call, make its row durable, record the verdict.

Whatever goes wrong here is still answered: emergency allow, free domestic as
configured, chargeable deny.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import structlog

from agi.server import Ask
from policies.decision import Answer, Decision, DialAttempt, Step, Verdict
from policies.events import AttemptAllowed, AttemptReturned
from policies.judges import concerns_international, decide, limit_ms, principal_of, suspended
from policies.judges.case import Case
from policies.numbering import classify
from policies.numbering.number import NumberClass
from policies.numbering.plan import Plan
from policies.numbering.plans import plan_for
from policies.policy import Mode, Policy, Trunk
from policies.principal import NOBODY, Principal, endpoint_of
from policies.situation import Situation
from tollguard import second_look
from tollguard.errors import LedgerError
from tollguard.ledger_file import Reservation
from tollguard.reservations import Reservations


async def ask_nobody(_expression: str) -> str:
    """Stand in for a session that cannot be asked."""
    return ""


FORGET_TOKEN_S = 60.0  # an attempt is void after 10 s, or its leg was seen

log = structlog.get_logger("tollguard.gate")


class Judged(NamedTuple):
    """One judged call, as the verdict writer and the log get it.

    Attributes:
        attempt: What was asked.
        decision: How it was decided, the ledger's and the gate's own steps included.
        answer: What the dialplan was told.
        mode: Site mode at that moment.
        policy_revision: The policy it was judged by.
        at_s: Wall seconds.
        took_us: Microseconds from the attempt's arrival to the answer.
    """

    attempt: DialAttempt
    decision: Decision
    answer: Answer
    mode: Mode
    policy_revision: int
    at_s: float
    took_us: int


class _Allowed(NamedTuple):
    """A chargeable call that is allowed once its row is durable."""

    attempt: DialAttempt
    decision: Decision
    answer: Answer
    policy: Policy


class Gate:
    """Judges attempts by the policy in force. `answer` is what the FastAGI server calls.

    Attributes:
        policy: The policy in force; swapped whole by `use`.
        plan: The compiled dial plan of its site.
    """

    def __init__(
        self,
        policy: Policy,
        situation: Situation,
        reservations: Reservations,
        record: Callable[[Judged], None],
        *,
        domestic_on_failure: str = "allow",
    ) -> None:
        self.policy = policy
        self.plan: Plan = plan_for(policy.site)
        self._situation = situation
        self._reservations = reservations
        self._record = record
        self._domestic_on_failure = domestic_on_failure
        self._reserved: dict[str, float] = {}

    def use(self, policy: Policy) -> None:
        """Judge by another policy from the next attempt on."""
        if policy.site != self.policy.site:
            self.plan = plan_for(policy.site)
        self.policy = policy

    def answer(self, attempt: DialAttempt, ask: Ask = ask_nobody) -> Answer | Awaitable[Answer]:
        """Answer one attempt; never raises but when the caller is cancelled.

        Args:
            attempt: From the gate's session. Untrusted text inside.
            ask: Asks the session's channel one thing more.

        Returns:
            The answer at once, unless a chargeable call must wait: ALLOW comes
            only after its row is on the disk, and a denial for want of an entry
            in the map of calls only after a second look.
        """
        if second_look.lacks_peer(attempt):
            return self._answer_with_peer(attempt, ask)
        policy = self.policy
        try:
            decision = self._judge(attempt, policy)
            if decision.principal.missing and second_look.is_wanted(
                decision, policy, self._situation
            ):
                return self._answer_after_second_look(attempt, ask)
            answer = self._counted(attempt, decision, policy)
        except Exception:
            log.exception("gate-error", uniqueid=repr(attempt.uniqueid))
            decision, answer = self._answer_by_class(attempt, policy)
            return self._recorded(attempt, decision, answer, policy)
        if answer.verdict is Verdict.ALLOW and decision.chargeable:
            return self._answer_secured(_Allowed(attempt, decision, answer, policy))
        return self._recorded(attempt, decision, answer, policy)

    async def _answer_with_peer(self, attempt: DialAttempt, ask: Ask) -> Answer:
        answer = self.answer(await second_look.with_peer(attempt, ask), ask)
        return answer if isinstance(answer, Answer) else await answer

    async def _answer_after_second_look(self, attempt: DialAttempt, ask: Ask) -> Answer:
        try:
            await second_look.take(attempt, ask, self.policy, self._situation)
            policy = self.policy  # it may be another one by now
            decision = self._judge(attempt, policy)
            answer = self._counted(attempt, decision, policy)
        except Exception:
            policy = self.policy
            log.exception("gate-error", uniqueid=repr(attempt.uniqueid))
            decision, answer = self._answer_by_class(attempt, policy)
            return self._recorded(attempt, decision, answer, policy)
        if answer.verdict is Verdict.ALLOW and decision.chargeable:
            secured = self._answer_secured(_Allowed(attempt, decision, answer, policy))
            return secured if isinstance(secured, Answer) else await secured
        return self._recorded(attempt, decision, answer, policy)

    def _answer_secured(self, wanted: "_Allowed") -> Answer | asyncio.Future[Answer]:
        """Have the row made durable; a callback then answers: a task for each call costs more."""
        try:
            row = self._reservations.reserve(_reservation(wanted))
        except Exception as error:  # noqa: BLE001 it is answered and told
            return self._answer_without_row(wanted, error)
        coming: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        row.add_done_callback(partial(self._row_came, wanted, coming))
        return coming

    def _row_came(
        self, wanted: "_Allowed", coming: asyncio.Future[Answer], row: asyncio.Future[int]
    ) -> None:
        """Answer now that the row is durable or never will be; all is given back to nobody."""
        error = row.exception()
        if error is None:
            self._reserved[wanted.answer.token] = time.monotonic()
        if coming.cancelled():
            self.take_back(wanted.answer.token)
            return
        try:
            told = (
                self._recorded(*wanted)
                if error is None
                else self._answer_without_row(wanted, error)
            )
        except Exception as fault:  # noqa: BLE001 it goes to whoever waits
            coming.set_exception(fault)
        else:
            coming.set_result(told)

    def _answer_without_row(self, wanted: "_Allowed", error: BaseException) -> Answer:
        """Deny and free the slot; in observe it is only recorded that there is no row."""
        attempt, decision, answer, policy = wanted
        kept = policy.mode is Mode.OBSERVE and isinstance(error, LedgerError)
        if not kept:
            self._situation.apply(AttemptReturned(time.monotonic(), answer.token))
        if isinstance(error, LedgerError):
            decision = _without_row(decision, error.reason, denied=not kept)
            answer = answer if kept else _denied(decision.reason)
        else:
            log.error("gate-error", uniqueid=repr(attempt.uniqueid), exc_info=error)
            decision, answer = self._answer_by_class(attempt, policy)
        return self._recorded(attempt, decision, answer, policy)

    def _recorded(
        self, attempt: DialAttempt, decision: Decision, answer: Answer, policy: Policy
    ) -> Answer:
        took_us = round((time.monotonic() - attempt.at_s) * 1e6)
        self._record(
            Judged(attempt, decision, answer, policy.mode, policy.revision, time.time(), took_us)
        )
        return answer

    def _judge(self, attempt: DialAttempt, policy: Policy) -> Decision:
        return decide(attempt, policy, self.plan, self._situation, time.time())

    def _counted(self, attempt: DialAttempt, decision: Decision, policy: Policy) -> Answer:
        """Make the answer; an allowed call is counted in the same step of the loop."""
        if decision.verdict is not Verdict.ALLOW:
            return _denied(decision.reason)
        answer = _allowed(decision, policy.mode)
        self._situation.apply(_event(attempt, decision, answer, policy.revision))
        return answer

    def sweep(self) -> int:
        """Give back allowed attempts that came to nothing; returns how many there were."""
        now = time.monotonic()
        void = self._situation.void_attempts(now)
        for token in void:
            self.take_back(token)
        self._reserved = {t: at for t, at in self._reserved.items() if now - at < FORGET_TOKEN_S}
        return len(void)

    def delivered(self, answer: Answer, possible: bool) -> None:  # noqa: FBT001 - a callback's shape
        """Give back what Asterisk surely has not: its token will not be used.

        What was sent and not confirmed keeps its slot and row: it is void when no
        leg came of it (`sweep`).
        """
        if answer.token and not possible:
            self.take_back(answer.token)

    def take_back(self, token: str) -> None:
        """Free the slot of an allowed attempt that was never dialled, and void its row."""
        self._situation.apply(AttemptReturned(time.monotonic(), token))
        if self._reserved.pop(token, None) is not None:
            self._reservations.give_back(token)

    def _answer_by_class(self, attempt: DialAttempt, policy: Policy) -> tuple[Decision, Answer]:
        """DESIGN §3: emergency allow, domestic as configured, chargeable deny."""
        number = classify(
            attempt.dialled, self.plan, policy.trunk(attempt.trunk) or Trunk(attempt.trunk)
        )
        answers = self._principal_after_failure(attempt, policy)
        case = Case(attempt, number, policy, self.plan, self._situation, time.time(), answers)
        step = self._step_on_failure(case)
        decision = Decision(
            step.verdict,
            step.reason,
            number,
            number.chargeable,
            limit_ms(number, policy) if step.verdict is Verdict.ALLOW else 0,
            (step,),
            step.verdict,
            step.reason,
            answers,
        )
        if step.verdict is not Verdict.ALLOW:
            return decision, _denied(step.reason)
        answer = _allowed(decision, policy.mode)
        try:
            self._situation.apply(_event(attempt, decision, answer, policy.revision))
        except Exception:
            log.exception("not-counted", uniqueid=repr(attempt.uniqueid))
        return decision, answer

    def _principal_after_failure(self, attempt: DialAttempt, policy: Policy) -> Principal:
        """Name who answers for the call, even where finding that out was the fault."""
        try:
            return principal_of(attempt, policy, self._situation)
        except Exception:
            log.exception("no-principal", uniqueid=repr(attempt.uniqueid))
            # Nobody, but a suspension of the channel's own endpoint still holds.
            return replace(NOBODY, claimed=endpoint_of(attempt.channel) or "")

    def _step_on_failure(self, case: Case) -> Step:
        """DESIGN §3 and "Modes": the operator's own suspensions hold in every mode."""
        number = case.number
        if number.number_class is NumberClass.EMERGENCY:
            return _failed(Verdict.ALLOW)
        if not number.canonical:
            return _failed(Verdict.DENY)
        try:
            stop = suspended(case)
        except Exception:
            log.exception("no-suspensions", uniqueid=repr(case.attempt.uniqueid))
            shut = bool(case.policy.suspensions) and concerns_international(number)
            stop = _failed(Verdict.DENY) if shut else None
        if stop is not None:
            return stop
        if case.policy.mode is Mode.OBSERVE:
            return _failed(Verdict.ALLOW)
        free = not number.chargeable and self._domestic_on_failure == "allow"
        return _failed(Verdict.ALLOW if free else Verdict.DENY)


def _failed(verdict: Verdict) -> Step:
    return Step("gate", verdict, "gate-error")


def _allowed(decision: Decision, mode: Mode) -> Answer:
    number = decision.number
    return Answer(
        verdict=Verdict.ALLOW,
        number=number.dialled if mode is Mode.OBSERVE else number.canonical,
        limit_ms=decision.limit_ms,
        token=secrets.token_hex(16),
        reason=decision.reason,
    )


def _denied(reason: str) -> Answer:
    return Answer(Verdict.DENY, "", 0, "", reason)


def _event(
    attempt: DialAttempt, decision: Decision, answer: Answer, revision: int
) -> AttemptAllowed:
    number = decision.number
    return AttemptAllowed(
        at_s=time.monotonic(),
        token=answer.token,
        uniqueid=attempt.uniqueid,
        endpoint=decision.principal.actor,
        dialled=answer.number,
        country=number.country,
        trunk=attempt.trunk,
        chargeable=decision.chargeable,
        international=concerns_international(number),
        number=number,
        responsible=decision.principal.held,
        policy_revision=revision,
        limit_ms=answer.limit_ms,
    )


def _reservation(wanted: _Allowed) -> Reservation:
    attempt, decision, answer, policy = wanted
    return Reservation(
        token=answer.token,
        endpoint=decision.principal.actor,
        number=answer.number,
        country=decision.number.country,
        trunk=attempt.trunk,
        uniqueid=attempt.uniqueid,
        linkedid=attempt.linkedid,
        limit_ms=answer.limit_ms,
        policy_revision=policy.revision,
    )


def _without_row(decision: Decision, reason: str, *, denied: bool) -> Decision:
    """The same decision with the ledger's step: it settles in enforce, observe only records it."""
    step = Step("ledger", Verdict.DENY, reason, observed=not denied)
    steps = (*decision.steps, step) if denied else (*decision.steps[:-1], step, decision.steps[-1])
    recorded = replace(decision, steps=steps)
    if decision.would is Verdict.ALLOW:
        recorded = replace(recorded, would=Verdict.DENY, would_reason=reason)
    if not denied:
        return recorded
    return replace(recorded, verdict=Verdict.DENY, reason=reason, limit_ms=0)
