"""Durations and times as operators write them."""

import click
import pytest

from tollguard.cli.spans import (
    parse_duration,
    parse_end,
    parse_since,
    parse_time,
    show_duration,
    show_short,
    show_time,
)
from tollguard.errors import InputError

ZONE = "Asia/Tokyo"
NOW_S = 1_795_500_000.0  # 2026-11-24 15:00:00 JST


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("30m", 1_800),
        ("2h", 7_200),
        ("1h30m", 5_400),
        ("1d", 86_400),
        ("52w", 31_449_600),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    """Numbers with units, added up."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "2 h", "-2h", "2h ", "1.5h", "٣h", "2H"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Anything else names what is accepted."""
    with pytest.raises(InputError, match="is no duration: write 30m, 2h, 1d or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0s", "0m0s", "367d", "999999w", "99999999999d"])
def test_durations_are_bounded(text: str) -> None:
    """Nothing and more than a leap year are refused."""
    with pytest.raises(InputError, match="out of bounds: 1 second to 366 days"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-12-01", "2026-12-01 00:00:00 JST"),
        ("2026-12-01 08:30", "2026-12-01 08:30:00 JST"),
        ("2026-12-01T08:30:05+00:00", "2026-12-01 17:30:05 JST"),
        ("8:30", "2026-11-24 08:30:00 JST"),
        ("23:59", "2026-11-24 23:59:00 JST"),
    ],
)
def test_times_are_in_the_sites_zone(text: str, shown: str) -> None:
    """A time without a zone is the site's; one alone is today."""
    assert show_time(parse_time(text, ZONE, NOW_S), ZONE) == shown


@pytest.mark.parametrize("text", ["", "noon", "25:00", "2026-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """The message shows how one is written."""
    with pytest.raises(InputError, match=r"^--at .* is no time: write 2026-12-01 08:00"):
        parse_time(text, ZONE, NOW_S, "--at")


def test_an_end_is_a_duration_or_a_time() -> None:
    """Either option gives the wall second; neither gives None."""
    assert parse_end("2h", None, ZONE, NOW_S) == NOW_S + 7_200
    assert parse_end(None, "16:00", ZONE, NOW_S) == NOW_S + 3_600
    assert parse_end(None, None, ZONE, NOW_S) is None


def test_two_ends_are_refused() -> None:
    """One of them would be ignored in silence otherwise."""
    with pytest.raises(click.UsageError, match="give --for or --until, not both"):
        parse_end("2h", "16:00", ZONE, NOW_S)


def test_an_end_in_the_past_is_refused() -> None:
    """The message tells what time it is at the site."""
    with pytest.raises(InputError) as caught:
        parse_end(None, "15:00", ZONE, NOW_S)

    assert str(caught.value) == (
        "--until '15:00' is in the past; it is 2026-11-24 15:00:00 JST now"
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("2x", None), "--for '2x' is no duration: write 30m, 2h, 1d or 1h30m"),
        (("367d", None), "--for '367d' is out of bounds: 1 second to 366 days"),
        ((None, "x"), "--until 'x' is no time: write 2026-12-01 08:00, 2026-12-01 or 08:00"),
    ],
)
def test_an_end_that_is_none_names_its_option(
    given: tuple[str | None, str | None], told: str
) -> None:
    """The sentence says which option it is about, and what is accepted."""
    with pytest.raises(InputError) as caught:
        parse_end(*given, ZONE, NOW_S)

    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "yesterday",
            "--since 'yesterday' is no time: write 2h (back from now), 2026-12-01 08:00,"
            " 2026-12-01 or 08:00",
        ),
        ("367d", "--since '367d' is out of bounds: 1 second to 366 days"),
    ],
)
def test_a_since_that_is_none_says_what_is_accepted(text: str, told: str) -> None:
    """Durations back from now too."""
    with pytest.raises(InputError) as caught:
        parse_since(text, ZONE, NOW_S)

    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (45, "45s"), (5_400, "1h30m"), (90_061, "1d1h1m1s")]
)
def test_durations_are_shown_as_they_are_typed(seconds: int, text: str) -> None:
    """What is printed can be given back."""
    assert show_duration(seconds) == text


def test_since_is_a_duration_back_or_a_time() -> None:
    """Both spellings give the wall second where a report begins."""
    assert parse_since("1h", ZONE, NOW_S) == NOW_S - 3_600
    assert parse_since("2026-11-24", ZONE, NOW_S) == NOW_S - 15 * 3_600


def test_stored_times_are_shown_in_the_sites_zone() -> None:
    """Empty stays empty, and what is no time is shown as it is."""
    assert show_short("2026-11-24T06:00:00.125Z", ZONE) == "2026-11-24 15:00:00"
    assert show_short("", ZONE) == ""
    assert show_short("soon", ZONE) == "soon"
