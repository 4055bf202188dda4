"""Printing a report three ways from one list of rows: a table, JSON, or CSV.

Cells hold text that strangers chose (numbers, accounts, user agents): control characters are
escaped, markup is never interpreted, and a CSV cell cannot start a spreadsheet formula.
"""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import click

from tollguard.cli.shell import Form, Shell

MAX_COLUMNS = 100
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
    """

    key: str
    title: str
    numeric: bool = False
    folds: bool = False


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


def print_report(shell: Shell, report: Report) -> None:
    """Print a report in the form that the options ask for."""
    match shell.form:
        case Form.JSON:
            print_json([dict(row) for row in report.rows])
        case Form.CSV:
            print_csv(report)
        case Form.TABLE:
            print_table(report)


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
        click.echo(report.empty)
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in report.columns:
        table.add_column(
            Text(column.title),
            justify="right" if column.numeric else "left",
            no_wrap=not column.folds,
            overflow="fold" if column.folds else "ellipsis",
        )
    for row in report.shown:
        table.add_row(*(Text(printable(row[column.key])) for column in report.columns))
    print_rich(table)


def print_rich(renderable: object) -> None:
    """Print through rich, which knows how wide Japanese is; nothing in it is markup."""
    from rich.console import Console

    width = MAX_COLUMNS
    if sys.stdout.isatty():
        import shutil

        width = min(MAX_COLUMNS, shutil.get_terminal_size().columns)
    console = Console(
        file=sys.stdout, width=width, markup=False, emoji=False, highlight=False, soft_wrap=False
    )
    with console.capture() as captured:
        console.print(renderable)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def print_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Print ``name  value`` lines with the names in one column."""
    pairs = [(name, value) for name, value in fields if value]
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        click.echo(f"{name.ljust(width)}  {printable(value)}")
