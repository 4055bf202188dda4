"""Texts in the language that was asked for, else in English."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tollguard.i18n import _, language_of, ngettext, use_language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANGUAGE": "", "LC_MESSAGES": "ja_JP"}, "ja"),
    ],
)
def test_the_environment_chooses_the_language(environment: dict[str, str], language: str) -> None:
    """The first variable that is set decides, as gettext does it."""
    assert language_of(environment) == language


def test_a_language_without_a_catalogue_speaks_english() -> None:
    """Asking for Japanese before it is translated gives the English text."""
    use_language("ja")

    assert _("no call was judged")
    use_language("en")
    assert _("no call was judged") == "no call was judged"


def test_the_count_chooses_the_form() -> None:
    """English has a singular and a plural."""
    use_language("en")

    assert [ngettext("{count} call", "{count} calls", n) for n in (0, 1, 2)] == [
        "{count} calls",
        "{count} call",
        "{count} calls",
    ]


def test_no_text_is_an_f_string() -> None:
    """A catalogue is keyed by the text in the source, so no f-string stands inside ``_()``."""
    found = [
        f"{path}:{call.lineno}"
        for path in (Path(__file__).parents[2] / "tollguard").rglob("*.py")
        for call in _translated(ast.parse(path.read_text("utf-8")))
        if not all(isinstance(text, ast.Constant) for text in _texts(call))
    ]

    assert found == []


def _translated(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="_" | "ngettext")):
                yield node
            case _:
                continue


def _texts(call: ast.Call) -> list[ast.expr]:
    assert isinstance(call.func, ast.Name)
    return call.args[:2] if call.func.id == "ngettext" else call.args[:1]
