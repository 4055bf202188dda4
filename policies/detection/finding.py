"""What a detector says, with the evidence a human needs to believe it."""

from dataclasses import dataclass
from enum import StrEnum

# Enough to judge by; an attacker must not be able to fill a report.
MAX_EVIDENCE = 20


class FindingKind(StrEnum):
    """What was found; stable codes, like reasons."""

    GUESSING_SOURCE = "guessing-source"
    GUESSING_ACCOUNT = "guessing-account"
    UNACCOUNTED_LEG = "unaccounted-leg"
    UNDECLARED_LEG = "undeclared-leg"


class Severity(StrEnum):
    """How soon somebody has to look."""

    WARNING = "warning"
    CRITICAL = "critical"


class LegDone(StrEnum):
    """What was done about a leg."""

    HUNG_UP = "hung-up"
    NOT_HUNG_UP = "not-hung-up"  # it was to be, and could not yet
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class LegEvidence:
    """One outgoing leg that came around the gate, and the way it came.

    Attributes:
        uniqueid: The leg's channel.
        linkedid: Its call.
        number: What its far end was given. Untrusted.
        trunk: The declared trunk, or the undeclared target as it was dialled. Untrusted.
        context: Where its caller was in the dialplan; empty where AMI does not tell.
        application: What its caller ran; empty where AMI does not tell.
        way: ``dial`` by a channel, or ``originate`` without one.
        manager: Who logged in to AMI just before an originate; empty where AMI does not tell.
        reason: Code of why it is not accounted for.
        done: What was done about it.
    """

    uniqueid: str
    linkedid: str
    number: str
    trunk: str
    context: str
    application: str
    way: str
    manager: str
    reason: str
    done: LegDone


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that looks like an attack; the same kind and subject is the same finding.

    Attributes:
        kind: What it is.
        subject: An address, an account, or what a leg is toward. Untrusted text.
        first_at_s: Monotonic seconds of the first event of this episode.
        last_at_s: Of the last one.
        count: Events of this episode.
        accounts: Accounts that were tried, at most 20, in order. Untrusted text.
        sources: Addresses it came from, at most 20, in order.
        severity: How soon somebody has to look.
        legs: Legs around the gate, at most 20, in order.
    """

    kind: FindingKind
    subject: str
    first_at_s: float
    last_at_s: float
    count: int
    accounts: tuple[str, ...]
    sources: tuple[str, ...]
    severity: Severity
    legs: tuple[LegEvidence, ...] = ()
