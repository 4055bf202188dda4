"""A dialplan as Asterisk has it loaded, and the look-ups that a jump in it makes.

ShowDialPlan tells no caller-ID match, so two lines may stand at one place: both count.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# ast_extension_match(): what stands for a set of digits in a pattern.
_SETS: Mapping[str, str] = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]"}
_OPEN_ENDS: Mapping[str, str] = {".": ".+", "!": ".*"}


class Place(NamedTuple):
    """Where a line stands. A tuple and not a dataclass: there are as many as lines.

    Attributes:
        context: Its context.
        exten: Its extension, a pattern when it begins with ``_``.
        priority: From 1.
    """

    context: str
    exten: str
    priority: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of dialplan.

    Attributes:
        place: Where it stands.
        app: The application's name as written.
        data: Its arguments, variables not replaced.
        label: Its label, or empty.
        registrar: What loaded it: ``pbx_config``, ``pbx_ael``, a CLI command.
    """

    place: Place
    app: str
    data: str
    label: str = ""
    registrar: str = ""


@dataclass(frozen=True, slots=True)
class Dialplan:
    """All that Asterisk tells of what a call may do.

    Attributes:
        lines: Every line but hints.
        includes: Context and the context that it includes, without its times.
        switches: Context and the switch that it asks.
        queues: Queue to the devices it rings; None when Asterisk did not say.
        redirecting: Endpoints whose phone can send a call on out of sight; None when Asterisk
            did not say.
    """

    lines: tuple[Line, ...] = ()
    includes: tuple[tuple[str, str], ...] = ()
    switches: tuple[tuple[str, str], ...] = ()
    queues: Mapping[str, tuple[str, ...]] | None = field(default_factory=dict)
    redirecting: tuple[str, ...] | None = ()


def atoms(exten: str) -> list[str]:
    """Cut an extension into regular expressions, one for each character that it matches.

    Source: Asterisk's rules of patterns, ast_extension_match(). Only an open end, which is
    the last, stands for more than one character.
    """
    if not exten.startswith("_"):
        return [re.escape(character) for character in exten]
    rest, parts = exten[1:], list[str]()
    while rest:
        part, rest = _first_part(rest)
        parts.append(part)
    return [part for part in parts if part]


def expression(exten: str) -> "re.Pattern[str]":
    """Compile an extension to what it matches."""
    return re.compile("".join(atoms(exten)), re.DOTALL)


def _first_part(rest: str) -> tuple[str, str]:
    head = rest[0]
    if head in _OPEN_ENDS:
        return _OPEN_ENDS[head], ""
    if head == "[" and "]" in rest:
        chosen, _, after = rest[1:].partition("]")
        return _class(chosen), after
    return _SETS.get(head.upper(), re.escape(head) if head != "-" else ""), rest[1:]


def _class(chosen: str) -> str:
    """A set such as ``0-9+*#``; an empty one matches nothing."""
    characters = re.sub(r"([\\^\[])", r"\\\1", chosen)
    # A range from high to low is an error in Python and matches nothing in Asterisk.
    pieces = re.sub(r"(.)-(.)", lambda m: m[0] if m[1] <= m[2] else "", characters)
    return f"[{pieces}]" if pieces else "(?!)"


def bounded(exten: str) -> bool:
    """Whether an extension matches only what it spells: no open end that takes any character."""
    return not exten.startswith("_") or not set(exten) & set(_OPEN_ENDS)


class Index:
    """Look-ups over one dialplan.

    Attributes:
        at: The lines at a place.
        extens: Context to its extensions to their priorities, ascending.
        labels: Context, extension and label to priorities.
    """

    def __init__(self, dialplan: Dialplan) -> None:
        self.at: dict[Place, list[Line]] = {}
        self.extens: dict[str, dict[str, list[int]]] = {}
        self.labels: dict[tuple[str, str, str], list[int]] = {}
        for line in dialplan.lines:
            self._add(line)
        for extens in self.extens.values():
            for priorities in extens.values():
                priorities.sort()
        self._patterns = {name: _patterns(extens) for name, extens in self.extens.items()}
        self._includes = _Relation(dialplan.includes)
        self._included = _Relation((b, a) for a, b in dialplan.includes)

    def _add(self, line: Line) -> None:
        place = line.place
        if place not in self.at:
            self.extens.setdefault(place.context, {}).setdefault(place.exten, []).append(
                place.priority
            )
        self.at.setdefault(place, []).append(line)
        if line.label:
            key = (place.context, place.exten, line.label)
            self.labels.setdefault(key, []).append(place.priority)

    def seen(self, context: str) -> tuple[str, ...]:
        """Name the contexts that a number dialled in this one is looked for in, itself first."""
        return self._includes.reached(context)

    def includers(self, context: str) -> tuple[str, ...]:
        """Name the contexts that include this one, itself first, however far."""
        return self._included.reached(context)

    def matching(self, context: str, exten: str) -> list[tuple[str, str]]:
        """Find what answers to a dialled text: contexts and extensions, includes too.

        Args:
            context: Where it is dialled.
            exten: A text or, as a jump may name it, the pattern itself.
        """
        return [(name, known) for name in self.seen(context) for known in self._own(name, exten)]

    def _own(self, context: str, exten: str) -> Iterable[str]:
        if exten in self.extens.get(context, {}):
            yield exten
        for known, pattern in self._patterns.get(context, ()):
            if known != exten and pattern.fullmatch(exten):
                yield known

    def priorities(self, context: str, exten: str, wanted: str) -> list[int]:
        """Find the priorities of an extension that a number, a label or a variable means."""
        known = self.extens.get(context, {}).get(exten, [])
        if "$" in wanted:
            return known
        if wanted.isascii() and wanted.isdigit():
            return [int(wanted)] if Place(context, exten, int(wanted)) in self.at else []
        return self.labels.get((context, exten, wanted), [])

    def heads(self) -> Iterable[Place]:
        """Find where a call can begin: each priority that none of its own extension precedes.

        Asterisk takes the next priority from another matching extension when the best has none.
        """
        return (
            place for place in self.at if place._replace(priority=place.priority - 1) not in self.at
        )


def _patterns(extens: Iterable[str]) -> "list[tuple[str, re.Pattern[str]]]":
    return [(exten, expression(exten)) for exten in extens if exten.startswith("_")]


class _Relation:
    """Pairs, and what each name leads to over any number of them."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._direct: dict[str, list[str]] = {}
        for one, other in pairs:
            self._direct.setdefault(one, []).append(other)
        self._reached: dict[str, tuple[str, ...]] = {}

    def reached(self, name: str) -> tuple[str, ...]:
        if name not in self._reached:
            found, waiting = {name: None}, [name]
            while waiting:
                for other in self._direct.get(waiting.pop(), ()):
                    if other not in found:
                        found[other] = None
                        waiting.append(other)
            self._reached[name] = tuple(found)
        return self._reached[name]
