"""Makes the pages that the code knows best, and checks that they still say what the code does.

``python -m tollguard.cli.reference --check`` is what ``make docs`` runs; ``--write`` mends.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from tollguard.cli.root import HELP_OPTIONS, HELP_WIDTH, make_root
from tollguard.config_text import markdown as config_page
from tollguard.errors import ALL_ERRORS
from tollguard.i18n import use_language
from tollguard.reasons import GATE_REASONS, raw_template


def commands(group: click.Group, path: Sequence[str]) -> Iterator[tuple[str, click.Command]]:
    """Walk every command below a group, parents first: full name and command."""
    context = click.Context(group, info_name=path[-1])
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        full = (*path, name)
        yield " ".join(full), command
        if isinstance(command, click.Group):
            yield from commands(command, full)


def help_of(name: str, command: click.Command) -> str:
    """Print a command's help as a terminal of 100 columns shows it."""
    context = click.Context(
        command,
        info_name=name,
        terminal_width=HELP_WIDTH,
        max_content_width=HELP_WIDTH,
        help_option_names=HELP_OPTIONS,
    )
    return command.get_help(context)


def cli_page() -> str:
    """Make ``docs/cli.md``: the help of every command."""
    root = make_root()
    lines = [
        "# Commands",
        "",
        "Every command's own help, generated (`make docs` checks it).",
        "A bare noun lists; `--json` and `--csv` may stand before or after the command.",
        "A command that changes something prints one object with them, of what it did.",
        "Errors go to standard error as text, whatever the form.",
        "Exit codes are those of sysexits.h, see [errors.md](errors.md); `status` exits 0, 1 or 2.",
        "",
    ]
    for name, command in (("tollguard", root), *commands(root, ("tollguard",))):
        lines.extend([f"## {name}", "", "```", help_of(name, command), "```", ""])
    return "\n".join(lines)


def errors_page() -> str:
    """Make ``docs/errors.md``: what ends a command or a task, why, and what to do."""
    lines = [
        "# Errors",
        "",
        "A command that fails says one sentence on standard error and exits with a code of"
        " sysexits.h.",
        "A wrong command line exits 64, an interrupted one 130.",
        "A refused call is no error: see [reasons.md](reasons.md).",
        "This page is generated from `tollguard/errors.py` (`make docs` checks it).",
        "",
        "| error | exit | what it means | cause | remedy |",
        "|---|---|---|---|---|",
    ]
    for error in ALL_ERRORS:
        meaning = (error.__doc__ or "").partition("\n")[0]
        lines.append(
            f"| `{error.__name__}` | {error.exit_code} | {meaning} | {error.cause} |"
            f" {error.remedy} |"
        )
    return "\n".join([*lines, ""])


def reasons_page() -> str:
    """Make ``docs/reasons.md``: the sentence of each reason code."""
    from policies.reasons import REASONS

    lines = [
        "# Reasons",
        "",
        "Each step of a verdict has one of these codes; they are never renamed, only added to.",
        "Words in braces are facts of the step; `tollguard verdicts show CALL --json` lists them.",
        "This page is generated from `tollguard/reasons.py` (`make docs` checks it).",
        "",
        "| code | meaning |",
        "|---|---|",
    ]
    lines.extend(f"| `{reason}` | {raw_template(reason)} |" for reason in (*REASONS, *GATE_REASONS))
    return "\n".join([*lines, ""])


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "config.md": config_page,
    "errors.md": errors_page,
    "reasons.md": reasons_page,
}


def stale_pages(folder: Path) -> list[str]:
    """Name the pages of a folder that are missing or not what the code says."""
    return [
        name
        for name, page in PAGES.items()
        if not (folder / name).is_file() or (folder / name).read_text("utf-8") != page()
    ]


def write_pages(folder: Path) -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), "utf-8")


def main(arguments: Sequence[str], folder: Path) -> int:
    """Check or write the pages.

    Args:
        arguments: ``--check`` or ``--write``.
        folder: Where the pages are.

    Returns:
        0, or 1 when a page is stale, or 64 for another argument.
    """
    use_language("en")
    if list(arguments) == ["--write"]:
        write_pages(folder)
        return 0
    if list(arguments) != ["--check"]:
        click.echo("usage: python -m tollguard.cli.reference --check | --write", err=True)
        return os.EX_USAGE
    stale = stale_pages(folder)
    for name in stale:
        click.echo(
            f"docs/{name} is not what the code says; run:"
            " python -m tollguard.cli.reference --write",
            err=True,
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).parents[2] / "docs"))
