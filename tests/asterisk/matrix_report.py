"""Prints, at the end of a run, what each played path came to: path, verdict, principal.

A play's outcome travels with its test's report, so that it arrives from xdist's workers too.
"""

from collections.abc import Iterable, Sequence

import pytest

PROPERTY = "path"
HEAD = ("path", "may not", "verdict", "responsible", "known by", "at the trunk")


def lines(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lay rows out in columns."""
    all_rows = [HEAD, *rows]
    widths = [max(len(row[column]) for row in all_rows) for column in range(len(HEAD))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(r, widths, strict=True)) for r in all_rows]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of the paths that were played, if any were."""
    rows = [
        value
        for category in ("passed", "failed")
        for report in terminalreporter.stats.get(category, [])
        for name, value in getattr(report, "user_properties", [])
        if name == PROPERTY
    ]
    if rows:
        terminalreporter.section("paths abroad: verdict and principal")
        for line in lines(sorted(rows)):
            terminalreporter.write_line(line.rstrip())
