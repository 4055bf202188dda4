"""Sentences for what pydantic finds."""

from pathlib import Path

from tollguard.config_errors import explain_all

FILE = Path("t.toml")


def test_one_error_is_singular() -> None:
    """The head counts in English."""
    error = {"type": "missing", "loc": ("trunk", 0, "endpoint"), "input": {}, "msg": ""}

    assert explain_all([error], FILE) == (
        "t.toml: 1 error\n  trunk[1].endpoint: is missing; add it"
    )


def test_a_long_value_is_cut() -> None:
    """A value never fills the screen."""
    error = {
        "type": "string_too_long",
        "loc": ("site", "support_contact"),
        "input": "x" * 500,
        "msg": "",
        "ctx": {"max_length": 200},
    }

    line = explain_all([error], FILE).splitlines()[1]

    assert line == (f"  site.support_contact: '{'x' * 58}… is too long; at most 200 characters")


def test_an_error_without_a_sentence_of_ours_keeps_pydantics() -> None:
    """A kind that is not known here is told in pydantic's words, about the whole file."""
    error = {"type": "finite_number", "loc": (), "input": 1, "msg": "Input should be finite"}

    assert explain_all([error], FILE).splitlines()[1] == "  file: 1 input should be finite"


def test_an_unknown_type_is_named_as_it_is() -> None:
    """A type without words of ours is still named."""
    error = {"type": "float_type", "loc": ("a",), "input": "x", "msg": ""}

    assert explain_all([error], FILE).splitlines()[1] == (
        "  a: 'x' is of the wrong type; write float"
    )
