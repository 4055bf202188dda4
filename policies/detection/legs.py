"""Makes findings of legs around the gate: one an episode and trunk, however many legs it has.

A burst of a thousand legs is one row with a count and the first twenty as its evidence; the
number of rows is bounded too, because an undeclared target is named by whoever dials it.
"""

from dataclasses import dataclass, field

from policies.detection.finding import (
    MAX_EVIDENCE,
    Finding,
    FindingKind,
    LegDone,
    LegEvidence,
    Severity,
)

# Legs further apart than this are another episode, with a row of its own.
QUIET_S = 600.0
TOLD_EVERY_S = 1.0
MAX_SUBJECTS = 256
MAX_SUBJECT_CHARS = 128
OTHERS = "*"

Subject = tuple[FindingKind, str]


@dataclass(slots=True)
class _Episode:
    """Legs toward one trunk or target without a long pause."""

    first_at_s: float
    last_at_s: float
    count: int = 0
    legs: list[LegEvidence] = field(default_factory=list)
    cut: bool = False
    told_at_s: float | None = None
    untold: bool = False


class LegDetector:
    """Counts legs around the gate by trunk and target. Bounded by `MAX_SUBJECTS`."""

    def __init__(self) -> None:
        self._episodes: dict[Subject, _Episode] = {}

    def observe(self, kind: FindingKind, leg: LegEvidence, at_s: float) -> tuple[Finding, ...]:
        """Take a leg; tells the finding unless it was told less than a second ago.

        Args:
            kind: ``UNACCOUNTED_LEG`` or ``UNDECLARED_LEG``.
            leg: What is known of it.
            at_s: Monotonic seconds.
        """
        subject = self._subject(kind, leg.trunk[:MAX_SUBJECT_CHARS], at_s)
        episode = self._episodes.get(subject)
        if episode is None or at_s - episode.last_at_s > QUIET_S:
            episode = self._episodes[subject] = _Episode(at_s, at_s)
        episode.last_at_s = max(episode.last_at_s, at_s)
        episode.count += 1
        episode.cut = episode.cut or leg.done is not LegDone.RECORDED
        if len(episode.legs) < MAX_EVIDENCE:
            episode.legs.append(leg)
        episode.untold = True
        return self._tell(subject, at_s)

    def due(self, at_s: float) -> tuple[Finding, ...]:
        """Tell what came within a second after it was last told; asked once a second.

        Args:
            at_s: Monotonic seconds.
        """
        waiting = [subject for subject, episode in self._episodes.items() if episode.untold]
        return tuple(finding for subject in waiting for finding in self._tell(subject, at_s))

    def _subject(self, kind: FindingKind, name: str, at_s: float) -> Subject:
        """Name the row that a leg counts in; beyond the bound they share one a kind."""
        if (kind, name) in self._episodes or len(self._episodes) < MAX_SUBJECTS:
            return (kind, name)
        over = [s for s, one in self._episodes.items() if at_s - one.last_at_s > QUIET_S]
        for subject in over:
            del self._episodes[subject]
        return (kind, name if over else OTHERS)

    def _tell(self, subject: Subject, at_s: float) -> tuple[Finding, ...]:
        episode = self._episodes[subject]
        if episode.told_at_s is not None and at_s - episode.told_at_s < TOLD_EVERY_S:
            return ()
        episode.told_at_s, episode.untold = at_s, False
        kind, name = subject
        return (
            Finding(
                kind,
                name,
                first_at_s=episode.first_at_s,
                last_at_s=episode.last_at_s,
                count=episode.count,
                accounts=(),
                sources=(),
                severity=Severity.CRITICAL if episode.cut else Severity.WARNING,
                legs=tuple(episode.legs),
            ),
        )
