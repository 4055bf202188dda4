"""Times as the store keeps them."""

import pytest

from tollguard.store.times import to_seconds, to_text


def test_a_time_is_utc_text_with_milliseconds_that_sorts() -> None:
    """Wall seconds become ISO 8601 text in UTC, and earlier times sort first."""
    texts = [to_text(0.0), to_text(1.0625), to_text(1_795_500_000.125)]

    assert texts == [
        "1970-01-01T00:00:00.000Z",
        "1970-01-01T00:00:01.062Z",
        "2026-11-24T06:00:00.125Z",
    ]
    assert texts == sorted(texts)


def test_reading_gives_the_same_second_back() -> None:
    """A text that was written reads back as the same wall second."""
    assert to_seconds(to_text(1_795_500_000.125)) == 1_795_500_000.125


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-24T06:00:00"])
def test_what_is_no_time_with_a_zone_is_refused(text: str) -> None:
    """Anything without a zone, or no time at all, raises ValueError."""
    with pytest.raises(ValueError, match=r"zone|isoformat"):
        to_seconds(text)
