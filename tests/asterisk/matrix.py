"""Prints the table of paths abroad, and keeps docs/threat-model.md equal to what is proven.

``python -m tests.asterisk.matrix`` prints it; ``--write`` puts it between the page's markers.
The rows are the very ones that test_paths_*.py plays on a real Asterisk.
"""

import sys
from pathlib import Path as File

from tests.asterisk.paths_forwarded import FORWARDED
from tests.asterisk.paths_originated import ORIGINATED
from tests.asterisk.paths_stage import Path
from tests.asterisk.paths_transferred import TRANSFERRED

PAGE = File(__file__).parents[2] / "docs/threat-model.md"
BEGIN = "<!-- paths: written by python -m tests.asterisk.matrix --write -->"
END = "<!-- end of paths -->"
COLUMNS = ("path", "what happens", "held responsible", "known by", "all may", "one may not")
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"
GROUPS = {"forwarded": FORWARDED, "transferred": TRANSFERRED, "originated": ORIGINATED}


def row(path: Path) -> str:
    """Write a path's line; what happens is the first line of its play's docstring."""
    happens = (path.drive.__doc__ or "").strip().rstrip(".")
    cells = (path.name, happens, responsible(path), path.via, *outcomes(path))
    return f"| {' | '.join(cells)} |\n"


def responsible(path: Path) -> str:
    """Name who is held, the actor first."""
    held = [f"phone {one}" if isinstance(one, int) else one for one in path.held]
    return ", ".join(["nobody", *held] if path.via == "nobody" else held)


def outcomes(path: Path) -> tuple[str, str]:
    """Say what comes of it when all who are held may, and when one may not."""
    if not path.may_stand:
        return ("refused or cut", "refused or cut")
    return ("stands", "refused")


def table() -> str:
    """Write the whole table."""
    return HEAD + "".join(row(path) for group in GROUPS.values() for path in group)


def filled(page: str) -> str:
    """Return a page with the table between its markers.

    Raises:
        ValueError: A marker is missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        msg = f"the page has no {BEGIN!r} … {END!r}"
        raise ValueError(msg)
    return f"{before}{BEGIN}\n{table()}{END}{after}"


def main(arguments: list[str]) -> None:
    """Print the table, or write it into the page."""
    if arguments == ["--write"]:
        PAGE.write_text(filled(PAGE.read_text()))
    else:
        sys.stdout.write(table())


if __name__ == "__main__":
    main(sys.argv[1:])
