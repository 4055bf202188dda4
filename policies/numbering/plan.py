"""The shape of a compiled dial plan, and of what its grammar reads a string as."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from policies.numbering.number import NumberClass
from policies.reasons import Reason

# Sets and not str.isdigit: that one takes full-width and Arabic-Indic digits, too.
DIGITS = "0123456789"
DIALLABLE = DIGITS + "*#+"

# Longest string a grammar looks at; E.164 has 15 digits, carrier and line prefixes a dozen more.
MAX_DIALLED_CHARS = 64
MAX_OUTSIDE_LINE_CHARS = 8
MAX_EMERGENCY_CHARS = 8


class PlanError(ValueError):
    """A site asks for a dial plan that cannot be built."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a grammar makes of a string, before a trunk's form is chosen.

    Attributes:
        number_class: What it is.
        national: What a trunk of the national form is given; empty where there
            is no certain way to dial it.
        e164: Plus and at most 15 digits, or None.
        country: ISO alpha-2, or None.
        removed: Prefixes taken off, in order.
        why: Reason code where it is unclassifiable, else empty.
    """

    number_class: NumberClass
    national: str = ""
    e164: str | None = None
    country: str | None = None
    removed: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A dial plan, compiled once for a site.

    Attributes:
        name: ``jp`` or ``generic``.
        country: ISO alpha-2 of home.
        calling_code: Home's calling code; other countries may share it.
        outside_line: Prefix the trunk does not see, or empty.
        emergency: Every emergency number, bare.
        line_prefixes: What the line takes before any number, emergencies too
            (Japan: 184, 186, 122); repeatable in any order.
        national_prefix: The trunk prefix of home, or empty.
        international_prefix: What a national-form trunk takes before E.164
            digits; empty when home has no single one.
        international_pattern: Where home has several such prefixes: all of
            them, to see when ours would be read as another.
        internal_digits: As in `policies.policy.Site`.
        read: The grammar: text of diallable characters, no outside line, to a reading.
        read_home: The same for a national significant number, as found after
            home's calling code.
    """

    name: str
    country: str
    calling_code: int
    outside_line: str
    emergency: frozenset[str]
    line_prefixes: tuple[str, ...]
    national_prefix: str
    international_prefix: str
    international_pattern: re.Pattern[str] | None
    internal_digits: int
    read: Callable[[str, "Plan"], Reading]
    read_home: Callable[[str, "Plan"], Reading]

    def on_the_wire(self) -> "Plan":
        """Return the same plan for strings that a trunk was given: no outside line."""
        return replace(self, outside_line="")


def unclassifiable(why: Reason, *removed: str) -> Reading:
    """Make the reading of a string without a certain meaning."""
    return Reading(NumberClass.UNCLASSIFIABLE, removed=removed, why=why)


def only_digits(text: str) -> bool:
    """Tell whether ``text`` is one or more ASCII digits."""
    return bool(text) and not text.strip(DIGITS)
