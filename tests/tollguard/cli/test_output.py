"""One list of rows as a table, JSON or CSV, whatever strangers put into the cells."""

import json
import os
import shutil
import sys

import pytest

from tollguard.cli.output import Column, Report, print_fields, print_report, printable, say
from tollguard.cli.shell import Form, Shell

COLUMNS = (
    Column("name", "name"),
    Column("n", "n", numeric=True),
    Column("text", "text", folds=True, gives=True),
)


def _report(*rows: dict[str, str | int | float | bool | None | list[str]]) -> Report:
    shown = [{key: str(value) for key, value in row.items()} for row in rows]
    return Report(COLUMNS, rows, shown, "nothing")


def test_an_empty_table_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON and CSV stay readable by programs: an empty list, a head line."""
    for form in Form:
        print_report(Shell(form=form), _report())

    assert capsys.readouterr().out == "nothing\n[]\nname,n,text\n"


def test_a_table_fits_100_columns_and_is_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """Long cells are cut or folded, and brackets stay brackets."""
    print_report(Shell(), _report({"name": "[red]x[/red]" * 9, "n": 7, "text": "word " * 40}))
    out = capsys.readouterr().out

    assert "[red]x[/red]" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 100


def test_japanese_is_as_wide_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """A full-width character takes two columns, so the next column lines up."""
    print_report(
        Shell(),
        _report({"name": "電話", "n": 1, "text": "a"}, {"name": "ab", "n": 2, "text": "b"}),
    )

    assert capsys.readouterr().out.splitlines() == [
        "name  n  text",
        "─────────────",
        "電話  1  a",
        "ab    2  b",
    ]


def test_json_keeps_types_and_letters(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers, null and Japanese come out as they are."""
    row: dict[str, str | int | float | bool | None | list[str]]
    row = {"name": "電話", "n": None, "text": ["a"]}
    print_report(Shell(form=Form.JSON), _report(row))
    out = capsys.readouterr().out

    assert json.loads(out) == [row]
    assert "電話" in out


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (-1.5, "-1.5"),
        (["a", "b"], "a b"),
        ("+37793123456", "+37793123456"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+cmd", "'+1+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-1", "'-1"),
        ("a\r\nb", "a\\r\\nb"),
    ],
)
def test_csv_cells_start_no_formula(
    capsys: pytest.CaptureFixture[str],
    value: str | float | bool | None | list[str],  # noqa: FBT001
    cell: str,
) -> None:
    """What a spreadsheet would run is quoted; a number in E.164 is not."""
    print_report(Shell(form=Form.CSV), _report({"name": value}))

    assert capsys.readouterr().out == f"name\n{_quoted(cell)}\n"


def _quoted(cell: str) -> str:
    return '""' if cell == "" else cell


def test_control_characters_are_escaped() -> None:
    """A terminal never sees what a phone or caller put into a cell."""
    assert printable("a\x1b[2Jb\r\n\u202e") == "a\\x1b[2Jb\\r\\n\\u202e"
    assert printable("電話 é") == "電話 é"


def test_fields_line_up_and_empty_ones_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Names in one column, values beside them."""
    print_fields([("a", "1"), ("long", "x\ty"), ("none", "")])
    print_fields([])

    assert capsys.readouterr().out == "a     1\nlong  x\\ty\n"


def test_a_narrow_terminal_is_not_overrun(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal the table is no wider than the terminal."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((40, 20)))
    print_report(Shell(), _report({"name": "x" * 90, "n": 1, "text": "y" * 90}))

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40


def test_sentences_are_wrapped_for_a_screen_and_whole_for_a_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the width that COLUMNS says; a path is never broken, and a list keeps its indent."""
    text = "no folder /var/lib/" + "x" * 40 + " is there; make it\n  second: line of words"

    say(text)
    monkeypatch.setenv("COLUMNS", "40")
    say(text)
    say("é" * 30 + " wrapped too", err=True)

    streams = capsys.readouterr()
    assert streams.out == (
        f"{text}\nno folder\n  /var/lib/{'x' * 40}\n  is there; make it\n  second: line of words\n"
    )
    assert streams.err == "é" * 30 + " wrapped\n  too\n"


def test_fields_are_wrapped_beside_their_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A long value goes on under its first word."""
    monkeypatch.setenv("COLUMNS", "40")

    print_fields([("name", "word " * 9 + "end"), ("n", "1")])

    assert capsys.readouterr().out == (
        "name  word word word word word word word\n      word word end\nn     1\n"
    )


def test_a_column_that_gives_way_keeps_its_least(capsys: pytest.CaptureFixture[str]) -> None:
    """Then the widest of the others is cut, so that a word of the first never breaks."""
    columns = (
        Column("a", "a"),
        Column("b", "b", most=60),
        Column("text", "text", folds=True, gives=True, least=27),
    )
    row = {"a": "x" * 24, "b": "y" * 60, "text": "DENY " + "z" * 27}

    print_report(Shell(), Report(columns, [row], [row], ""))

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert [line.split()[-1] for line in lines[2:]] == ["DENY", "z" * 27]
    assert "x" * 24 in lines[2]
