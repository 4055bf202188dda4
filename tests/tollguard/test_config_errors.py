"""Sentences for what pydantic finds."""

from pathlib import Path

import pytest

from tollguard.config import parse
from tollguard.config_errors import explain_all
from tollguard.errors import ConfigError

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


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            {"ami": {"technologies": ["DAHDIX"]}},
            ["ami.technologies[1]: 'DAHDIX' is not one of 'PJSIP', 'SIP' or 'IAX2'"],
        ),
        (
            {"ami": {"technologies": []}},
            ["ami.technologies: () has too few entries; at least 1"],
        ),
        (
            {"trunk": {"endpoint": "trunk"}},
            ["trunk: there can be several; write [[trunk]] in the place of [trunk]"],
        ),
    ],
)
def test_one_mistake_is_told_once_and_as_it_is_mended(
    data: dict[str, object], told: list[str]
) -> None:
    """An entry that is refused makes no list too short; a section is not called a list."""
    with pytest.raises(ConfigError) as caught:
        parse(data, FILE)

    assert [line.strip() for line in str(caught.value).splitlines()[1:]] == told
