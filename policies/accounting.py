"""Accounts for each outgoing leg: by a token of the gate, else by what nobody may dial.

The gate only sees calls that a dialplan sends to it. Here every leg that Asterisk begins is looked
at, so a call around the gate (an Originate, a context without it, a planted trunk) is found.
Emergencies come before everything, whatever way they came.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from policies.decision import Decision, DialAttempt, Step, Verdict
from policies.events import AttemptAllowed, LegDialled, Technology
from policies.judges import decide
from policies.judges.order import UNBOUNDED_MS
from policies.numbering.classify import classify
from policies.numbering.number import Number, NumberClass
from policies.numbering.plan import DIALLABLE, Plan
from policies.policy import Mode, Policy, Trunk, UndeclaredLegs
from policies.principal import A_TRUNK, DIRECT, NO_ACTOR, NOBODY, NOBODYS, Principal, direct
from policies.reasons import Reason
from policies.situation import VOID_AGE_S, Situation
from policies.trunks import INTERNAL, TrunkLeg, number_in, trunk_leg, uri_user

NAME = "accounting"

# The dialplan may know emergency numbers that the configuration does not. No number abroad is
# as short; the longest emergency in use anywhere has 4 digits, an outside line with 3 included.
LONGEST_EMERGENCY = 4

_SIP_LIKE = frozenset(technology.value for technology in Technology)


class Standing(StrEnum):
    """What becomes of a leg."""

    ACCOUNTED = "accounted"  # the gate allowed this very leg
    STANDS = "stands"  # nobody may dial it: an emergency, or a call at home
    RECORDED = "recorded"  # enforcing would have hung it up
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Known:
    """What a leg is judged by.

    Attributes:
        policy: In force now.
        plan: Compiled from its site.
        situation: What is true now. Only read.
        now_s: Wall seconds.
    """

    policy: Policy
    plan: Plan
    situation: Situation
    now_s: float


@dataclass(frozen=True, slots=True)
class Account:
    """How a leg stands.

    Attributes:
        standing: What becomes of it.
        reason: Why it is not the gate's; of an accounted leg, why it was judged again, else empty.
        attempt: The question that its number and trunk are; the target of an undeclared one.
        decision: How it was decided; None where nothing had to be.
        declared: Whether it is toward a declared trunk.
    """

    standing: Standing
    reason: str
    attempt: DialAttempt
    decision: Decision | None
    declared: bool = True


def account(leg: LegDialled, known: Known) -> Account | None:
    """Account for a leg that begins, before `Situation` takes it; only reads.

    Args:
        leg: As DialBegin told it. Untrusted text inside.
        known: What it is judged by; its situation knows the attempts that wait for their leg.

    Returns:
        None for a leg that is none of this rule's business: to a phone, or inside Asterisk.
    """
    toward = trunk_leg(leg.channel, leg.dial_string, known.policy.site.trunks)
    if toward is None:
        return _undeclared(leg, known)
    waiting = known.situation.waiting(leg.token) if leg.token else None
    fault = token_fault(leg, toward, waiting)
    attempt = _asked(leg, toward)
    if waiting is None or fault is not None:
        answers = nobody_in(leg, known)
        decision = _judged(leg, attempt, known, fault or Reason.NO_PROOF, answers)
        return Account(_standing(decision, known), fault or Reason.NO_PROOF, attempt, decision)
    if waiting.policy_revision == known.policy.revision:
        return Account(Standing.ACCOUNTED, "", attempt, None)
    answers = recorded_principal(waiting, leg, known)
    fair = (
        replace(known, policy=_without_its_own_slot(known.policy)) if waiting.chargeable else known
    )
    decision = _judged(leg, attempt, fair, Reason.POLICY_CHANGED, answers)
    cut = _standing(decision, known) is Standing.CUT
    standing = Standing.CUT if cut else Standing.ACCOUNTED
    return Account(standing, Reason.POLICY_CHANGED, attempt, decision)


def account_running(leg: LegDialled, known: Known) -> Account | None:
    """Account for a leg that was found up and of which no row is known; only reads.

    It began unseen, so that there is no row is not proof enough: it is cut only when its
    number surely costs, or when the operator suspended it.

    Args:
        leg: As its channel told of it. Untrusted text inside.
        known: What it is judged by.

    Returns:
        None for one that is toward no declared trunk.
    """
    toward = trunk_leg(leg.channel, leg.dial_string, known.policy.site.trunks)
    if toward is None:
        return None
    attempt, reason = _asked(leg, toward), Reason.FOUND_WITHOUT_ROW
    decision = _judged(leg, attempt, known, reason, nobody_in(leg, known))
    standing = _standing(decision, known)
    if not surely_chargeable(decision.number):
        standing = Standing.STANDS
    return Account(standing, reason, attempt, decision)


def token_fault(leg: LegDialled, toward: TrunkLeg, waiting: AttemptAllowed | None) -> Reason | None:
    """Say why a leg is not the one that the gate allowed; None when it is.

    Args:
        leg: The leg.
        toward: Where it is toward.
        waiting: What the gate allowed under its token and no leg has used yet.
    """
    if waiting is None:
        return Reason.PROOF_USED if leg.token else Reason.NO_PROOF
    if waiting.uniqueid != leg.caller_uniqueid:
        return Reason.PROOF_OF_ANOTHER_CHANNEL
    if waiting.trunk != toward.trunk.endpoint:
        return Reason.PROOF_OF_ANOTHER_TRUNK
    if waiting.dialled != toward.number:
        return Reason.PROOF_OF_ANOTHER_NUMBER
    return Reason.PROOF_TOO_OLD if leg.at_s - waiting.at_s > VOID_AGE_S else None


def emergency_reason(number: str, policy: Policy, plan: Plan) -> Reason | None:
    """Say why a number that a trunk is given must stand as an emergency; None when it need not.

    Args:
        number: Untrusted.
        policy: Holds the literals that trunks want.
        plan: Of the site; its outside line may or may not be taken off already.
    """
    if not number or number.strip(DIALLABLE):
        return None
    abroad = number.removeprefix("+")
    home = abroad.removeprefix(str(plan.calling_code))
    if number in policy.site.emergency_literals or (home != abroad and home in plan.emergency):
        return Reason.EMERGENCY
    readings = (classify(number, one, Trunk("")) for one in (plan, plan.on_the_wire()))
    if any(one.number_class is NumberClass.EMERGENCY for one in readings):
        return Reason.EMERGENCY
    digits = sum(char.isdigit() for char in number)
    return Reason.MAYBE_EMERGENCY if 0 < digits <= LONGEST_EMERGENCY else None


def surely_chargeable(number: Number) -> bool:
    """Tell whether a number costs by the minute beyond doubt: what cannot be read is doubtful."""
    doubtful = {NumberClass.UNCLASSIFIABLE, NumberClass.MALFORMED}
    return number.chargeable and number.number_class not in doubtful


def _asked(leg: LegDialled, toward: TrunkLeg) -> DialAttempt:
    """Make the question of a leg, as if its channel had asked the gate."""
    return DialAttempt(
        dialled=toward.number,
        trunk=toward.trunk.endpoint,
        channel=leg.channel,
        uniqueid=leg.uniqueid,
        linkedid=leg.linkedid,
        source=None,
        at_s=leg.at_s,
    )


def _judged(
    leg: LegDialled, attempt: DialAttempt, known: Known, reason: Reason, answers: Principal
) -> Decision:
    """Have the judges decide about a leg's number; an emergency stands before they are asked."""
    step = Step(NAME, Verdict.ABSTAIN, reason, _way(leg, known.situation))
    policy, plan = known.policy, known.plan
    emergency = emergency_reason(attempt.dialled, policy, plan)
    if emergency is not None:
        return _emergency(attempt.dialled, plan, step, emergency, _caller(leg, known))
    wire = plan if policy.mode is Mode.OBSERVE else plan.on_the_wire()
    bare = _boundless(policy)
    decision = decide(attempt, bare, wire, known.situation, known.now_s, answers)
    return replace(decision, steps=(step, *decision.steps))


def _standing(decision: Decision, known: Known) -> Standing:
    """Say what a decision means for a leg that is dialled already."""
    if decision.verdict is Verdict.DENY:
        # Observe hangs up only what the operator himself suspended.
        observed = known.policy.mode is Mode.OBSERVE and decision.reason == Reason.MALFORMED
        return Standing.RECORDED if observed else Standing.CUT
    return Standing.STANDS if decision.would is Verdict.ALLOW else Standing.RECORDED


def nobody_in(leg: LegDialled, known: Known) -> Principal:
    """Name nobody, with those who acted in the call: they can only take rights away.

    The context where the caller began gives the right of a declared exception, but only
    where Asterisk itself began the call: else a phone would reach it by a forward.
    """
    situation = known.situation
    call = situation.parties(leg.linkedid)
    others = tuple(one for one in call.acted if one not in known.policy.site.trunk_names)
    context = situation.context_of(leg.caller_uniqueid or leg.uniqueid)
    if not _originated(leg, situation):
        context = ""
    return Principal(None, others, NOBODYS, context, NO_ACTOR)


def recorded_principal(waiting: AttemptAllowed, leg: LegDialled, known: Known) -> Principal:
    """Name who was held responsible when the gate allowed a call."""
    if waiting.endpoint is None:
        return nobody_in(leg, known)
    others = tuple(one for one in waiting.responsible if one != waiting.endpoint)
    missing = A_TRUNK if waiting.endpoint in known.policy.site.trunk_names else ""
    return Principal(waiting.endpoint, others, DIRECT, "", missing)


def _boundless(policy: Policy) -> Policy:
    """Return the policy without bounds on channels, among which the leg itself is counted."""
    trunks = policy.site.trunks
    if not any(trunk.channels for trunk in trunks):
        return policy
    bare = tuple(replace(trunk, channels=0) for trunk in trunks)
    return replace(policy, site=replace(policy.site, trunks=bare))


def _without_its_own_slot(policy: Policy) -> Policy:
    """Return the policy with room for one call more: the leg's own is counted already."""
    limits = policy.limits
    return replace(
        policy,
        limits=replace(
            limits,
            chargeable_per_endpoint=limits.chargeable_per_endpoint + 1,
            chargeable_per_site=limits.chargeable_per_site + 1,
        ),
    )


def _emergency(dialled: str, plan: Plan, step: Step, reason: Reason, caller: Principal) -> Decision:
    """Make the decision of an emergency in whatever form: nothing of ours ends it."""
    return Decision(
        verdict=Verdict.ALLOW,
        reason=reason,
        number=Number(dialled, NumberClass.EMERGENCY, None, plan.country, dialled),
        chargeable=False,
        limit_ms=UNBOUNDED_MS,
        steps=(step, Step(NAME, Verdict.ALLOW, reason, (("number", dialled),))),
        would=Verdict.ALLOW,
        would_reason=reason,
        principal=caller,
    )


def _caller(leg: LegDialled, known: Known) -> Principal:
    """Name who calls for help, for the record: the channel that dials, by its own name."""
    caller = known.situation.channel(leg.caller_uniqueid)
    if caller is None or caller.endpoint is None or caller.dialled:
        return NOBODY
    return direct(caller.endpoint)


def _way(leg: LegDialled, situation: Situation) -> tuple[tuple[str, str], ...]:
    """Name the way a leg came, as facts."""
    return (
        ("way", way_of(leg, situation)),
        ("context", leg.context),
        ("caller", leg.caller_uniqueid),
    )


def way_of(leg: LegDialled, situation: Situation) -> str:
    """Say whether somebody's call was dialled on, or an Originate began it.

    Returns:
        ``dial`` or ``originate``.
    """
    return "originate" if _originated(leg, situation) else "dial"


def _originated(leg: LegDialled, situation: Situation) -> bool:
    """Tell whether nobody called: Asterisk itself began the call; not when in doubt."""
    call = situation.parties(leg.linkedid)
    return not call.overflow and (not leg.caller_uniqueid or call.originated)


def _undeclared(leg: LegDialled, known: Known) -> Account | None:
    """Account for a leg toward no declared trunk; None for a phone's or one inside Asterisk."""
    technology = leg.channel.partition("/")[0]
    if technology in INTERNAL or is_phone(leg, known):
        return None
    number = number_in(technology, leg.dial_string)
    target = leg.channel.rpartition("-")[0] or leg.channel
    attempt = DialAttempt(number, target, leg.channel, leg.uniqueid, leg.linkedid, None, leg.at_s)
    emergency = emergency_reason(number, known.policy, known.plan)
    if emergency is Reason.EMERGENCY:
        step = Step(NAME, Verdict.ABSTAIN, Reason.UNDECLARED_LEG, _way(leg, known.situation))
        decision = _emergency(number, known.plan, step, emergency, _caller(leg, known))
        return Account(Standing.STANDS, Reason.UNDECLARED_LEG, attempt, decision, declared=False)
    site = known.policy.site
    wanted = site.undeclared_legs is UndeclaredLegs.HANGUP
    cut = wanted and emergency is None and known.policy.mode is Mode.ENFORCE
    step = Step(
        NAME, Verdict.DENY, Reason.UNDECLARED_LEG, _way(leg, known.situation), observed=not cut
    )
    decision = Decision(
        verdict=Verdict.DENY if cut else Verdict.ALLOW,
        reason=Reason.UNDECLARED_LEG,
        number=Number(number, NumberClass.UNCLASSIFIABLE, None, None, "", (), Reason.NO_RULE),
        chargeable=False,
        limit_ms=0,
        steps=(step,),
        would=Verdict.DENY if wanted else Verdict.ALLOW,
        would_reason=Reason.UNDECLARED_LEG,
    )
    standing = Standing.CUT if cut else Standing.RECORDED
    return Account(standing, Reason.UNDECLARED_LEG, attempt, decision, declared=False)


def is_phone(leg: LegDialled, known: Known) -> bool:
    """Tell whether a leg goes to a phone as it is registered, or to no line at all.

    Args:
        leg: Toward no declared trunk.
        known: Its situation knows the contacts, its plan reads the number that one may carry.
    """
    technology = leg.channel.partition("/")[0]
    if technology not in _SIP_LIKE:
        number = number_in(technology, leg.dial_string)
        return not number or bool(number.strip(DIALLABLE))
    head, _, location = leg.dial_string.partition("/")
    if "@" in head:
        return False
    contacts = known.situation.contacts(Technology(technology), head)
    if contacts is None:
        return bool(known.situation.blind)  # else it would be listed: planted since the picture
    if technology != Technology.PJSIP:
        return not any(char.isdigit() for char in location)
    if ":" in location:
        return location in contacts
    return not any(_leads_abroad(uri_user(contact), known.plan) for contact in contacts)


def _leads_abroad(user: str, plan: Plan) -> bool:
    """Tell whether a contact carries a number that costs: a trunk dressed as a phone."""
    reading = plan.read(user, plan) if user and not user.strip(DIALLABLE) else None
    return reading is not None and reading.number_class in {
        NumberClass.INTERNATIONAL,
        NumberClass.PREMIUM,
        NumberClass.SHARED_COST,
    }
