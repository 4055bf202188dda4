"""Tests of the way from what was dialled to what may be dialled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.numbering import classify
from policies.numbering.number import Number, NumberClass, NumberForm
from policies.numbering.plan import MAX_DIALLED_CHARS
from policies.numbering.plans import plan_for
from policies.policy import Site, Trunk
from tests.policies.builders import JAPAN, TRUNK

PLANS = [
    plan_for(Site(outside_line=line, internal_digits=digits, emergency=("9110",)))
    for line in ("", "0", "9", "88")
    for digits in (0, 4)
] + [
    plan_for(Site(plan="generic", country=country, outside_line=line))
    for country in ("GB", "HK", "IT", "JP", "KR", "RU", "US")
    for line in ("", "9")
]
TRUNKS = [Trunk("trunk", form) for form in NumberForm]

PIECES = (
    *("0", "00", "010", "011", "0011", "001", "0033", "0081", "009130", "005345", "81", "1", "44"),
    *("7", "377", "881", "184", "186", "122", "110", "118", "119", "112", "911", "999", "9", "#"),
    *("*", "+", "03", "090", "050", "0120", "0800", "0570", "0990", "12345678", "93123456"),
    *("5551234", "142", "7119"),
)
dialled_texts = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="0123456789*#+", max_size=24),
    st.lists(st.sampled_from(PIECES), max_size=7).map("".join),
)


@given(dialled_texts, st.sampled_from(PLANS), st.sampled_from(TRUNKS))
def test_classify_is_total(dialled: str, plan: object, trunk: Trunk) -> None:
    """Any text has a class; what can be dialled is of diallable characters, else it says why."""
    assert plan in PLANS
    for known in PLANS:
        number = classify(dialled, known, trunk)
        assert set(number.canonical) <= set("0123456789*#+")
        assert bool(number.canonical) is not bool(number.why)
        refused = number.number_class in (NumberClass.MALFORMED, NumberClass.UNCLASSIFIABLE)
        assert refused is bool(number.why)


@given(dialled_texts, st.sampled_from(PLANS), st.sampled_from(TRUNKS))
def test_what_is_dialled_is_what_was_judged(dialled: str, plan: object, trunk: Trunk) -> None:
    """The canonical string, judged again as the trunk sees it, is the same number."""
    assert plan in PLANS
    for known in PLANS:
        number = classify(dialled, known, trunk)
        if number.canonical:
            for again_plan in (known, known.on_the_wire()):
                again = classify(number.canonical, again_plan, trunk)
                assert again.canonical == number.canonical
                assert again.number_class is number.number_class
                assert (again.e164, again.country) == (number.e164, number.country)


@pytest.mark.parametrize(
    ("dialled", "why"),
    [
        ("", "empty"),
        ("0" * (MAX_DIALLED_CHARS + 1), "too-long"),
        ("０１０３７７", "foreign-character"),
        ("٠١٠٣٧٧", "foreign-character"),
        ("010-377-93123456", "foreign-character"),
        ("a010377", "foreign-character"),
        ("010377\n", "foreign-character"),
        ("0102&PJSIP/trunk/010377", "foreign-character"),
        ("0312345678;phone-context=+81", "foreign-character"),
        ("\ud800", "foreign-character"),
    ],
)
def test_malformed(dialled: str, why: str) -> None:
    """Text with any other character, none or too many is refused before a grammar sees it."""
    expected = Number(dialled, NumberClass.MALFORMED, None, None, "", (), why)

    assert classify(dialled, JAPAN, TRUNK) == expected


@pytest.mark.parametrize(
    ("dialled", "number_class", "canonical", "removed"),
    [
        ("00312345678", NumberClass.FIXED, "0312345678", ("0",)),
        ("0312345678", NumberClass.FIXED, "0312345678", ()),
        ("001037793123456", NumberClass.INTERNATIONAL, "01037793123456", ("0", "010")),
        ("0081010377931234", NumberClass.INTERNATIONAL, "010377931234", ("0081", "010")),
        ("0", NumberClass.UNCLASSIFIABLE, "", ()),
        ("00330312345678", NumberClass.UNCLASSIFIABLE, "", ()),
        ("0142", NumberClass.UNCLASSIFIABLE, "", ("0",)),
    ],
)
def test_outside_line(
    dialled: str, number_class: NumberClass, canonical: str, removed: tuple[str, ...]
) -> None:
    """The outside line is taken off once; a string without meaning behind it is read whole."""
    number = classify(dialled, plan_for(Site(outside_line="0")), TRUNK)

    assert (number.number_class, number.canonical) == (number_class, canonical)
    assert not canonical or number.removed == removed


@pytest.mark.parametrize(
    ("dialled", "number_class"),
    [
        ("6001", NumberClass.INTERNAL),
        ("201", NumberClass.INTERNAL),
        ("60011", NumberClass.UNCLASSIFIABLE),
        ("*601", NumberClass.UNCLASSIFIABLE),
        ("142", NumberClass.UNCLASSIFIABLE),
        ("1470", NumberClass.UNCLASSIFIABLE),
        ("0010", NumberClass.UNCLASSIFIABLE),
        ("110", NumberClass.EMERGENCY),
    ],
)
def test_internal_numbers(dialled: str, number_class: NumberClass) -> None:
    """What no rule knows is internal if it is short enough; what a rule refuses never is."""
    plan = plan_for(Site(internal_digits=4))

    assert classify(dialled, plan, TRUNK).number_class is number_class
    assert classify("6001", JAPAN, TRUNK).number_class is NumberClass.UNCLASSIFIABLE
