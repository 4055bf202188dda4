"""Commands are imported when they are asked for."""

import subprocess
import sys

import click

from tollguard.cli.lazy import LazyGroup, examples


class _Group(LazyGroup):
    places = {"mode": "tollguard.cli.mode:mode"}  # noqa: RUF012 - as in the class it overrides
    aliases = {"state": "mode"}  # noqa: RUF012


def test_names_and_aliases_lead_to_commands() -> None:
    """An alias finds its command and is not listed; an unknown name finds nothing."""
    group = _Group("x")
    context = click.Context(group)

    mode = group.get_command(context, "mode")
    assert mode is not None
    assert group.get_command(context, "state") is mode
    assert group.get_command(context, "bogus") is None
    assert group.list_commands(context) == ["mode"]


def test_status_imports_neither_sqlite_nor_asyncio() -> None:
    """What costs start-up time is not loaded by the command that is run most."""
    code = (
        "import sys, tollguard.cli.status, tollguard.config;"
        "print({'sqlite3', 'asyncio', 'rich', 'aiosql', 'yoyo', 'structlog'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout == "set()\n"


def test_examples_are_not_wrapped() -> None:
    """Each line stands alone under its head."""
    assert examples("a", "b") == "\b\nExamples:\n  a\n  b"
