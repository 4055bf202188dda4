"""What a detector says, with the evidence a human needs to believe it."""

from dataclasses import dataclass
from enum import StrEnum

# Enough to judge by; an attacker must not be able to fill a report.
MAX_EVIDENCE = 20


class FindingKind(StrEnum):
    """What was found; stable codes, like reasons."""

    GUESSING_SOURCE = "guessing-source"
    GUESSING_ACCOUNT = "guessing-account"


class Severity(StrEnum):
    """How soon somebody has to look."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that looks like an attack; the same kind and subject is the same finding.

    Attributes:
        kind: What it is.
        subject: An address or an account. Untrusted text.
        first_at_s: Monotonic seconds of the first event of this episode.
        last_at_s: Of the last one.
        count: Events of this episode.
        accounts: Accounts that were tried, at most 20, in order. Untrusted text.
        sources: Addresses it came from, at most 20, in order.
        severity: How soon somebody has to look.
    """

    kind: FindingKind
    subject: str
    first_at_s: float
    last_at_s: float
    count: int
    accounts: tuple[str, ...]
    sources: tuple[str, ...]
    severity: Severity
