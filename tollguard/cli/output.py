"""Printing a report three ways from one list of rows: a table, JSON, or CSV.

Cells hold text that strangers chose (numbers, accounts, user agents): control characters are
escaped, markup is never interpreted, and a CSV cell cannot start a spreadsheet formula.
"""

import csv
import json
import os
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

import click

from tollguard.cli.shell import Form, Shell
from tollguard.i18n import _

MAX_COLUMNS = 100
GAP_COLUMNS = 2
LEAST_COLUMNS = 8
LEAST_TEXT_COLUMNS = 40
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Value = str | int | float | bool | None | Sequence[str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a report.

    Attributes:
        key: Its name in JSON and CSV; stable.
        title: Its head in the table, translated.
        numeric: Whether the table sets it flush right.
        folds: Whether a long cell is broken into lines; else it is cut with an ellipsis.
        gives: Whether this column gives way when the table is too wide; the others keep
            the width of their cells up to ``most``.
        most: Widest that a column which does not give way gets.
        least: Narrowest that one which gives way gets; then the widest of the others is cut.
    """

    key: str
    title: str
    numeric: bool = False
    folds: bool = False
    gives: bool = False
    most: int = 24
    least: int = LEAST_COLUMNS


@dataclass(frozen=True, slots=True)
class Report:
    """Rows and how the table shows them.

    Attributes:
        columns: What the table shows; JSON and CSV hold every key of the rows.
        rows: Values as they are in JSON.
        shown: The same rows as the table's text, column key to text.
        empty: The sentence that stands for an empty table.
    """

    columns: tuple[Column, ...]
    rows: Sequence[Mapping[str, Value]]
    shown: Sequence[Mapping[str, str]]
    empty: str


def printable(value: object) -> str:
    """Make text safe for a terminal: what is not printable becomes its escape."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def nothing(otherwise: str, *filters: object) -> str:
    """Choose the sentence for an empty report: a filter given may be all that is empty."""
    return _("nothing matches the filter") if any(filters) else otherwise


def say(text: str, *, err: bool = False, indent: str = "  ") -> None:
    """Print sentences, wrapped between words where a screen reads them and whole elsewhere.

    Args:
        text: Lines; each is wrapped alone, and its own indent goes on below it.
        err: On standard error.
        indent: What the lines after the first are set in by.
    """
    columns = _text_columns(sys.stderr if err else sys.stdout)
    for line in text.splitlines():
        click.echo("\n".join(_wrapped(line, columns, indent)), err=err)


def _wrapped(line: str, columns: int, indent: str) -> list[str]:
    if not columns or len(line) <= columns:
        return [line]
    own = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line,
        columns,
        subsequent_indent=own + indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _text_columns(stream: TextIO) -> int:
    """Tell where sentences are wrapped; 0 for a pipe, which gets each on one line."""
    if not os.environ.get("COLUMNS", "").isdigit() and not stream.isatty():
        return 0
    import shutil

    return max(shutil.get_terminal_size().columns, LEAST_TEXT_COLUMNS)


def warn(text: str) -> None:
    """Tell on standard error what does not stop the command."""
    say(f"tollguard: {text}", err=True)


def print_report(shell: Shell, report: Report) -> None:
    """Print a report in the form that the options ask for."""
    match shell.form:
        case Form.JSON:
            print_json([dict(row) for row in report.rows])
        case Form.CSV:
            print_csv(report)
        case Form.TABLE:
            print_table(report)


def print_object(shell: Shell, row: Mapping[str, Value]) -> None:
    """Print what a command did for a program: an object of JSON, or CSV of one line."""
    if shell.form is Form.JSON:
        print_json(row)
    else:
        print_csv(Report((), [row], [], ""))


def print_json(value: object) -> None:
    """Print JSON, indented, in UTF-8."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_csv(report: Report) -> None:
    """Print every key of the rows with a head line; lists are joined by spaces."""
    keys = list(report.rows[0]) if report.rows else [column.key for column in report.columns]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(keys)
    writer.writerows([_csv_cell(row[key]) for key in keys] for row in report.rows)


def _csv_cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    text = printable(value if isinstance(value, str) else " ".join(value))
    harmless = text.removeprefix("+").isdigit()
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not harmless else text


def print_table(report: Report) -> None:
    """Print a table of at most `MAX_COLUMNS`, or the sentence for an empty one."""
    if not report.rows:
        say(report.empty)
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="", padding=(0, 1, 0, 0)
    )
    cells = [[printable(row[column.key]) for column in report.columns] for row in report.shown]
    for column, width in zip(report.columns, _widths(report.columns, cells), strict=True):
        table.add_column(
            Text(column.title),
            justify="right" if column.numeric else "left",
            no_wrap=not column.folds,
            overflow="fold" if column.folds else "ellipsis",
            width=width,
        )
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    print_rich(table)


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    """Give each column the width of its cells, and what is too much is taken from one."""
    from rich.cells import cell_len

    wanted = [
        max(cell_len(text) for text in (column.title, *(row[index] for row in cells)))
        for index, column in enumerate(columns)
    ]
    widths = [
        width if column.gives else min(width, column.most)
        for column, width in zip(columns, wanted, strict=True)
    ]
    room = _screen_columns() - GAP_COLUMNS * (len(widths) - 1)
    for index, column in enumerate(columns):
        if column.gives:
            over = max(0, sum(widths) - room)
            widths[index] = max(widths[index] - over, min(widths[index], column.least))
    return _cut(columns, widths, sum(widths) - room)


def _cut(columns: Sequence[Column], widths: list[int], over: int) -> list[int]:
    """Take what is still too much from the widest columns that may be cut."""
    able = [i for i, column in enumerate(columns) if not (column.gives or column.numeric)]
    for _column in range(over):
        widest = max(able, key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= LEAST_COLUMNS:
            break
        widths[widest] -= 1
    return widths


def _screen_columns() -> int:
    if not sys.stdout.isatty():
        return MAX_COLUMNS
    import shutil

    return min(MAX_COLUMNS, shutil.get_terminal_size().columns)


def print_rich(renderable: object) -> None:
    """Print through rich, which knows how wide Japanese is; nothing in it is markup."""
    from rich.console import Console

    console = Console(
        file=sys.stdout,
        width=_screen_columns(),
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
    )
    with console.capture() as captured:
        console.print(renderable)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def print_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Print ``name  value`` lines with the names in one column."""
    pairs = [(name, value) for name, value in fields if value]
    width = max((len(name) for name, _value in pairs), default=0)
    for name, value in pairs:
        say(f"{name.ljust(width)}  {printable(value)}", indent=" " * (width + 2))
