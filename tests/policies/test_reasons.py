"""Tests of the list of reason codes."""

import re

from policies.reasons import REASONS, Reason


def test_codes_are_kebab_case_and_unique() -> None:
    """Codes are an API in one spelling."""
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) for code in REASONS)
    assert len(set(REASONS)) == len(REASONS) == len(list(Reason))
