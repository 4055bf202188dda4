"""Reads extensions.conf for one thing: in which file and line a loaded line of dialplan stands.

AMI does not say it: ShowDialPlan has neither file nor line (seen on 22.10 and 16.28), and the
console command that has them needs class command. So what a call may do is judged by what
Asterisk has loaded, and the files only say where to look; a line that stands in none of them
came by AEL, Lua, the console or a reload that is still to be done.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from policies.coverage.dialplan import Dialplan, Line, Place

# Bounds against a file that includes itself, or a device file.
FILES_MAX = 2_000
FILE_MAX_BYTES = 16 * 1024 * 1024
INCLUDES_MAX = 16

_SECTION = re.compile(r"\[([^\]]+)\]\s*(?:\(([^)]*)\))?")
_INCLUDE = re.compile(r"#(?:try)?include\s+[\"<]?([^\">]+)[\">]?")
_ENTRY = re.compile(r"(exten|same|include)\s*=>?\s*(.*)", re.IGNORECASE)
_PRIORITY = re.compile(r"(n|next|s|same|[0-9]{1,6})([+-][0-9]{1,6})?\s*(?:\(([^)]*)\))?", re.I)


class Spot(NamedTuple):
    """A line of a file."""

    file: Path
    number: int


@dataclass(frozen=True, slots=True)
class Written:
    """A line of dialplan as it stands in a file."""

    line: Line
    spot: Spot


@dataclass(slots=True)
class _Section:
    name: str
    hidden: bool
    entries: list[tuple[str, str, Spot]] = field(default_factory=list)


def read(path: Path) -> tuple[list[Written], list[tuple[str, str]]]:
    """Read a dialplan file with all that it includes.

    Args:
        path: ``extensions.conf``; includes are relative to its folder.

    Returns:
        The lines in the order of the file, and each context with what it includes.

    Raises:
        OSError: A file cannot be read.
    """
    sections = _sections(_raw_lines(path, path.parent, [0], 0))
    lines: list[Written] = []
    includes: list[tuple[str, str]] = []
    for section in sections:
        if not section.hidden:
            lines += _dialplan_lines(section)
            includes += [
                (section.name, re.split(r"[,|]", value)[0].strip())
                for key, value, _spot in section.entries
                if key == "include"
            ]
    return lines, includes


def as_dialplan(path: Path) -> Dialplan:
    """Read one of our own files as what Asterisk loads from it.

    Raises:
        OSError: It cannot be read.
    """
    lines, includes = read(path)
    return Dialplan(tuple(written.line for written in lines), tuple(includes))


def find_spots(path: Path) -> dict[tuple[Place, str, str], Spot]:
    """Map place, application and arguments to where they stand in the files.

    Raises:
        OSError: A file cannot be read.
    """
    found: dict[tuple[Place, str, str], Spot] = {}
    for line, spot in ((one.line, one.spot) for one in read(path)[0]):
        found.setdefault((line.place, line.app, line.data), spot)
    return found


def _raw_lines(
    path: Path, folder: Path, count: list[int], depth: int
) -> Iterator[tuple[str, Spot]]:
    """Give the lines without comments, with those of included files in their place."""
    count[0] += 1
    if count[0] > FILES_MAX or depth > INCLUDES_MAX:
        return
    with path.open(encoding="utf-8", errors="backslashreplace") as file:
        text = file.read(FILE_MAX_BYTES)
    commented = False
    for number, raw in enumerate(text.splitlines(), 1):
        line, commented = _uncommented(raw, commented=commented)
        match = _INCLUDE.match(line)
        if match is None:
            yield line, Spot(path, number)
            continue
        pattern = (folder / match[1].strip()).absolute()
        for included in sorted(Path("/").glob(str(pattern.relative_to("/")))):
            yield from _raw_lines(included, folder, count, depth + 1)


def _uncommented(raw: str, *, commented: bool) -> tuple[str, bool]:
    """Take ``;`` comments and ``;-- … --;`` blocks out of a line."""
    kept, index = [], 0
    while index < len(raw):
        if commented:
            end = raw.find("--;", index)
            if end < 0:
                break
            index, commented = end + 3, False
        elif raw.startswith("\\;", index):
            kept.append(";")
            index += 2
        elif raw[index] == ";":
            if not raw.startswith(";--", index) or raw.startswith(";---", index):
                break
            index, commented = index + 3, True
        else:
            kept.append(raw[index])
            index += 1
    return "".join(kept).strip(), commented


def _sections(lines: Iterable[tuple[str, Spot]]) -> list[_Section]:
    """Cut into contexts; one that names templates begins with their lines."""
    found: list[_Section] = []
    for text, spot in lines:
        head = _SECTION.match(text)
        if head is not None:
            options = [part.strip() for part in (head[2] or "").split(",")]
            section = _Section(head[1], hidden="!" in options)
            for other in found:
                if other.name in options:
                    section.entries += other.entries
            found.append(section)
            continue
        entry = _ENTRY.match(text)
        if entry is not None and found:
            found[-1].entries.append((entry[1].lower(), entry[2], spot))
    return found


def _dialplan_lines(section: _Section) -> Iterator[Written]:
    """Number the priorities as pbx_config.c does."""
    exten, last = "", 0
    for key, value, spot in section.entries:
        if key == "include":
            continue
        rest = value
        if key == "exten":
            name, _, rest = _partition(value)
            exten = name.strip().partition("/")[0]
        counted, _, application = rest.partition(",")
        priority = _PRIORITY.fullmatch(counted.strip())
        if priority is None:  # a hint
            continue
        last = _number(priority[1].lower(), last) + int(priority[2] or 0)
        app, data = _application(application)
        place = Place(section.name, exten, last)
        yield Written(Line(place, app, data, (priority[3] or "").strip(), "pbx_config"), spot)


def _partition(value: str) -> tuple[str, str, str]:
    """Cut off an extension, whose set in brackets may hold a comma."""
    for match in re.finditer(r"\[[^\]]*\]|,", value):
        if match[0] == ",":
            return value[: match.start()], ",", value[match.end() :]
    return value, "", ""


def _number(word: str, last: int) -> int:
    if word.isdigit():
        return int(word)
    return last + 1 if word.startswith("n") else last


def _application(text: str) -> tuple[str, str]:
    """Cut ``App(data)``, or the older ``App,data``."""
    name, parenthesis, rest = text.strip().partition("(")
    older, comma, data = text.strip().partition(",")
    if parenthesis and (not comma or len(name) < len(older)):
        return name.strip(), rest.rpartition(")")[0]
    return older.strip(), data
