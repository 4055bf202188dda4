"""The backstop: every outgoing leg is looked at when it begins, and cut at once where it must be.

The gate can be walked around by an Originate, a context without it or a planted trunk. The INVITE
of such a leg has left by then; what is bounded is how long it lives. Nothing here is skipped in a
burst but words: each leg is cut, and log lines and findings stay few.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import structlog

from ami_listener.hands import SHORTEST_S
from policies.accounting import (
    Account,
    Known,
    Standing,
    account,
    account_running,
    emergency_reason,
    token_fault,
    way_of,
)
from policies.decision import Answer, Decision, Verdict
from policies.detection.finding import Finding, FindingKind, LegDone, LegEvidence
from policies.detection.legs import LegDetector
from policies.events import (
    Authentication,
    AuthOutcome,
    ChannelGone,
    ChannelSeen,
    Event,
    LegAnswered,
    LegDialled,
    Reconciled,
    TransferKind,
    Transferred,
)
from policies.judges import limit_ms
from policies.numbering.number import NumberClass
from policies.policy import Mode
from policies.reasons import Reason
from policies.situation import Situation
from policies.trunks import trunk_leg
from tollguard.call_records import CallRecord
from tollguard.gap_tokens import GapTokens
from tollguard.gate import Gate, Judged
from tollguard.leg_cutter import LegCutter
from tollguard.verdict_writer import VerdictWriter

LOGGED_AT_ONCE = 20  # lines in `LOG_WINDOW_S`; the rest is summed up in one
LOG_WINDOW_S = 10.0
MANAGER_WITHIN_S = 60.0  # an Originate's login is this recent, or the session is a long one
MANAGERS_MAX = 8

log = structlog.get_logger("tollguard.backstop")


@dataclass(slots=True)
class Counts:
    """What was found since the start.

    Attributes:
        cut: Legs that were hung up, or are being.
        recorded: Legs that enforcing would have hung up.
        stood: Legs around the gate that nobody may dial, emergencies included.
    """

    cut: int = 0
    recorded: int = 0
    stood: int = 0


class Backstop:
    """Accounts for legs as they begin; cuts, limits, records and tells.

    Args:
        gate: Has the policy in force.
        situation: Is only read; the caller applies what `begin` returns.
        cutter: Hangs up and limits, over the hands' own connection.
        verdicts: Takes the row of each leg that was judged.
        found: Takes findings.
        gap: Knows tokens of before our start.

    Attributes:
        counts: What was found since the start.
        own_users: The AMI users of ours, which originate nothing.
    """

    def __init__(
        self,
        gate: Gate,
        situation: Situation,
        cutter: LegCutter,
        verdicts: VerdictWriter,
        found: Callable[[Iterable[Finding]], None],
        gap: GapTokens,
    ) -> None:
        self.counts = Counts()
        self.own_users: frozenset[str] = frozenset()
        self._gate = gate
        self._situation = situation
        self._cutter = cutter
        self._verdicts = verdicts
        self._found = found
        self._gap = gap
        self._detector = LegDetector()
        self._limits: dict[str, float] = {}
        self._managers: dict[str, float] = {}
        self._window_s = 0.0
        self._in_window = 0

    def begin(self, leg: LegDialled) -> LegDialled:
        """Account for a leg that begins; a fault of ours is told and changes nothing.

        Returns:
            The leg as `Situation` is to take it: without a token that is not its own.
        """
        try:
            return self._begin(leg)
        except Exception:
            log.exception("not-accounted", uniqueid=repr(leg.uniqueid))
            return leg

    def found_running(self, leg: LegDialled) -> None:
        """Account for a leg that began unseen and of which neither ledger nor store knows."""
        made = account_running(leg, self._known())
        if made is None or made.decision is None:
            return
        if made.standing is Standing.CUT:
            self._cutter.cut(leg.uniqueid)
        self._tell(leg, made, made.decision)

    def limit_running(self, uniqueid: str, seconds: float, number: str) -> None:
        """Bound an answered leg that was found without a limit, by what is left of its grant."""
        policy, plan = self._gate.policy, self._gate.plan
        if policy.mode is Mode.ENFORCE and emergency_reason(number, policy, plan) is None:
            self._cutter.limit(uniqueid, max(seconds, SHORTEST_S))

    def expect_end(self, uniqueid: str, seconds: float) -> None:
        """Hang a leg up that outlives the limit that it has; observe hangs nothing up."""
        if self._gate.policy.mode is Mode.ENFORCE:
            self._cutter.expect_end(uniqueid, seconds)

    def use_mode(self) -> None:
        """Shorten nothing more once the mode is observe: another policy is in force."""
        if self._gate.policy.mode is Mode.OBSERVE:
            self._limits.clear()
            self._cutter.forget_limits()

    def see(self, event: Event) -> None:
        """Follow an event, after `Situation` has."""
        match event:
            case LegAnswered():
                limit_s = self._limits.get(event.uniqueid)
                if limit_s is not None:
                    self._cutter.limit(event.uniqueid, limit_s)
            case ChannelSeen() | Transferred():
                self._renew(event)
            case ChannelGone():
                self._limits.pop(event.uniqueid, None)
                self._cutter.gone(event.uniqueid)
            case Reconciled():
                for uniqueid in self._limits.keys() - event.channels:
                    del self._limits[uniqueid]
                self._cutter.keep(event.channels)
            case Authentication():
                self._note_manager(event)
            case _:
                pass

    def _renew(self, event: ChannelSeen | Transferred) -> None:
        """Set a limit again where a transfer put a leg into the place of another channel.

        The masquerade gives the leg the time-out of that channel, which has none.
        """
        if isinstance(event, ChannelSeen):
            if not event.linkedid:  # a Rename
                self._cutter.renew(event.uniqueid)
        elif event.kind is TransferKind.ATTENDED:
            for leg in self._situation.legs():
                if leg.linkedid == event.linkedid:
                    self._cutter.renew(leg.uniqueid)

    def due(self, at_s: float) -> None:
        """Tell what was held back in a burst; asked about once a second."""
        self._found(self._detector.due(at_s))
        if self._in_window > LOGGED_AT_ONCE and at_s - self._window_s >= LOG_WINDOW_S:
            log.warning("more-legs-around-the-gate", count=self._in_window - LOGGED_AT_ONCE)
            self._in_window = 0

    def _begin(self, leg: LegDialled) -> LegDialled:
        made = account(leg, self._known())
        if made is None:
            return leg
        if self._may_be_of_before(leg, made):
            self._gap.ask(leg, lambda record: self._settle_late(leg, record))
            return replace(leg, token="")
        return self._settle(leg, made)

    def _settle(self, leg: LegDialled, made: Account) -> LegDialled:
        """Do what an account of a leg says, and return the leg as `Situation` is to take it."""
        if made.standing is Standing.CUT:
            self._cutter.cut(leg.uniqueid)
        else:
            self._bound(leg, made)
        if made.decision is not None:
            self._tell(leg, made, made.decision)
        waiting = self._situation.waiting(leg.token)
        own = made.standing is Standing.ACCOUNTED or (
            waiting is not None and waiting.policy_revision != self._gate.policy.revision
        )
        return leg if own else replace(leg, token="")

    def _may_be_of_before(self, leg: LegDialled, made: Account) -> bool:
        """Tell whether the ledger has to be asked first; an emergency stands without."""
        if made.reason != Reason.PROOF_USED or made.decision is None:
            return False
        helps = made.decision.number.number_class is NumberClass.EMERGENCY
        return not helps and self._gap.wants(leg)

    def _settle_late(self, leg: LegDialled, record: CallRecord | None) -> None:
        """Account for a leg that waited for its row: the same rule, with the row known again."""
        try:
            if record is not None:
                self._take_again(leg, record)
            made = account(leg, self._known())
            if made is None:
                return
            settled = self._settle(leg, made)
            known = self._situation.leg(leg.uniqueid)
            if known is None:
                self._limits.pop(leg.uniqueid, None)  # it ended meanwhile
                return
            self._situation.apply(settled)
            if known.answered_at_s is not None:
                self.see(LegAnswered(time.monotonic(), leg.uniqueid))
        except Exception:
            log.exception("not-accounted", uniqueid=repr(leg.uniqueid))

    def _take_again(self, leg: LegDialled, record: CallRecord) -> None:
        """Have it known what was allowed before our start, where it is this leg's and unused."""
        toward = trunk_leg(leg.channel, leg.dial_string, self._gate.policy.site.trunks)
        if toward is None:
            return
        at_s = time.monotonic() - record.age_s()
        allowed = record.allowed(toward.trunk, self._gate.plan, at_s)
        if token_fault(leg, toward, allowed) is None:
            self._gap.spend(record.token)
            self._situation.apply(allowed)

    def _known(self) -> Known:
        return Known(self._gate.policy, self._gate.plan, self._situation, time.time())

    def _bound(self, leg: LegDialled, made: Account) -> None:
        """Remember how long a leg may last; not an emergency's, and observe shortens nothing."""
        policy = self._gate.policy
        waiting = self._situation.waiting(leg.token)
        decision = made.decision
        number = decision.number if decision else waiting.number if waiting else None
        emergency = number is not None and number.number_class is NumberClass.EMERGENCY
        if policy.mode is Mode.OBSERVE or emergency or not made.declared:
            return
        granted_ms = waiting.limit_ms if waiting and made.standing is Standing.ACCOUNTED else 0
        if not granted_ms and decision is not None:
            granted_ms = decision.limit_ms
        if not granted_ms and number is not None:
            granted_ms = limit_ms(number, policy)
        if granted_ms:
            self._limits[leg.uniqueid] = granted_ms / 1_000

    def _tell(self, leg: LegDialled, made: Account, decision: Decision) -> None:
        """Write the verdict's row; make a finding of what may not be."""
        logged = self._may_log(leg.at_s)
        judged = self._judged(made, decision)
        if logged:
            self._verdicts.record(judged)
        else:
            self._verdicts.store(judged)
        if made.standing is Standing.ACCOUNTED:
            return
        if made.standing is Standing.STANDS:
            self.counts.stood += 1
            return
        if made.standing is Standing.CUT:
            self.counts.cut += 1
        else:
            self.counts.recorded += 1
        kind = FindingKind.UNACCOUNTED_LEG if made.declared else FindingKind.UNDECLARED_LEG
        evidence = self._evidence(leg, made)
        if not logged:
            self._found(self._detector.observe(kind, evidence, leg.at_s))
            return

        def tell(application: str, failed: bool) -> None:  # noqa: FBT001 called back by position
            done = LegDone.NOT_HUNG_UP if failed else evidence.done
            known = replace(evidence, application=application, done=done)
            self._found(self._detector.observe(kind, known, leg.at_s))
            _log_leg(kind, known, leg)

        # Behind the hang-up on the same connection: the caller is still in its Dial then.
        self._cutter.ask_outcome(leg.uniqueid, leg.caller_uniqueid, tell)

    def _judged(self, made: Account, decision: Decision) -> Judged:
        policy = self._gate.policy
        allowed = decision.verdict is Verdict.ALLOW
        number = decision.number.canonical if allowed else ""
        answer = Answer(decision.verdict, number, decision.limit_ms, "", decision.reason)
        took_us = round((time.monotonic() - made.attempt.at_s) * 1e6)
        return Judged(
            made.attempt, decision, answer, policy.mode, policy.revision, time.time(), took_us
        )

    def _evidence(self, leg: LegDialled, made: Account) -> LegEvidence:
        way = way_of(leg, self._situation)
        return LegEvidence(
            uniqueid=leg.uniqueid,
            linkedid=leg.linkedid,
            number=made.attempt.dialled,
            trunk=made.attempt.trunk,
            context=leg.context,
            application="",
            way=way,
            manager=self._manager(leg.at_s) if way == "originate" else "",
            reason=str(made.reason),
            done=LegDone.HUNG_UP if made.standing is Standing.CUT else LegDone.RECORDED,
        )

    def _may_log(self, at_s: float) -> bool:
        if at_s - self._window_s >= LOG_WINDOW_S and self._in_window <= LOGGED_AT_ONCE:
            self._window_s, self._in_window = at_s, 0
        self._in_window += 1
        return self._in_window <= LOGGED_AT_ONCE

    def _note_manager(self, event: Authentication) -> None:
        """Remember who logged in to AMI: AMI does not say who originated a call."""
        if event.service != "AMI" or event.outcome is not AuthOutcome.SUCCEEDED:
            return
        if event.account in self.own_users:
            return
        self._managers.pop(event.account, None)
        self._managers[event.account] = event.at_s
        if len(self._managers) > MANAGERS_MAX:
            del self._managers[next(iter(self._managers))]

    def _manager(self, at_s: float) -> str:
        names = (
            name for name, seen_s in self._managers.items() if at_s - seen_s < MANAGER_WITHIN_S
        )
        return ", ".join(names)


def _log_leg(kind: FindingKind, evidence: LegEvidence, leg: LegDialled) -> None:
    """One line of a leg that may not be. The dial string may hold a password and is not told."""
    log.warning(
        kind.value,
        done=evidence.done.value,
        reason=evidence.reason,
        number=evidence.number,
        trunk=evidence.trunk,
        way=evidence.way,
        context=evidence.context,
        application=evidence.application,
        manager=evidence.manager,
        uniqueid=leg.uniqueid,
        linkedid=leg.linkedid,
        caller=leg.caller_uniqueid,
    )
