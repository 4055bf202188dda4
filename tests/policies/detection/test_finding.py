"""Tests of what a detector says."""

from policies.detection.finding import MAX_EVIDENCE, FindingKind, LegDone, Severity


def test_codes_are_stable() -> None:
    """Kinds, severities and the bound on evidence are what the store and reports know."""
    assert [kind.value for kind in FindingKind] == [
        "guessing-source",
        "guessing-account",
        "unaccounted-leg",
        "undeclared-leg",
    ]
    assert [done.value for done in LegDone] == ["hung-up", "not-hung-up", "recorded"]
    assert [severity.value for severity in Severity] == ["warning", "critical"]
    assert MAX_EVIDENCE == 20
