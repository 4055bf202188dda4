"""What is told about a way around the gate: why, and the way there."""

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """What is wrong with a line. Codes are stable."""

    DIAL = "dial-without-gate"
    VERDICT = "verdict-not-checked"
    NUMBER = "other-number-than-judged"
    LIMIT = "no-judged-limit"
    FORKED = "forked"
    VARIABLE = "variable-target"
    UNDECLARED = "undeclared-trunk"
    PAGE = "page"
    QUEUE = "queue"
    ORIGINATE = "originate"
    FOLLOW_ME = "followme"
    SCRIPT = "script"
    APPLICATION = "variable-application"
    GOTO = "variable-goto"
    BEHIND = "behind-the-gate"
    SWITCH = "switch"
    FOREIGN_T = "foreign-t-extension"
    CHANGED = "gate-changed"
    REDIRECT = "redirect-by-uri"


@dataclass(frozen=True, slots=True)
class Hop:
    """One station of a way.

    Attributes:
        context: Where it is.
        exten: Empty for a context as a whole.
        priority: 0 for a context as a whole.
        leaves: How the way goes on from here: ``include``, ``goto``, ``gosub``, ``macro``,
            ``local`` and so on; empty at the end.
    """

    context: str
    exten: str = ""
    priority: int = 0
    leaves: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A way that reaches, or may reach, a trunk without the gate.

    Attributes:
        why: What is wrong at its end.
        path: From the context that a call comes from to the line that is wrong.
        app: That line's application; empty for a context as a whole.
        data: Its arguments.
        registrar: What loaded the line.
        detail: What exactly: a destination, a switch, a context.
    """

    why: Why
    path: tuple[Hop, ...]
    app: str = ""
    data: str = ""
    registrar: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at and what was found.

    Attributes:
        contexts: How many there are.
        extensions: How many they hold.
        lines: How many lines these have.
        dials: How many of them dial.
        gates: How many lines and includes lead to the gate.
        findings: The longest ways first.
        more: Findings beyond those that are told.
    """

    contexts: int
    extensions: int
    lines: int
    dials: int
    gates: int
    findings: tuple[Finding, ...]
    more: int = 0
