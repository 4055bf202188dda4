"""What one line of dialplan does to a call: where it leads, what it dials and what it hides."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policies.coverage.arguments import branches, called, split

HERE = ""
VARIABLES = "TOLLGUARD_"
# An ExecIf in an Exec in a TryExec: deeper than this is nobody's dialplan.
NESTED_MAX = 8


@dataclass(frozen=True, slots=True)
class Jump:
    """A line leads elsewhere.

    Attributes:
        kind: The hop's name, ``goto``, ``gosub``, ``local`` and so on.
        context: `HERE` for the one the call is in; may hold a variable.
        exten: `HERE` for the one the call is in; may hold a variable.
        priority: A number, a label or a variable.
        allowed: Taken only when the gate's verdict is ALLOW.
        certain: Taken whenever the line is reached, so that a gate there was asked.
    """

    kind: str
    context: str
    exten: str
    priority: str
    allowed: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Dialled:
    """A line dials something.

    Attributes:
        kind: ``dial``, ``page``, ``originate``, ``queue``.
        destination: As written.
        limited: Its options hold the judged limit and not another.
        forked: Something else is dialled with it.
    """

    kind: str
    destination: str
    limited: bool = False
    forked: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """Everything that a line does.

    Attributes:
        jumps: Where it leads besides the next priority.
        dials: What it dials.
        rings: Queues whose members it rings, by name as written.
        hidden: What it runs that nobody sees in the dialplan: ``script``, ``variable``,
            ``followme``; empty for most.
        ends: The next priority is not reached.
        allowed: The next priority is reached only when the verdict is ALLOW.
        forgets: What the gate said before does not hold afterwards.
        loops: It may go on behind an ``EndWhile``.
    """

    jumps: tuple[Jump, ...] = ()
    dials: tuple[Dialled, ...] = ()
    rings: tuple[str, ...] = ()
    hidden: str = ""
    ends: bool = False
    allowed: bool = False
    forgets: bool = False
    loops: bool = False


NOTHING = Meaning()
_ENDS = frozenset({"hangup", "return", "macroexit", "busy", "congestion"})
_SCRIPTS = frozenset(
    {"agi", "eagi", "deadagi", "fastagi", "asyncagi", "externalivr", "stasis", "slastation"}
    | {"slatrunk", "jack"}
)
_LIMIT = "${TOLLGUARD_LIMIT_MS}"
_OPTION = re.compile(r"([A-Za-z])\(")


def meaning(app: str, data: str, nested: int = 0) -> Meaning:
    """Say what one application with its arguments does.

    Args:
        app: Its name, in any case.
        data: Its arguments, variables not replaced.
        nested: How many applications run it.
    """
    name = app.strip().lower()
    if "$" in name or nested > NESTED_MAX:
        return Meaning(hidden="variable", forgets=True)
    if name in _ENDS:
        return Meaning(ends=True)
    if name in _SCRIPTS:
        return Meaning(hidden="script", forgets=True)
    if name in _RUNNERS:
        return _run(_RUNNERS[name](data), nested)
    return _READERS.get(name, _other)(data)


def _other(data: str) -> Meaning:
    return Meaning(forgets=True) if VARIABLES in data else NOTHING


def _quiet(_data: str) -> Meaning:
    """NoOp and its kin read variables and set none."""
    return NOTHING


def _set(data: str) -> Meaning:
    name = data.partition("=")[0]
    return Meaning(forgets=True) if VARIABLES in name or "$" in name else NOTHING


def _many_set(data: str) -> Meaning:
    return Meaning(forgets=any(_set(part).forgets for part in split(data, ",")))


def _goto(data: str) -> Meaning:
    return Meaning((_jump("goto", data),), ends=True)


def _goto_if(data: str) -> Meaning:
    condition, one, other = branches(data)
    verdict = _verdict(condition)
    jumps = tuple(
        _jump("goto", target, allowed=verdict is is_true)
        for target, is_true in ((one, True), (other, False))
        if target
    )
    open_branch = not one
    return Meaning(jumps, ends=bool(one and other), allowed=verdict is open_branch)


def _goto_if_time(data: str) -> Meaning:
    _times, one, other = branches(data)
    jumps = tuple(_jump("goto", target) for target in (one, other) if target)
    return Meaning(jumps, ends=bool(one and other))


def _verdict(condition: str) -> bool | None:
    """Tell which branch means that the gate allowed the call; None for any other condition."""
    plain = re.sub(r'[\s"]', "", condition)
    if plain in ("$[${TOLLGUARD_VERDICT}=ALLOW]", "$[ALLOW=${TOLLGUARD_VERDICT}]"):
        return True
    if plain in ("$[${TOLLGUARD_VERDICT}!=ALLOW]", "$[ALLOW!=${TOLLGUARD_VERDICT}]"):
        return False
    return None


def _gosub(data: str) -> Meaning:
    target, _arguments = called(data)
    return Meaning((_jump("gosub", target),), forgets=True)


def _gosub_if(data: str) -> Meaning:
    _condition, *targets = branches(data)
    jumps = tuple(_jump("gosub", called(target)[0], certain=False) for target in targets if target)
    return Meaning(jumps, forgets=True)


def _macro(data: str) -> Meaning:
    name = split(data, ",")[0]
    return Meaning((Jump("macro", f"macro-{name}", "s", "1"),), forgets=True)


def _macro_if(data: str) -> Meaning:
    _condition, *macros = branches(data)
    return Meaning(tuple(jump for one in macros if one for jump in _macro(one).jumps), forgets=True)


def _jump(kind: str, target: str, *, allowed: bool = False, certain: bool = True) -> Jump:
    """Read ``[[context,]exten,]priority``."""
    parts = [HERE, HERE, *split(target, ",")]
    context, exten, priority = parts[-3:]
    return Jump(kind, context, exten, priority or "1", allowed, certain)


def _dial(data: str) -> Meaning:
    destinations, _timeout, options = [*split(data, ","), "", "", ""][:3]
    limited = f"L({_LIMIT})" in options and options.count("L(") == 1
    parts = [part for part in split(destinations, "&") if part]
    dials = tuple(Dialled("dial", part, limited, forked=len(parts) > 1) for part in parts)
    return Meaning(_option_jumps(options), dials, forgets=True)


def _option_jumps(options: str) -> tuple[Jump, ...]:
    """Read where Dial's options b, B, F, G, M and U lead (app_dial.c)."""
    jumps = []
    for match in _OPTION.finditer(options):
        inside = options[match.end() :]
        place = called(inside.partition(")")[0])[0].replace("^", ",")
        if match[1] in "bBFG":
            jumps.append(_jump("gosub" if match[1] in "bB" else "goto", place))
        elif match[1] == "U":
            jumps.append(Jump("gosub", split(place, ",")[0], "s", "1"))
        elif match[1] == "M":
            jumps.append(Jump("macro", f"macro-{split(place, ',')[0]}", "s", "1"))
    return tuple(jumps)


def _retry_dial(data: str) -> Meaning:
    return _dial(",".join(split(data, ",", 3)[3:]))


def _page(data: str) -> Meaning:
    destinations = split(data, ",")[0]
    return Meaning(dials=tuple(Dialled("page", one) for one in split(destinations, "&") if one))


def _queue(data: str) -> Meaning:
    name, *more = split(data, ",")
    macro, gosub = ([*more, *[""] * 7])[5:7]
    jumps = [Jump("macro", f"macro-{macro}", "s", "1")] if macro else []
    jumps += [Jump("gosub", called(gosub)[0], "s", "1")] if gosub else []
    return Meaning(tuple(jumps), rings=(name,), forgets=True)


def _add_member(data: str) -> Meaning:
    interface = [*split(data, ","), ""][1]
    return Meaning(dials=(Dialled("queue", interface),) if interface else ())


def _originate(data: str) -> Meaning:
    parts = [*split(data, ","), "", "", "", ""]
    dials = (Dialled("originate", parts[0]),)
    if parts[1].lower() == "exten":
        jump = Jump("originate", parts[2], parts[3] or "s", parts[4] or "1")
        return Meaning((jump,), dials)
    ran = meaning(parts[2], ",".join(filter(None, parts[3:])), NESTED_MAX)
    return Meaning(ran.jumps, (*dials, *ran.dials), ran.rings, ran.hidden)


def _redirect(data: str) -> Meaning:
    return Meaning((_jump("redirect", ",".join(split(data, ",")[1:])),))


def _follow_me(_data: str) -> Meaning:
    return Meaning(hidden="followme", forgets=True)


def _loop(_data: str) -> Meaning:
    return Meaning(loops=True)


def _run(runs: tuple[str, ...], nested: int) -> Meaning:
    """Join what the applications do that a line may run, or not."""
    ran = [meaning(*called(one), nested + 1) for one in runs if one]
    return Meaning(
        tuple(_uncertain(jump) for one in ran for jump in one.jumps),
        tuple(dialled for one in ran for dialled in one.dials),
        tuple(queue for one in ran for queue in one.rings),
        next((one.hidden for one in ran if one.hidden), ""),
        forgets=any(one.forgets for one in ran),
        loops=any(one.loops for one in ran),
    )


def _uncertain(jump: Jump) -> Jump:
    return Jump(jump.kind, jump.context, jump.exten, jump.priority, certain=False)


_RUNNERS: Mapping[str, Callable[[str], tuple[str, ...]]] = MappingProxyType(
    {
        "execif": lambda data: branches(data)[1:],
        "execiftime": lambda data: branches(data)[1:],
        "exec": lambda data: (data,),
        "tryexec": lambda data: (data,),
    }
)
_READERS: Mapping[str, Callable[[str], Meaning]] = MappingProxyType(
    {
        "noop": _quiet,
        "verbose": _quiet,
        "log": _quiet,
        "set": _set,
        "mset": _many_set,
        "goto": _goto,
        "gotoif": _goto_if,
        "gotoiftime": _goto_if_time,
        "gosub": _gosub,
        "gosubif": _gosub_if,
        "macro": _macro,
        "macroexclusive": _macro,
        "macroif": _macro_if,
        "dial": _dial,
        "retrydial": _retry_dial,
        "page": _page,
        "queue": _queue,
        "addqueuemember": _add_member,
        "originate": _originate,
        "channelredirect": _redirect,
        "followme": _follow_me,
        "while": _loop,
        "exitwhile": _loop,
        "continuewhile": _loop,
    }
)
