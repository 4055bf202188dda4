"""Tests of where digits behind an international prefix lead."""

import pytest
from phonenumbers import PhoneMetadata, PhoneNumber

from policies.numbering.e164 import calling_code_of, load_metadata, phone_number, read_abroad
from policies.numbering.number import NumberClass
from policies.numbering.plan import Reading
from policies.numbering.plans import plan_for
from policies.policy import Site
from tests.policies.builders import JAPAN


@pytest.mark.parametrize(
    ("digits", "country"),
    [
        ("37793123456", "MC"),
        ("18765551234", "JM"),
        ("18095551234", "DO"),
        ("12125551234", "US"),
        ("14415551234", "BM"),
        ("77012345678", "KZ"),
        ("74951234567", "RU"),
        ("447911123456", "GG"),
        ("447700300123", "JE"),
        ("447624123456", "IM"),
        ("442079460000", "GB"),
        ("390669812345", "VA"),
        ("390612345678", "IT"),
        ("870773123456", None),
        ("878101234567", None),
        ("881612345678", None),
        ("88213123456", None),
        ("883510012345", None),
        ("979123456789", None),
        ("80012345678", None),
        ("80812345678", None),
    ],
)
def test_country(digits: str, country: str | None) -> None:
    """Countries that share a code are told apart; global codes have none."""
    expected = Reading(NumberClass.INTERNATIONAL, f"010{digits}", f"+{digits}", country)

    assert read_abroad(digits, JAPAN) == expected


@pytest.mark.parametrize(
    ("digits", "why"),
    [
        ("", "not-e164"),
        ("377931", "not-e164"),
        ("3779312345678901", "not-e164"),
        ("0377931234", "not-e164"),
        ("377*931234", "not-e164"),
        ("37793+1234", "not-e164"),
        ("2101234567", "unassigned-calling-code"),
        ("9991234567", "unassigned-calling-code"),
        ("15555551234", "unallocated-range"),
        ("810312345678", "home-prefix-abroad"),
        ("8110377931234", "home-prefix-abroad"),
        ("8111012345", "wrong-length"),
    ],
)
def test_what_leads_nowhere_certain(digits: str, why: str) -> None:
    """Digits that are no E.164 number, or lead home in a form that home does not have."""
    reading = read_abroad(digits, JAPAN)

    assert (reading.number_class, reading.why) == (NumberClass.UNCLASSIFIABLE, why)


def test_home_from_abroad_is_home() -> None:
    """A number of home in its international form is of its national class."""
    expected = Reading(NumberClass.FIXED, "0312345678", "+81312345678", "JP")

    assert read_abroad("81312345678", JAPAN) == expected


def test_a_prefix_that_would_be_read_as_another_is_not_written() -> None:
    """Hong Kong: 00 before +1 44… is carrier 001 and +44, so there is no national form of it."""
    plan = plan_for(Site(plan="generic", country="HK"))

    assert read_abroad("12125551234", plan).national == ""
    assert read_abroad("442079460000", plan).national == "00442079460000"


def test_a_preferred_prefix_that_home_does_not_have_is_not_written() -> None:
    """Where the pattern of home's prefixes does not find ours there is no national form."""
    plan = plan_for(Site(plan="generic", country="MU"))

    assert plan.international_prefix == "020"
    assert read_abroad("37793123456", plan).national == "02037793123456"


def test_calling_codes_are_found_at_any_length() -> None:
    """One, two or three digits; none where none is assigned."""
    found = [calling_code_of(digits) for digits in ("1212", "3312", "37793", "2109", "9")]

    assert found == [1, 33, 377, None, None]


@pytest.mark.parametrize(
    ("significant", "expected"),
    [
        ("93123456", PhoneNumber(377, 93123456)),
        ("0612345", PhoneNumber(377, 612345, italian_leading_zero=True)),
        (
            "00612",
            PhoneNumber(377, 612, italian_leading_zero=True, number_of_leading_zeros=2),
        ),
    ],
)
def test_leading_zeros_are_kept(significant: str, expected: PhoneNumber) -> None:
    """The library's number keeps the zeros that an integer loses."""
    assert phone_number(377, significant) == expected


def test_metadata_can_be_loaded_again() -> None:
    """Loading what is there changes nothing; no judged call has to load a file."""
    load_metadata("JP")
    loaded = dict(PhoneMetadata._region_metadata)
    load_metadata("JP")

    assert PhoneMetadata._region_metadata == loaded
    assert {"JP", "CA", "US", "KZ"} <= loaded.keys()
