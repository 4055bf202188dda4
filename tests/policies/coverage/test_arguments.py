"""Arguments are cut where Asterisk cuts them, and what nests stays whole."""

import pytest

from policies.coverage.arguments import branches, called, split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]),
        ("a, b ,c", ["a", "b", "c"]),
        ("${CUT(x,,1)},b", ["${CUT(x,,1)}", "b"]),
        ('"a,b",c', ['"a,b"', "c"]),
        (r"a\,b,c", [r"a\,b", "c"]),
        ("a),b", ["a)", "b"]),
        ("[a,b],c", ["[a,b]", "c"]),
    ],
)
def test_a_text_is_cut_outside_of_what_nests(text: str, parts: list[str]) -> None:
    """Brackets, braces, quotes and escapes hide a separator; a lone closing one hides nothing."""
    assert split(text, ",") == parts


def test_it_is_cut_at_most_so_often() -> None:
    """With a limit the rest stays whole."""
    assert split("a,b,c", ",", 1) == ["a", "b,c"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dial(PJSIP/1,20)", ("Dial", "PJSIP/1,20")),
        ("sub,s,1(${EXTEN},x)", ("sub,s,1", "${EXTEN},x")),
        ("${X(1)}(a)", ("${X(1)}", "a")),
        ("Answer", ("Answer", "")),
    ],
)
def test_a_call_is_name_and_arguments(text: str, expected: tuple[str, str]) -> None:
    """The first parenthesis outside of a variable begins the arguments."""
    assert called(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('$["${A}" = "?"]?b:c', ('$["${A}" = "?"]', "b", "c")),
        ("${X:1:2}?Dial(a:b)", ("${X:1:2}", "Dial(a:b)", "")),
        ("x?:c", ("x", "", "c")),
        ("x", ("x", "", "")),
    ],
)
def test_a_condition_has_two_branches(text: str, expected: tuple[str, str, str]) -> None:
    """A question mark or colon inside of what nests is none of its own."""
    assert branches(text) == expected
