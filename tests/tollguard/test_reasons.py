"""Every reason code has words."""

import pytest

from policies.reasons import REASONS
from tollguard.i18n import use_language
from tollguard.reasons import GATE_REASONS, explain, raw_template


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


@pytest.mark.parametrize("reason", [*REASONS, *GATE_REASONS])
def test_every_reason_has_a_text(reason: str) -> None:
    """No code of the core or of the gate is shown bare."""
    assert raw_template(reason) != reason


def test_facts_stand_in_the_text() -> None:
    """The judge's facts are put in their places."""
    facts = (("endpoint", "6001"), ("country", "MC"))

    assert explain("international-not-permitted", facts) == "6001 has no right to call MC"


def test_a_missing_or_empty_fact_is_no_error() -> None:
    """An older row may lack a fact, and a global code has no country."""
    facts = (("country", ""),)

    assert explain("international-not-permitted", facts) == "? has no right to call no country"


def test_why_a_number_is_malformed_is_told_in_words() -> None:
    """The inner code becomes a sentence too."""
    text = explain("malformed", (("why", "empty"),))

    assert text == "the number cannot be dialled at all: no number was dialled"


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("2026-11-24 12:00:00 JST", "until 2026-11-24 12:00:00 JST"),
        (None, "until resumed"),
    ],
)
def test_a_suspension_tells_who_why_and_until_when(until: str | None, words: str) -> None:
    """Its end is shown in the reader's zone, or that there is none."""
    facts = (("target", "MC"), ("until_s", "1.0"), ("by", "alice"), ("words", "bill alarm"))

    text = explain("country-suspended", facts, until)

    assert text == f"MC is suspended {words} by alice: bill alarm"


def test_an_unknown_reason_is_shown_as_it_is() -> None:
    """A row of a later version is still readable."""
    assert explain("later-invented", ()) == "later-invented"
    assert raw_template("later-invented") == "later-invented"


def test_braces_in_facts_are_only_text() -> None:
    """What a caller dials cannot reach into the template."""
    facts = (("trunk", "{endpoint.__class__}"),)

    text = explain("unknown-trunk", facts)

    assert text == "trunk {endpoint.__class__} is not declared in the configuration"


def test_nobody_and_no_trunk_are_said_in_words() -> None:
    """An empty endpoint is no country, and an empty trunk is seen."""
    facts = (("endpoint", ""), ("country", "MC"))

    assert explain("international-not-permitted", facts) == (
        "nobody (no endpoint) has no right to call MC"
    )
    assert explain("unknown-trunk", (("trunk", ""),)) == (
        "trunk (none) is not declared in the configuration"
    )
