"""Arguments that several commands share."""

import pytest

from policies.policy import SuspensionKind
from tests.tollguard.cli.conftest import Bench
from tollguard.cli.options import (
    check_countries,
    check_country,
    check_endpoint,
    check_reason,
    check_target,
)
from tollguard.errors import InputError


def test_a_country_is_taken_in_either_case() -> None:
    """Two letters of ISO 3166 become capitals."""
    assert check_country(" mc ") == "MC"


@pytest.mark.parametrize("text", ["", "XX", "Monaco", "377", "UK", "001"])
def test_what_is_no_country_is_refused_with_the_remedy(text: str) -> None:
    """The message shows how countries are written."""
    with pytest.raises(InputError) as caught:
        check_country(text)

    assert str(caught.value) == (
        f"{text!r} is no country: write its two letters of ISO 3166, such as MC for Monaco"
    )


def test_countries_are_a_list_or_all() -> None:
    """Commas divide them; all is no restriction."""
    assert check_countries("mc, FR") == frozenset({"MC", "FR"})
    assert check_countries("ALL") is None
    with pytest.raises(InputError):
        check_countries("MC,")


@pytest.mark.parametrize("text", ["", "a b", "6001&PJSIP", "x" * 80, "日本", "-x", "6001\n"])
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    """Only what can be a section of pjsip.conf."""
    with pytest.raises(InputError, match="is no endpoint's name"):
        check_endpoint(text)


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "\x1b[31m", "x" * 501])
def test_a_reason_is_one_printable_line(text: str) -> None:
    """It is shown to others later, so it cannot hold control characters."""
    with pytest.raises(InputError, match="one line of 1 to 500 characters"):
        check_reason(text)


def test_a_reason_is_trimmed() -> None:
    """White space around it is dropped; Japanese is text like any other."""
    assert check_reason(" 請求額の警報 ") == "請求額の警報"


def test_a_target_follows_its_kind() -> None:
    """International has one target, the others are checked as what they are."""
    assert check_target(SuspensionKind.INTERNATIONAL, None) == "*"
    assert check_target(SuspensionKind.COUNTRY, "mc") == "MC"
    assert check_target(SuspensionKind.ENDPOINT, "desk-1001") == "desk-1001"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("attacks", "show", "abc"), "'abc' is no whole number from 1"),
        (("findings", "show", "0"), "'0' is no whole number from 1"),
        (("ledger", "show", "--limit", "x"), "'x' is no whole number from 1 to 10000"),
    ],
)
def test_what_is_no_number_is_told_what_is_wanted(
    bench: Bench, words: tuple[str, ...], told: str
) -> None:
    """Not that it is no valid range."""
    result = bench.run(*words)

    assert (result.code, result.out) == (64, "")
    assert f"{told}\n" in result.err
