"""Tests of what a detector says."""

from policies.detection.finding import MAX_EVIDENCE, FindingKind, Severity


def test_codes_are_stable() -> None:
    """Kinds, severities and the bound on evidence are what the store and reports know."""
    assert [kind.value for kind in FindingKind] == ["guessing-source", "guessing-account"]
    assert [severity.value for severity in Severity] == ["warning", "critical"]
    assert MAX_EVIDENCE == 20
