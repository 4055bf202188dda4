"""Finds guessing of passwords: too many failed authentications of a source, or of an account.

Per account because an attacker with many sources fails once from each. Memory does not grow
with sources, accounts or sessions that strangers invent: counters are in bounded tables, and
evidence is kept for the subjects seen last.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from policies.detection.finding import MAX_EVIDENCE, Finding, FindingKind, Severity
from policies.events import Authentication, AuthOutcome, Event
from policies.table import ROWS_PER_GENERATION, Row, Table

KINDS = (AuthOutcome.BAD_RESPONSE, AuthOutcome.UNKNOWN_ACCOUNT, AuthOutcome.ACL_REFUSED)
FAILURES = frozenset(KINDS)

# PJSIP names an account so in the second event of an attempt on one that does not exist.
NO_ACCOUNT = ("", "<unknown>")

# A window slides in steps of a sixth and reaches back up to one step further, never less.
STEPS = 6
SLOTS = STEPS + 1

# One attempt's events are milliseconds apart. The session is the Call-ID, which the caller
# chooses: it only pairs the events of an attempt and never makes two attempts one.
SESSION_S = 2.0

TOLD_EVERY_S = 1.0
CRITICAL_FACTOR = 10
MAX_EVIDENCE_SUBJECTS = 1_024
MAX_SUBJECT_CHARS = 128

Subject = tuple[FindingKind, str]


@dataclass(slots=True)
class _Evidence:
    """Who tried what, the first few of each; dicts for their order."""

    accounts: dict[str, None] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)
    told_at_s: float | None = None


class GuessingDetector:
    """Counts failures in sliding windows.

    Args:
        window_s: Length of the window, above 0.
        per_source: Failures of one source in a window that make a finding, at least 1.
        per_account: The same for one account.
        rows_per_generation: Bound of each table.

    Raises:
        ValueError: An argument is too small.
    """

    def __init__(
        self,
        window_s: float,
        per_source: int,
        per_account: int,
        *,
        rows_per_generation: int = ROWS_PER_GENERATION,
    ) -> None:
        if window_s <= 0 or per_source < 1 or per_account < 1:
            msg = f"window or thresholds too small: {window_s!r}, {per_source!r}, {per_account!r}"
            raise ValueError(msg)
        self._slot_s = window_s / STEPS
        self._thresholds = {
            FindingKind.GUESSING_SOURCE: per_source,
            FindingKind.GUESSING_ACCOUNT: per_account,
        }
        # Keyed by hash: 32 bytes that the garbage collector never walks, for names of any length.
        # The hash is seeded by the process, so nobody can aim at another's row.
        self._counters: Table[int] = Table(rows_per_generation)
        self._sessions: Table[int] = Table(rows_per_generation)
        self._evidence: OrderedDict[Subject, _Evidence] = OrderedDict()
        self._untold: dict[Subject, None] = {}

    def observe(self, event: Event) -> tuple[Finding, ...]:
        """Take an event; whatever is no failed authentication is ignored.

        Returns:
            New findings and changed ones, each at most once a second.
        """
        if not isinstance(event, Authentication) or event.outcome not in FAILURES:
            return ()
        if not self._is_new_attempt(event):
            return ()
        account = event.account[:MAX_SUBJECT_CHARS]
        subjects = [(FindingKind.GUESSING_SOURCE, event.source.ip)]
        if account not in NO_ACCOUNT:
            subjects.append((FindingKind.GUESSING_ACCOUNT, account))
        found = (self._count(subject, account, event) for subject in subjects)
        return tuple(finding for finding in found if finding is not None)

    def due(self, at_s: float) -> tuple[Finding, ...]:
        """Tell what changed within the second after it was last told, once that is over.

        Args:
            at_s: Monotonic seconds; asked about once a second.
        """
        ready = [subject for subject in self._untold if self._may_tell(subject, at_s)]
        findings = (self._tell(subject, at_s) for subject in ready)
        return tuple(finding for finding in findings if finding is not None)

    def _is_new_attempt(self, event: Authentication) -> bool:
        """Count the events of one attempt once, and each attempt of a session.

        An attempt has at most one event of each kind, two of an unknown account
        (the request and the response to its challenge: Asterisk 22), so a session
        has had as many attempts as its most frequent kind tells; accounts apart,
        but for the event of an unknown account that does not name it.
        """
        if event.account in NO_ACCOUNT:
            return self._is_new(event, "", event.outcome)
        new = self._is_new(event, event.account, event.outcome)
        if event.outcome is AuthOutcome.UNKNOWN_ACCOUNT:
            self._is_new(event, "", event.outcome)
        return new

    def _is_new(self, event: Authentication, account: str, outcome: AuthOutcome) -> bool:
        """Count one kind of event of a session; tells whether it makes another attempt."""
        key = hash((event.source.ip, event.session, account))
        row = self._sessions.get(key)
        if row is None or event.at_s - row[0] >= SESSION_S:
            row = (event.at_s, *(0,) * len(KINDS))
        counts = list(row[1:])
        kind = KINDS.index(outcome)
        before = _attempts(counts)
        counts[kind] += 1
        self._sessions.put(key, (event.at_s, *counts))
        return _attempts(counts) > before

    def _count(self, subject: Subject, account: str, event: Authentication) -> Finding | None:
        """Count a failure of a subject and tell of it when it is time."""
        key = hash(subject)
        row = self._slid(self._counters.get(key), event.at_s)
        slot, first_at_s, _, total, *counts = row
        if not total:
            self._forget(subject)
        counts[0] += 1
        self._counters.put(key, (slot, first_at_s, event.at_s, total + 1, *counts))
        self._remember(subject, account, event.source.ip)
        if sum(counts) >= self._thresholds[subject[0]]:
            self._untold[subject] = None
            if self._may_tell(subject, event.at_s):
                return self._tell(subject, event.at_s)
        return None

    def _slid(self, row: Row | None, at_s: float) -> Row:
        """Slide a counter's window to now: slot, first, last, total, newest count first."""
        now = at_s // self._slot_s
        if row is None or now - row[0] >= SLOTS:
            return (now, at_s, at_s, 0, *(0,) * SLOTS)
        steps = max(0, int(now - row[0]))
        return (max(now, row[0]), *row[1:4], *(0,) * steps, *row[4 : 4 + SLOTS - steps])

    def _forget(self, subject: Subject) -> None:
        """Drop the evidence of an episode that is over."""
        self._evidence.pop(subject, None)
        self._untold.pop(subject, None)

    def _remember(self, subject: Subject, account: str, source: str) -> None:
        """Keep evidence of a subject, dropping that of the one seen longest ago."""
        evidence = self._evidence.get(subject)
        if evidence is None:
            evidence = self._evidence[subject] = _Evidence()
            if len(self._evidence) > MAX_EVIDENCE_SUBJECTS:
                self._forget(next(iter(self._evidence)))
        self._evidence.move_to_end(subject)
        if account not in NO_ACCOUNT and len(evidence.accounts) < MAX_EVIDENCE:
            evidence.accounts[account] = None
        if len(evidence.sources) < MAX_EVIDENCE:
            evidence.sources[source] = None

    def _may_tell(self, subject: Subject, at_s: float) -> bool:
        """Tell whether a second has passed since it was last told."""
        told_at_s = self._evidence[subject].told_at_s
        return told_at_s is None or at_s - told_at_s >= TOLD_EVERY_S

    def _tell(self, subject: Subject, at_s: float) -> Finding | None:
        """Make the finding of a subject; None where its counter was dropped."""
        del self._untold[subject]
        row = self._counters.get(hash(subject))
        if row is None:
            return None
        evidence = self._evidence[subject]
        evidence.told_at_s = at_s
        kind, name = subject
        count = int(row[3])
        critical = count >= CRITICAL_FACTOR * self._thresholds[kind]
        return Finding(
            kind,
            name,
            first_at_s=row[1],
            last_at_s=row[2],
            count=count,
            accounts=tuple(evidence.accounts),
            sources=tuple(evidence.sources),
            severity=Severity.CRITICAL if critical else Severity.WARNING,
        )


def _attempts(counts: list[float]) -> float:
    """Say how many attempts a session's events of each kind make."""
    return max(
        (count + 1) // 2 if kind is AuthOutcome.UNKNOWN_ACCOUNT else count
        for kind, count in zip(KINDS, counts, strict=True)
    )
