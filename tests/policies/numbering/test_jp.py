"""Tests of Japan's dial plan: the vectors of the project's dial-plan study, and its edges."""

import phonenumbers
import pytest

from policies.numbering import classify
from policies.numbering.number import Number, NumberClass, NumberForm
from policies.numbering.plans import plan_for
from policies.policy import Site, Trunk
from tests.policies.builders import JAPAN, TRUNK

OUTSIDE_0 = plan_for(Site(outside_line="0"))


@pytest.mark.parametrize(
    ("dialled", "canonical", "country", "removed"),
    [
        ("01037793123456", "01037793123456", "MC", "010"),
        ("003301037793123456", "01037793123456", "MC", "0033 010"),
        ("0081010377931234", "010377931234", "MC", "0081 010"),
        ("00101037793123456", "01037793123456", "MC", "001 010"),
        ("0010101033123456789", "01033123456789", "FR", "00101 010"),
        ("00530103779312345", "0103779312345", "MC", "0053 010"),
        ("004601037793123456", "01037793123456", "MC", "0046 010"),
        ("002120103779312345", "0103779312345", "MC", "00212 010"),
        ("009130010377931234", "010377931234", "MC", "009130 010"),
        ("00534501037793123456", "01037793123456", "MC", "005345 010"),
        ("184010377931234", "010377931234", "MC", "184 010"),
        ("184186010377931234", "010377931234", "MC", "184 186 010"),
        ("1860033010377931234", "010377931234", "MC", "186 0033 010"),
        ("122003301017671234567", "01017671234567", "DM", "122 0033 010"),
        ("00370102484217123", "0102484217123", "SC", "0037 010"),
        ("0066010299321000", "010299321000", "GL", "0066 010"),
        ("0078010299321000", "010299321000", "GL", "0078 010"),
        ("+37793123456", "01037793123456", "MC", ""),
        ("184+37793123456", "01037793123456", "MC", "184"),
        ("010881612345678", "010881612345678", None, "010"),
    ],
)
def test_abroad(dialled: str, canonical: str, country: str | None, removed: str) -> None:
    """010 behind any carrier code or line prefix leads abroad, and none of them is dialled."""
    number = classify(dialled, JAPAN, TRUNK)

    assert number == Number(
        dialled,
        NumberClass.INTERNATIONAL,
        "+" + canonical.removeprefix("010"),
        country,
        canonical,
        tuple(removed.split()),
    )


@pytest.mark.parametrize(
    ("dialled", "why"),
    [
        ("00330312345678", "carrier-code"),
        ("0037680312345678", "carrier-code"),
        ("0010", "carrier-code"),
        ("0120103779312345", "wrong-length"),
        ("001010377", "carrier-code"),
        ("0100377123456", "not-e164"),
        ("01001", "not-e164"),
        ("010377", "not-e164"),
        ("010377*1", "feature-code"),
        ("184010377", "not-e164"),
        ("+81010377931234", "home-prefix-abroad"),
        ("+810312345678", "home-prefix-abroad"),
        ("+8110377931234", "home-prefix-abroad"),
        ("+81110", "not-e164"),
        ("+8111012345", "wrong-length"),
        ("+", "not-e164"),
        ("0312+345678", "feature-code"),
        ("02012345678", "closed-range"),
        ("06001234567", "closed-range"),
        ("0910123456", "closed-range"),
        ("07001234567", "closed-range"),
        ("09001234567", "closed-range"),
        ("05001234567", "closed-range"),
        ("0901234567", "wrong-length"),
        ("090123456789", "wrong-length"),
        ("012044411", "wrong-length"),
        ("0800123456", "wrong-length"),
        ("031234567", "wrong-length"),
        ("0210000000", "unallocated-range"),
        ("0", "wrong-length"),
        ("142", "feature-code"),
        ("147", "feature-code"),
        ("1420312345678", "feature-code"),
        ("114", "unknown-short-number"),
        ("177", "unknown-short-number"),
        ("1", "unknown-short-number"),
        ("1100", "no-rule"),
        ("1190", "no-rule"),
        ("12345678", "no-rule"),
        ("312345678", "no-rule"),
        ("#7118", "feature-code"),
        ("*67", "feature-code"),
        ("#", "feature-code"),
        ("184", "nothing-after-prefix"),
        ("184186122", "nothing-after-prefix"),
    ],
)
def test_refused(dialled: str, why: str) -> None:
    """What the grammar cannot take apart has no class, no number and nothing to dial."""
    number = classify(dialled, JAPAN, TRUNK)

    assert (number.number_class, number.why) == (NumberClass.UNCLASSIFIABLE, why)
    assert (number.e164, number.country, number.canonical) == (None, None, "")


@pytest.mark.parametrize("dialled", ["110", "118", "119", "184110", "186119", "184186118"])
def test_emergency(dialled: str) -> None:
    """Emergency numbers are known bare and behind any stack of line prefixes."""
    number = classify(dialled, JAPAN, TRUNK)

    assert number.number_class is NumberClass.EMERGENCY
    assert number.canonical == dialled[-3:]


@pytest.mark.parametrize("dialled", ["110", "0110", "0118", "0119", "0184110", "0186122119"])
def test_emergency_behind_the_outside_line(dialled: str) -> None:
    """With an outside line 0 both 110 and 0110 are emergencies."""
    number = classify(dialled, OUTSIDE_0, TRUNK)

    assert number.number_class is NumberClass.EMERGENCY
    assert number.canonical == dialled[-3:]


@pytest.mark.parametrize(
    ("dialled", "number_class"),
    [
        ("0312345678", NumberClass.FIXED),
        ("0184010377", NumberClass.FIXED),
        ("09012345678", NumberClass.MOBILE),
        ("08012345678", NumberClass.MOBILE),
        ("07012345678", NumberClass.MOBILE),
        ("06012345678", NumberClass.MOBILE),
        ("05012345678", NumberClass.VOIP),
        ("0120444113", NumberClass.FREEPHONE),
        ("08001234567", NumberClass.FREEPHONE),
        ("0570012345", NumberClass.SHARED_COST),
        ("0990512345", NumberClass.PREMIUM),
        ("0180991234", NumberClass.PREMIUM),
        ("0170123456", NumberClass.PREMIUM),
    ],
)
def test_at_home(dialled: str, number_class: NumberClass) -> None:
    """Numbers of home are of their class in both forms, and dialled as the trunk takes them."""
    e164 = f"+81{dialled[1:]}"

    assert classify(dialled, JAPAN, TRUNK) == Number(dialled, number_class, e164, "JP", dialled)
    assert classify(e164, JAPAN, TRUNK) == Number(e164, number_class, e164, "JP", dialled)
    plus = Trunk("trunk", NumberForm.E164)
    assert classify(dialled, JAPAN, plus).canonical == e164


@pytest.mark.parametrize(
    ("dialled", "number_class"),
    [
        ("104", NumberClass.DIRECTORY),
        ("171", NumberClass.SHORT),
        ("188", NumberClass.SHORT),
        ("#7119", NumberClass.SHORT),
    ],
)
def test_short_numbers(dialled: str, number_class: NumberClass) -> None:
    """Listed short numbers are dialled as they are, on trunks of either form."""
    expected = Number(dialled, number_class, None, "JP", dialled)

    assert classify(dialled, JAPAN, TRUNK) == expected
    assert classify(dialled, JAPAN, Trunk("trunk", NumberForm.E164)) == expected


def test_home_by_the_international_prefix() -> None:
    """010 81 leads home, with or without a carrier code, and is dialled as home."""
    for dialled in ("01081312345678", "003301081312345678"):
        number = classify(dialled, JAPAN, TRUNK)
        assert (number.number_class, number.canonical) == (NumberClass.FIXED, "0312345678")


def test_every_area_is_the_librarys() -> None:
    """A fixed-line number is one exactly where the library's whole answer says so, too."""
    step = 99_991  # a prime: every digit of a number takes every value
    for significant in range(100_000_000, 1_000_000_000, step):
        number = classify(f"0{significant}", JAPAN, TRUNK)
        kind = phonenumbers.number_type(phonenumbers.parse(f"+81{significant}"))

        is_fixed = kind == phonenumbers.PhoneNumberType.FIXED_LINE
        assert (number.number_class is NumberClass.FIXED) == is_fixed, significant
