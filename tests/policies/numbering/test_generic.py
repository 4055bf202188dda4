"""Tests of the plan of any other country."""

import pytest
from phonenumbers import PhoneMetadata, is_emergency_number

from policies.numbering import classify
from policies.numbering.generic import emergency_numbers
from policies.numbering.number import Number, NumberClass, NumberForm
from policies.numbering.plan import Plan
from policies.numbering.plans import plan_for
from policies.policy import Site, Trunk
from tests.policies.builders import TRUNK

PLUS = Trunk("trunk", NumberForm.E164)
PLANS: dict[str, Plan] = {
    country: plan_for(Site(plan="generic", country=country))
    for country in ("AU", "DE", "GB", "HK", "IT", "JP", "KR", "RU", "US")
}


@pytest.mark.parametrize("country", ["DE", "GB", "IT", "JP", "US"])
@pytest.mark.parametrize("prefix", ["+", "00", "010", "011"])
def test_every_usual_prefix_leads_abroad(country: str, prefix: str) -> None:
    """Whichever prefix is tried, the call is judged and dialled as the one abroad."""
    plan = PLANS[country]
    number = classify(f"{prefix}37793123456", plan, TRUNK)

    assert (number.number_class, number.country) == (NumberClass.INTERNATIONAL, "MC")
    assert number.canonical == f"{plan.international_prefix}37793123456"
    assert classify(f"{prefix}37793123456", plan, PLUS).canonical == "+37793123456"


@pytest.mark.parametrize(
    ("home", "dialled", "number_class", "country", "canonical"),
    [
        ("US", "12125551234", NumberClass.FIXED, "US", "12125551234"),
        ("US", "2125551234", NumberClass.FIXED, "US", "12125551234"),
        ("US", "+12125551234", NumberClass.FIXED, "US", "12125551234"),
        ("DE", "018012345678", NumberClass.SHARED_COST, "DE", "018012345678"),
        ("US", "18005551234", NumberClass.FREEPHONE, "US", "18005551234"),
        ("US", "19005551234", NumberClass.PREMIUM, "US", "19005551234"),
        ("US", "18765551234", NumberClass.INTERNATIONAL, "JM", "18765551234"),
        ("US", "8765551234", NumberClass.INTERNATIONAL, "JM", "18765551234"),
        ("US", "01118765551234", NumberClass.INTERNATIONAL, "JM", "18765551234"),
        ("GB", "02079460000", NumberClass.FIXED, "GB", "02079460000"),
        ("GB", "01132960000", NumberClass.FIXED, "GB", "01132960000"),
        ("GB", "07400123456", NumberClass.MOBILE, "GB", "07400123456"),
        ("GB", "07911123456", NumberClass.INTERNATIONAL, "GG", "07911123456"),
        ("GB", "07012345678", NumberClass.PREMIUM, "GB", "07012345678"),
        ("GB", "08451234567", NumberClass.PREMIUM, "GB", "08451234567"),
        ("GB", "05612345678", NumberClass.VOIP, "GB", "05612345678"),
        ("IT", "0612345678", NumberClass.FIXED, "IT", "0612345678"),
        ("IT", "0669812345", NumberClass.INTERNATIONAL, "VA", "0669812345"),
        ("IT", "3123456789", NumberClass.MOBILE, "IT", "3123456789"),
        ("RU", "84951234567", NumberClass.FIXED, "RU", "84951234567"),
        ("RU", "87012345678", NumberClass.INTERNATIONAL, "KZ", "87012345678"),
        ("RU", "81037793123456", NumberClass.INTERNATIONAL, "MC", "81037793123456"),
        ("AU", "001137793123456", NumberClass.INTERNATIONAL, "MC", "001137793123456"),
        ("JP", "0312345678", NumberClass.FIXED, "JP", "0312345678"),
        ("JP", "0112345678", NumberClass.FIXED, "JP", "0112345678"),
    ],
)
def test_classes(
    home: str, dialled: str, number_class: NumberClass, country: str, canonical: str
) -> None:
    """Numbers of home are of the library's type; neighbours with home's code are abroad."""
    number = classify(dialled, PLANS[home], TRUNK)

    assert (number.number_class, number.country, number.canonical) == (
        number_class,
        country,
        canonical,
    )


@pytest.mark.parametrize(
    ("home", "dialled", "why"),
    [
        ("US", "1010288011377931234", "home-prefix-abroad"),
        ("US", "*6701137793123456", "feature-code"),
        ("US", "5551234", "no-rule"),
        ("US", "1", "no-rule"),
        ("US", "411", "no-rule"),
        ("US", "14415551234000", "unallocated-range"),
        ("US", "15555551234", "unallocated-range"),
        ("GB", "12800044207946000", "no-rule"),
        ("GB", "+4402079460000", "home-prefix-abroad"),
        ("GB", "00000000000", "not-e164"),
        ("GB", "00442079", "not-e164"),
        ("JP", "+81010377931234", "home-prefix-abroad"),
        ("AU", "001437793123456", "unallocated-range"),
        ("DE", "010", "not-e164"),
    ],
)
def test_refused(home: str, dialled: str, why: str) -> None:
    """Carrier codes, features and numbers that home does not have are refused, not guessed at."""
    number = classify(dialled, PLANS[home], TRUNK)

    assert number.number_class is NumberClass.UNCLASSIFIABLE
    assert number.canonical == ""
    assert number.why == why


@pytest.mark.parametrize("home", ["KR", "HK"])
def test_no_certain_prefix_means_no_call_in_national_form(home: str) -> None:
    """Where 00 is read as a carrier's prefix, only a trunk that takes E.164 goes abroad."""
    digits = "14165551234"
    number = classify(f"+{digits}", PLANS[home], TRUNK)

    assert number == Number(
        f"+{digits}", NumberClass.UNCLASSIFIABLE, None, None, "", (), "no-international-prefix"
    )
    assert classify(f"+{digits}", PLANS[home], PLUS).canonical == f"+{digits}"


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("GB", {"112", "999"}),
        ("US", {"112", "911"}),
        ("JP", {"110", "112", "119"}),
        ("SE", {"112", "90000"}),
        ("GN", {"112"}),
    ],
)
def test_emergency_numbers(country: str, expected: set[str]) -> None:
    """A country's own exact numbers, 112 everywhere."""
    assert emergency_numbers(country) == expected


@pytest.mark.parametrize("country", ["GB", "US", "DE"])
def test_emergency_numbers_are_the_librarys(country: str) -> None:
    """No number of up to four digits is missed, and none is added but 112."""
    assert PhoneMetadata.short_metadata_for_region(country) is not None
    found = {
        text
        for length in (2, 3, 4)
        for text in (f"{n:0{length}}" for n in range(10**length))
        if is_emergency_number(text, country)
    }

    assert emergency_numbers(country) == found | {"112"}


def test_longer_than_an_emergency_number_is_none() -> None:
    """The library connects 9999… to 999; an exempt prefix would be a way through."""
    assert classify("9110", PLANS["US"], TRUNK).number_class is NumberClass.UNCLASSIFIABLE
    assert classify("911", PLANS["US"], TRUNK).number_class is NumberClass.EMERGENCY
