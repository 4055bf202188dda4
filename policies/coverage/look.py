"""Looks for ways around the gate in a dialplan, and tells each with the way there."""

from collections import deque
from collections.abc import Iterable, Iterator

from policies.coverage.destinations import Trunks
from policies.coverage.dialplan import Dialplan, Index, Line, Place
from policies.coverage.findings import Coverage, Finding, Hop, Why
from policies.coverage.own import Own, recognise
from policies.coverage.walk import Node, Offence, Stage, Station, Walk

FINDINGS_MAX = 500
HOPS_MAX = 32
TEXT_MAX_CHARS = 200
# Contexts from which the way to one line is told, and how far back they are looked for.
ROOTS_MAX = 8
BACK_MAX = 20_000
BY_URI = "redirect_method=uri_pjsip"
NOT_ASKED = "redirect_method is not known"
_DIALS = frozenset({"dial", "retrydial", "page", "queue", "followme", "originate"})
_WAYS_OUT = frozenset(
    {Why.DIAL, Why.VERDICT, Why.NUMBER, Why.LIMIT, Why.FORKED, Why.VARIABLE, Why.UNDECLARED}
)


def look(dialplan: Dialplan, trunks: Trunks, shipped: Iterable[Dialplan]) -> Coverage:
    """Find every way that reaches a trunk without the gate.

    Args:
        dialplan: What Asterisk has loaded. Untrusted text.
        trunks: The declared trunks.
        shipped: tollguard's own file, once for each flavour of Asterisk.

    Raises:
        TooIntricateError: The dialplan leads too much to too much.
    """
    index = Index(dialplan)
    own = recognise(dialplan, index, shipped)
    walk = Walk(dialplan, index, own, trunks)
    walk.run()
    offences = [*walk.offences.values(), *_whole_contexts(dialplan, own)]
    offences += _foreign_t(dialplan, index, own, walk)
    if any(offence.why in _WAYS_OUT for offence in offences):
        offences += [
            Offence(Why.FOLLOW_ME, station, index.at[place][0], "")
            for place, station in walk.follows.items()
        ]
    findings = [one for offence in offences for one in _tell(offence, walk)]
    findings += _redirects(dialplan)
    findings.sort(key=lambda one: (-len(one.path), one.path[-1].context, one.path[-1].priority))
    return _counted(dialplan, index, own, walk, findings)


def _counted(
    dialplan: Dialplan, index: Index, own: Own, walk: Walk, findings: list[Finding]
) -> Coverage:
    theirs = [line for line in dialplan.lines if line.place.context not in own.contexts]
    return Coverage(
        contexts=len(index.extens),
        extensions=sum(len(extens) for extens in index.extens.values()),
        lines=len(dialplan.lines),
        dials=sum(line.app.lower() in _DIALS for line in theirs),
        gates=len(walk.gates),
        findings=tuple(findings[:FINDINGS_MAX]),
        more=max(0, len(findings) - FINDINGS_MAX),
    )


def _whole_contexts(dialplan: Dialplan, own: Own) -> Iterator[Offence]:
    for context, switch in dialplan.switches:
        if context not in own.contexts:
            yield Offence(Why.SWITCH, context, None, switch)
    for context, line in own.changed:
        yield Offence(Why.CHANGED, _node(context, line), line, "")


def _redirects(dialplan: Dialplan) -> Iterator[Finding]:
    """A phone's 302 that chan_pjsip follows by itself reaches any address, and no event tells."""
    if dialplan.redirecting is None:
        yield Finding(Why.REDIRECT, (Hop("PJSIP"),), detail=NOT_ASKED)
    for endpoint in dialplan.redirecting or ():
        yield Finding(Why.REDIRECT, (Hop(f"PJSIP/{endpoint}"[:TEXT_MAX_CHARS]),), detail=BY_URI)


def _node(context: str, line: Line | None) -> Node:
    return Station(line.place, Stage.NOT_ASKED) if line else context


def _foreign_t(dialplan: Dialplan, index: Index, own: Own, walk: Walk) -> Iterator[Offence]:
    """A limit that fires in a context goes to its T, where the call may live on."""
    asking = {place.context for place in walk.gates} | own.contexts
    told: set[Place] = set()
    named = {*index.extens, *(context for context, _included in dialplan.includes)}
    for context in sorted(named - own.contexts):
        if asking.isdisjoint(index.seen(context)):
            continue
        for name, exten in index.matching(context, "T"):
            place = Place(name, exten, 1)
            if name not in own.contexts and place not in told and _lives_on(index, place):
                told.add(place)
                yield Offence(
                    Why.FOREIGN_T, Station(place, Stage.NOT_ASKED), index.at[place][0], context
                )


def _lives_on(index: Index, place: Place) -> bool:
    return any(line.app.lower() != "hangup" for line in index.at.get(place, ()))


def _tell(offence: Offence, walk: Walk) -> Iterator[Finding]:
    line = offence.line
    for path in ways(offence.node, walk):
        yield Finding(
            offence.why,
            path,
            app=line.app[:TEXT_MAX_CHARS] if line else "",
            data=line.data[:TEXT_MAX_CHARS] if line else "",
            registrar=line.registrar[:TEXT_MAX_CHARS] if line else "",
            detail=offence.detail[:TEXT_MAX_CHARS],
        )


def ways(node: Node, walk: Walk) -> list[tuple[Hop, ...]]:
    """Find the shortest way to a node from each context that a call may come from."""
    after: dict[Node, tuple[Node, str]] = {}
    waiting, found = deque([node]), list[tuple[Hop, ...]]()
    while waiting and len(found) < ROOTS_MAX and len(after) < BACK_MAX:
        one = waiting.popleft()
        before = walk.before.get(one, {})
        if not before:
            found.append(_path(one, node, after))
        for other, kind in before.items():
            if other != node and other not in after and not _sub(one, kind, before):
                after[other] = (one, kind)
                waiting.append(other)
    return found or [_path(node, node, after)]  # contexts in a ring have no beginning


def _sub(one: Node, kind: str, before: Iterable[Node]) -> bool:
    """Whether nobody dials this extension, because it is a subroutine that others call."""
    if kind != "dialled" or not isinstance(one, Station) or one.place.exten != "s":
        return False
    own = one.place[:2]
    return any(isinstance(other, Station) and other.place[:2] != own for other in before)


def _path(root: Node, end: Node, after: dict[Node, tuple[Node, str]]) -> tuple[Hop, ...]:
    hops, one = [], root
    while one != end:
        other, kind = after[one]
        if kind not in ("dialled", "next"):
            hops.append(_hop(one, kind))
        one = other
    if len(hops) >= HOPS_MAX:
        hops = [*hops[: HOPS_MAX // 2], *hops[-HOPS_MAX // 2 + 1 :]]
    return (*hops, _hop(end, ""))


def _hop(node: Node, leaves: str) -> Hop:
    if isinstance(node, Station):
        context, exten, priority = node.place
        return Hop(context[:TEXT_MAX_CHARS], exten[:TEXT_MAX_CHARS], priority, leaves)
    return Hop(node[:TEXT_MAX_CHARS], leaves=leaves)
