"""Walks every way a call can go through a dialplan, and notes where one may leave ungated.

A call may begin in any extension of any context that is not ours, because a phone, a trunk, a
transfer, AMI or a call file may put it there. So a line is found wherever it stands, and what is
reached by Local channels, FollowMe or digits needs no walk of its own: only the path does.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from policies.coverage.destinations import JUDGED, Reach, Trunks, parse
from policies.coverage.dialplan import Dialplan, Index, Line, Place
from policies.coverage.findings import Why
from policies.coverage.meaning import Dialled, Jump, Meaning, meaning
from policies.coverage.own import GATE, OPEN, Own

# A dialplan of 200,000 lines has about as many steps; a tangle that jumps everywhere has more.
STEPS_MAX = 2_000_000
_NEW_CHANNEL = frozenset({"local", "originate", "redirect"})
_RELATIVE = re.compile(r"[+-][0-9]{1,6}")
_KINDS: Mapping[str, Why] = {"page": Why.PAGE, "queue": Why.QUEUE, "originate": Why.ORIGINATE}
_HIDDEN: Mapping[str, Why] = {"script": Why.SCRIPT, "variable": Why.APPLICATION}


class TooIntricateError(ValueError):
    """A dialplan in which too much leads to too much for the walk to end."""


class Stage(IntEnum):
    """How far the gate was asked on a way."""

    NOT_ASKED = 0
    ASKED = 1
    ALLOWED = 2


class Station(NamedTuple):
    """A line on a way."""

    place: Place
    stage: Stage


Node = Station | str  # a context by its name
_Key = tuple[Place, str, str]


class Offence(NamedTuple):
    """What is wrong at a node."""

    why: Why
    node: Node
    line: Line | None
    detail: str


class Walk:
    """One walk over one dialplan.

    Attributes:
        before: Node to the nodes that lead to it, and how.
        offences: What was found, by line and detail.
        gates: Lines that lead to the gate, and contexts that include one of its own.
        follows: Lines that run FollowMe.
    """

    def __init__(self, dialplan: Dialplan, index: Index, own: Own, trunks: Trunks) -> None:
        self._dialplan, self._index, self._own, self._trunks = dialplan, index, own, trunks
        self.before: dict[Node, dict[Node, str]] = {}
        self.offences: dict[_Key, Offence] = {}
        self.gates: set[Place] = set()
        self.follows: dict[Place, Station] = {}
        self._meanings: dict[tuple[str, str], Meaning] = {}
        self._waiting: deque[Station] = deque()
        self._steps = 0

    def run(self) -> None:
        """Walk.

        Raises:
            TooIntricateError: After `STEPS_MAX` steps.
        """
        for context, included in self._dialplan.includes:
            if context not in self._own.contexts:
                self._include(context, included)
        for head in self._index.heads():
            if head.context not in self._own.contexts:
                self._lead(head.context, Station(head, Stage.NOT_ASKED), "dialled")
        while self._waiting:
            station = self._waiting.popleft()
            for line in self._index.at[station.place]:
                self._follow(station, line)

    def _include(self, context: str, included: str) -> None:
        own = self._own
        if included not in own.contexts:
            self._lead(context, included, "include")
        elif included in OPEN:
            self.gates.add(Place(context, "", 0))
        elif included not in own.harmless:
            self._note(Why.BEHIND, context, None, f"include {included}")

    def _lead(self, one: Node, other: Node, kind: str) -> None:
        self._steps += 1
        if self._steps > STEPS_MAX:
            message = f"the dialplan has more than {STEPS_MAX} steps from line to line"
            raise TooIntricateError(message)
        known = other in self.before
        self.before.setdefault(other, {}).setdefault(one, kind)
        if isinstance(other, Station) and not known:
            self._waiting.append(other)

    def _note(self, why: Why, node: Node, line: Line | None, detail: str = "") -> None:
        """Keep the worst of a line: the way that asked the gate least."""
        place = node.place if isinstance(node, Station) else Place(node, "", 0)
        key = (place, line.data if line else "", detail)
        known = self.offences.get(key)
        if known is None or (
            isinstance(node, Station)
            and isinstance(known.node, Station)
            and node.stage < known.node.stage
        ):
            self.offences[key] = Offence(why, node, line, detail)

    def _follow(self, station: Station, line: Line) -> None:
        """Take one line of dialplan."""
        does = self._meaning(line)
        after = Stage.NOT_ASKED if does.forgets else station.stage
        if does.allowed and after is Stage.ASKED:
            after = Stage.ALLOWED
        for jump in does.jumps:
            if self._jump(station, line, jump) and jump.certain:
                after = Stage.ASKED
        for dialled in does.dials:
            self._dial(station, line, dialled)
        for queue in does.rings:
            self._ring(station, line, queue)
        self._hide(station, line, does)
        if not does.ends:
            self._next(station.place, station, after, "next")
        if does.loops:
            self._leave_loop(station)

    def _meaning(self, line: Line) -> Meaning:
        key = (line.app, line.data)
        if key not in self._meanings:
            self._meanings[key] = meaning(*key)
        return self._meanings[key]

    def _next(self, place: Place, station: Station, stage: Stage, kind: str) -> None:
        following = place._replace(priority=place.priority + 1)
        if following in self._index.at:
            self._lead(station, Station(following, stage), kind)

    def _leave_loop(self, station: Station) -> None:
        """A While whose condition is false goes on behind an EndWhile, whatever is between."""
        context, exten, _priority = station.place
        for priority in self._index.extens[context][exten]:
            place = Place(context, exten, priority)
            if any(line.app.lower() == "endwhile" for line in self._index.at[place]):
                self._next(place, station, station.stage, "while")

    def _hide(self, station: Station, line: Line, does: Meaning) -> None:
        if does.hidden == "followme":
            self.follows.setdefault(station.place, station)
        elif does.hidden:
            self._note(_HIDDEN[does.hidden], station, line)

    def _dial(self, station: Station, line: Line, dialled: Dialled) -> None:
        one = parse(dialled.destination)
        reach = self._trunks.reach(one, station.place.exten)
        if reach is Reach.PHONE:
            return
        if reach is Reach.LOCAL:
            self._jump(station, line, Jump("local", one.device, one.number, "1"))
            return
        judged = one.number == JUDGED and "$" not in one.technology
        asked = station.stage is Stage.ALLOWED and dialled.kind == "dial" and judged
        if asked and dialled.limited and not dialled.forked:
            return
        self._note(_why(reach, dialled, station.stage, judged), station, line, dialled.destination)

    def _ring(self, station: Station, line: Line, queue: str) -> None:
        """A queue rings members that stand in queues.conf, or that came at run time."""
        queues = self._dialplan.queues
        if queues is None:
            self._note(Why.QUEUE, station, line, queue)
            return
        rung = [queue] if queue in queues else list(queues) if "$" in queue else []
        for name in rung:
            for member in queues[name]:
                self._dial(station, line, Dialled("queue", member))

    def _jump(self, station: Station, line: Line, jump: Jump) -> bool:
        """Follow a jump; say whether the gate itself is asked there."""
        stage = station.stage
        if jump.allowed and stage is Stage.ASKED:
            stage = Stage.ALLOWED
        if jump.kind in _NEW_CHANNEL:
            stage = Stage.NOT_ASKED
        asked = False
        for target in self._targets(station, line, jump):
            if isinstance(target, str):
                self._into(station, line, jump, target)
            elif target.context not in self._own.contexts:
                self._lead(station, Station(target, stage), jump.kind)
            elif self._own.door(target):
                self.gates.add(station.place)
                asked = asked or (target.context == GATE and jump.kind == "gosub")
            else:
                self._note(Why.BEHIND, station, line, ",".join(map(str, target)))
        return asked

    def _into(self, station: Station, line: Line, jump: Jump, context: str) -> None:
        """Some extension of a context, at its first line."""
        if context not in self._own.contexts:
            self._lead(station, context, jump.kind)
        elif context not in OPEN | self._own.harmless:
            self._note(Why.BEHIND, station, line, context)

    def _targets(self, station: Station, line: Line, jump: Jump) -> Iterable[Place | str]:
        """Name the lines, and for an unknown extension the contexts, that a jump may lead to."""
        place, wanted = station.place, jump.priority
        if _RELATIVE.fullmatch(wanted):
            wanted = str(place.priority + int(wanted))
        if _anything(jump):
            self._note(Why.GOTO, station, line)
            return ()
        if "$" in jump.context:
            return ()  # priority 1 of an extension, where every call may begin
        if not jump.context and not jump.exten:
            found = self._index.priorities(place.context, place.exten, wanted)
            if found:
                return [place._replace(priority=priority) for priority in found]
        return self._elsewhere(place, jump, wanted)

    def _elsewhere(self, place: Place, jump: Jump, wanted: str) -> Iterable[Place | str]:
        index, exten = self._index, jump.exten
        contexts = [jump.context] if jump.context else index.includers(place.context)
        unknown = not exten or "$" in exten
        if unknown and wanted == "1":
            return contexts
        if unknown:
            seen = {name for context in contexts for name in index.seen(context)}
            places = {(name, known) for name in seen for known in index.extens.get(name, ())}
        else:
            places = {pair for context in contexts for pair in index.matching(context, exten)}
        return [
            Place(name, known, priority)
            for name, known in sorted(places)
            for priority in index.priorities(name, known, wanted)
        ]


def _anything(jump: Jump) -> bool:
    """Whether variables alone say where a jump leads, so that it may be behind the gate."""
    if "$" in jump.context:
        return jump.priority != "1"
    alone = not jump.context and not jump.exten
    return alone and jump.priority.startswith("${") and jump.priority.endswith("}")


def _why(reach: Reach, dialled: Dialled, stage: Stage, judged: bool) -> Why:  # noqa: FBT001 - a fact
    if reach is Reach.VARIABLE:
        return Why.VARIABLE
    if reach is Reach.UNDECLARED:
        return Why.UNDECLARED
    if dialled.kind in _KINDS:
        return _KINDS[dialled.kind]
    if stage is Stage.NOT_ASKED:
        return Why.DIAL
    if stage is Stage.ASKED:
        return Why.VERDICT
    if not judged:
        return Why.NUMBER
    return Why.LIMIT if not dialled.limited else Why.FORKED
