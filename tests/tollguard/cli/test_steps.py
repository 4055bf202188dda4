"""The steps of a decision in words."""

import json

from policies.decision import Step, Verdict
from tollguard.cli.steps import from_step, step_values

FACTS = (("target", "MC"), ("until_s", "1795500000.0"), ("by", "alice"), ("words", "alarm"))
STEP = Step("country", Verdict.DENY, "country-suspended", FACTS)


def test_a_suspension_ends_in_the_readers_zone() -> None:
    """The fact is wall seconds, the sentence a time of the site."""
    assert from_step(STEP, "Asia/Tokyo").text == (
        "MC is suspended until 2026-11-24 15:00:00 JST by alice: alarm"
    )


def test_a_stored_step_reads_like_a_fresh_one() -> None:
    """Facts stored as pairs or as an object give the same."""
    fresh = from_step(STEP, "UTC").as_json()
    pairs = json.dumps([{**fresh, "facts": list(FACTS)}])

    assert step_values(pairs, "UTC") == step_values(json.dumps([fresh]), "UTC") == [fresh]


def test_what_cannot_be_read_has_no_steps() -> None:
    """Broken JSON, another shape and missing keys are no error."""
    for stored in ("", "3", "[3]", '[{"judge": "x"}]', '[{"facts": [["a"]]}]'):
        assert step_values(stored, "UTC") == []
