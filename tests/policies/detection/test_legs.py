"""Findings of legs around the gate: one an episode, bounded however many legs there are."""

from dataclasses import replace

from policies.detection.finding import FindingKind, LegDone, LegEvidence, Severity
from policies.detection.legs import MAX_SUBJECTS, LegDetector

UNACCOUNTED, UNDECLARED = FindingKind.UNACCOUNTED_LEG, FindingKind.UNDECLARED_LEG
LEG = LegEvidence(
    "2.1", "1.1", "01037793123456", "trunk", "fax", "Dial", "dial", "", "no-token", LegDone.HUNG_UP
)
RECORDED = replace(LEG, done=LegDone.RECORDED)


def test_the_first_leg_is_told_at_once() -> None:
    """With its evidence; what was hung up is critical, what was recorded a warning."""
    detector = LegDetector()
    (cut,) = detector.observe(UNACCOUNTED, LEG, 1.0)
    (kept,) = detector.observe(UNDECLARED, RECORDED, 1.0)

    assert (cut.kind, cut.subject, cut.count, cut.legs) == (UNACCOUNTED, "trunk", 1, (LEG,))
    assert (cut.severity, kept.severity) == (Severity.CRITICAL, Severity.WARNING)


def test_a_burst_is_one_finding_told_once_a_second() -> None:
    """A thousand legs are a count and twenty as evidence; the last ones are told when due."""
    detector = LegDetector()
    told = [
        finding
        for n in range(1_000)
        for finding in detector.observe(UNACCOUNTED, LEG, 1.0 + n / 1_000)
    ]
    (last,) = detector.due(2.5)

    assert len(told) == 1
    assert (last.first_at_s, last.last_at_s, last.count, len(last.legs)) == (1.0, 1.999, 1_000, 20)
    assert detector.due(9.0) == ()


def test_after_a_long_pause_it_is_another_finding() -> None:
    """The first time tells the rows apart; an event read late does not turn time back."""
    detector = LegDetector()
    (first,) = detector.observe(UNACCOUNTED, LEG, 10.0)
    (same,) = detector.observe(UNACCOUNTED, LEG, 600.0)
    detector.observe(UNACCOUNTED, LEG, 599.0)
    (late,) = detector.due(700.0)
    (other,) = detector.observe(UNACCOUNTED, LEG, 1_300.0)

    assert (first.first_at_s, same.first_at_s, other.first_at_s) == (10.0, 10.0, 1_300.0)
    assert (late.last_at_s, late.count, other.count) == (600.0, 3, 1)


def test_targets_that_a_caller_invents_share_a_row_beyond_the_bound() -> None:
    """Nothing grows with them; when old ones are over there is room again."""
    detector = LegDetector()
    subjects = set()
    for n in range(MAX_SUBJECTS + 50):
        for finding in detector.observe(UNDECLARED, replace(RECORDED, trunk=f"x{n}"), 1.0):
            subjects.add(finding.subject)
    (new,) = detector.observe(UNDECLARED, replace(RECORDED, trunk="new"), 1_000.0)

    assert len(subjects) == MAX_SUBJECTS + 1
    assert "*" in subjects
    assert new.subject == "new"
