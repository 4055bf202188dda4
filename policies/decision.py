"""What is asked of the gate and what it answers: the attempt, each judge's step, the decision.

A denial is a value and never an exception.
Every judge's answer is kept, so a decision can be explained long after the call.
"""

from dataclasses import dataclass
from enum import StrEnum

from policies.numbering.number import Number
from policies.principal import NO_CLAIM, NOBODY, Claim, Principal


class Verdict(StrEnum):
    """One judge's answer, and the whole decision's.

    ABSTAIN and not PASS: "pass" reads as *let through*.
    """

    ALLOW = "ALLOW"
    DENY = "DENY"
    CHALLENGE = "CHALLENGE"
    ABSTAIN = "ABSTAIN"


@dataclass(frozen=True, slots=True)
class DialAttempt:
    """One outbound call asked for, as the gate heard it.

    Attributes:
        dialled: The number as the dialplan passed it. Untrusted text.
        trunk: Endpoint name of the trunk this pass is for. From the dialplan.
        channel: Name of the calling channel, ``PJSIP/6001-0000002a``.
        uniqueid: Asterisk's id of the calling channel.
        linkedid: Asterisk's id of the call; equals ``uniqueid`` for a first leg.
        source: Packet source of the INVITE, ``192.0.2.7:5060`` or
            ``[2001:db8::7]:5060``; None where Asterisk itself dialled.
        at_s: Monotonic seconds when the attempt was read.
        claim: What the channel says of who forwarded, transferred or began it.
    """

    dialled: str
    trunk: str
    channel: str
    uniqueid: str
    linkedid: str
    source: str | None
    at_s: float
    claim: Claim = NO_CLAIM


@dataclass(frozen=True, slots=True)
class Step:
    """One judge's answer.

    Attributes:
        judge: The judge's name, equal to its file in ``policies/judges``.
        verdict: What it said.
        reason: Stable kebab-case code. Never renamed, only added to.
        facts: Named values for the reason's text, in order, such as
            ``(("country", "MC"),)``. May hold untrusted text: `repr` when printed.
        observed: The judge said DENY but its rule is only observed, so the
            step did not settle the decision.
    """

    judge: str
    verdict: Verdict
    reason: str
    facts: tuple[tuple[str, str], ...] = ()
    observed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole answer to an attempt, with every step that led there.

    Attributes:
        verdict: What is done. Never ABSTAIN.
        reason: Reason code of the step that settled it.
        number: What the dialled string really is.
        chargeable: Whether the call waits for a durable ledger row (DESIGN "Money").
        limit_ms: How long the call may last. 0 unless the verdict is ALLOW.
        steps: Every judge's answer, in order, the settling one last.
        would: What enforcing would have said. Equals ``verdict`` outside observe.
        would_reason: Reason code of ``would``.
        principal: Who answers for the call.
    """

    verdict: Verdict
    reason: str
    number: Number
    chargeable: bool
    limit_ms: int
    steps: tuple[Step, ...]
    would: Verdict
    would_reason: str
    principal: Principal = NOBODY


@dataclass(frozen=True, slots=True)
class Answer:
    """What the dialplan is told, each field one ``TOLLGUARD_*`` variable.

    Attributes:
        verdict: ALLOW or DENY (CHALLENGE is answered as DENY until there are PINs).
        number: The canonical number to dial on this trunk, only ``0-9*#+``. Empty when denied.
        limit_ms: Greater than zero when allowed, else zero.
        token: One-time proof that this gate allowed this leg. Empty when denied.
        reason: Reason code.
    """

    verdict: Verdict
    number: str
    limit_ms: int
    token: str
    reason: str
