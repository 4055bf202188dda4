"""Knows tollguard's own contexts by what they say and not by their name, which anybody may reuse.

A context is ours when it says line by line what the shipped file says. One that has our name and
says something else is a finding of its own, whatever it says.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from policies.coverage.dialplan import Dialplan, Index, Line, Place

GATE = "tollguard-gate"
# What an operator's line may enter: the rest of ours relies on having been asked for first.
OPEN = frozenset({"tollguard-outbound"})
DOORS = frozenset({Place("tollguard-dial", "s", 1), Place(GATE, "s", 1)})
# Lines of these applications lead nowhere and dial nothing, so entering them is harmless.
_HARMLESS = frozenset({"set", "mset", "noop", "return", "hangup", "verbose", "log"})


class Row(NamedTuple):
    """What must be the same in a line that is ours."""

    exten: str
    priority: int
    label: str
    app: str
    data: str


@dataclass(frozen=True, slots=True)
class Own:
    """Our contexts in one dialplan.

    Attributes:
        contexts: Those that have a name of ours.
        harmless: Those of them that may be entered anywhere.
        changed: Those that do not say what we ship, and a line that differs, one that dials
            if there is any; None where only a line or an include of ours is missing.
    """

    contexts: frozenset[str]
    harmless: frozenset[str]
    changed: tuple[tuple[str, Line | None], ...]

    def door(self, place: Place) -> bool:
        """Whether an operator's line may lead here."""
        if place.context in self.harmless:
            return True
        return place in DOORS or (place.context in OPEN and place.priority == 1)


def recognise(dialplan: Dialplan, index: Index, shipped: Iterable[Dialplan]) -> Own:
    """Compare the contexts that have our names with what we ship.

    Args:
        dialplan: What Asterisk has loaded.
        index: Its look-ups.
        shipped: The shipped file, once for each flavour of Asterisk.
    """
    kinds = [_rows(one) for one in shipped]
    loaded = _rows(dialplan)
    ours, changed = set(), list[tuple[str, Line | None]]()
    for name in sorted({name for rows in kinds for name in rows} & loaded.keys()):
        texts = [rows[name] for rows in kinds if name in rows]
        ours.add(name)
        if not _same(loaded[name], texts):
            changed.append((name, _differing(index, name, texts)))
    harmless = {name for name in ours if {row.app.lower() for row in loaded[name]} <= _HARMLESS}
    return Own(frozenset(ours), frozenset(harmless), tuple(changed))


def _rows(dialplan: Dialplan) -> dict[str, set[Row]]:
    found: dict[str, set[Row]] = {}
    for line in dialplan.lines:
        found.setdefault(line.place.context, set()).add(_row(line))
    for context, other in (*dialplan.includes, *dialplan.switches):
        found.setdefault(context, set()).add(Row("", 0, "", "include or switch", other))
    return found


def _row(line: Line) -> Row:
    place = line.place
    return Row(place.exten, place.priority, line.label, line.app, line.data)


def _same(loaded: set[Row], texts: list[set[Row]]) -> bool:
    """A shipped list of nothing but Return is the operator's to replace by another one."""
    if loaded in texts:
        return True
    return all(row.app == "Return" for rows in (loaded, *texts) for row in rows)


def _differing(index: Index, name: str, texts: list[set[Row]]) -> Line | None:
    known = {row for rows in texts for row in rows}
    different = [
        line
        for exten, priorities in index.extens.get(name, {}).items()
        for priority in priorities
        for line in index.at[Place(name, exten, priority)]
        if _row(line) not in known
    ]
    return min(different, key=lambda line: line.app != "Dial", default=None)
