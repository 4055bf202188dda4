"""Japan's dial plan as data and one grammar: MIC's numbering table, read front to back.

The trap that cost people money: a carrier code before 010 (0081010377…) dials abroad on lines
that still select carriers, and every public library takes it for something at home.
Source: the numbering plan of the Ministry of Internal Affairs and Communications.
"""

import re
from dataclasses import replace

from phonenumbers import PhoneMetadata

from policies.numbering.e164 import read_abroad
from policies.numbering.number import NumberClass
from policies.numbering.plan import Plan, Reading, only_digits, unclassifiable
from policies.reasons import Reason

COUNTRY = "JP"
CALLING_CODE = 81
INTERNATIONAL_PREFIX = "010"
EMERGENCY = frozenset({"110", "118", "119"})

# Hide and show the caller ID; 122 releases the line's fixed carrier for one call.
LINE_PREFIXES = ("184", "186", "122")

# 001, 00XY, 002YZ and 0091XY: where 010 may follow a carrier code.
CARRIER_CODE_CHARS = range(3, 7)

# Prefix, digits in all, class. The first prefix that fits settles it.
SERVICES: tuple[tuple[str, int, NumberClass], ...] = (
    ("0120", 10, NumberClass.FREEPHONE),
    ("0800", 11, NumberClass.FREEPHONE),
    ("0570", 10, NumberClass.SHARED_COST),
    ("0990", 10, NumberClass.PREMIUM),
    ("0180", 10, NumberClass.PREMIUM),
    ("0170", 10, NumberClass.PREMIUM),
)

_SERVICE_PREFIXES = tuple(prefix for prefix, _, _ in SERVICES)

# M2M and pagers, fixed-mobile convergence, special interconnection; 0X00 is unassigned.
CLOSED = ("020", "0600", "091", "0500", "0700", "0900")

PERSONAL = {
    "050": NumberClass.VOIP,
    "060": NumberClass.MOBILE,
    "070": NumberClass.MOBILE,
    "080": NumberClass.MOBILE,
    "090": NumberClass.MOBILE,
}
PERSONAL_DIGITS = 11
FIXED_DIGITS = 10

# The library's own pattern of assigned areas. Asked alone and not through number_type, which tries
# ten other types first: the services above have taken those.
_AREAS: re.Pattern[str] = re.compile(
    PhoneMetadata.metadata_for_region(COUNTRY, None).fixed_line.national_number_pattern  # type: ignore[union-attr,arg-type]  # Japan has areas
)

SHORT = {
    "104": NumberClass.DIRECTORY,
    "113": NumberClass.SHORT,
    "115": NumberClass.SHORT,
    "116": NumberClass.SHORT,
    "117": NumberClass.SHORT,
    "171": NumberClass.SHORT,
    "188": NumberClass.SHORT,
    "189": NumberClass.SHORT,
    "#7119": NumberClass.SHORT,
    "#8000": NumberClass.SHORT,
    "#8008": NumberClass.SHORT,
    "#8891": NumberClass.SHORT,
    "#9110": NumberClass.SHORT,
    "#9910": NumberClass.SHORT,
}
SHORT_DIGITS = 3

# They set up the line itself: 142 turns call forwarding on, 136 calls the last caller back.
FEATURE_CODES = ("136", "141", "142", "144", "147", "148")


def read(dialled: str, plan: Plan) -> Reading:
    """Read a string as a Japanese line would take it.

    Args:
        dialled: Untrusted, diallable characters only, the outside line off.
        plan: Japan's plan.

    Returns:
        The reading; unclassifiable for whatever the grammar does not know.
    """
    if dialled[0] == "+":
        return read_abroad(dialled[1:], plan)
    if dialled in SHORT:
        return Reading(SHORT[dialled], national=dialled, country=COUNTRY)
    if not only_digits(dialled):
        return unclassifiable(Reason.FEATURE_CODE)
    if dialled.startswith(INTERNATIONAL_PREFIX):
        return _read_international(dialled, 0, plan)
    if dialled.startswith("00"):
        return _read_carrier(dialled, plan)
    if dialled[0] == "0":
        return _read_national(dialled)
    return _read_bare(dialled)


def read_home(significant: str, plan: Plan) -> Reading:
    """Read what follows +81: a number without its 0, and nothing that only a line would take."""
    del plan
    dialled = "0" + significant
    if dialled.startswith(("00", INTERNATIONAL_PREFIX)):
        return unclassifiable(Reason.HOME_PREFIX_ABROAD)
    return _read_national(dialled)


def _read_international(dialled: str, offset: int, plan: Plan) -> Reading:
    """Read a string that holds 010 at ``offset``, a carrier code before it."""
    end = offset + len(INTERNATIONAL_PREFIX)
    reading = read_abroad(dialled[end:], plan)
    carrier = (dialled[:offset],) if offset else ()
    return replace(reading, removed=(*carrier, INTERNATIONAL_PREFIX))


def _read_carrier(dialled: str, plan: Plan) -> Reading:
    """Read a string behind a carrier code: abroad where 010 follows it, else refused.

    The codes' lengths differ, so 010 is looked for behind each possible one.
    At most one fits: what follows 010 never begins with 0, nor with 10.
    """
    for offset in CARRIER_CODE_CHARS:
        if dialled.startswith(INTERNATIONAL_PREFIX, offset):
            reading = _read_international(dialled, offset, plan)
            if not reading.why:
                return reading
    return unclassifiable(Reason.CARRIER_CODE)


def _read_national(dialled: str) -> Reading:
    """Read a number of home that begins with its 0."""
    if dialled.startswith(_SERVICE_PREFIXES):
        _, digits, number_class = next(s for s in SERVICES if dialled.startswith(s[0]))
        return _of_length(dialled, digits, number_class)
    if dialled.startswith(CLOSED):
        return unclassifiable(Reason.CLOSED_RANGE)
    personal = PERSONAL.get(dialled[:3])
    if personal is not None:
        return _of_length(dialled, PERSONAL_DIGITS, personal)
    return _read_fixed(dialled)


def _read_fixed(dialled: str) -> Reading:
    """Read 0ABCDEFGHJ, which must lie in an assigned area."""
    if len(dialled) != FIXED_DIGITS:
        return unclassifiable(Reason.WRONG_LENGTH)
    if not _AREAS.fullmatch(dialled, 1):
        return unclassifiable(Reason.UNALLOCATED_RANGE)
    return _at_home(dialled, NumberClass.FIXED)


def _of_length(dialled: str, digits: int, number_class: NumberClass) -> Reading:
    """Accept a number of home if it has exactly ``digits``."""
    if len(dialled) != digits:
        return unclassifiable(Reason.WRONG_LENGTH)
    return _at_home(dialled, number_class)


def _at_home(dialled: str, number_class: NumberClass) -> Reading:
    """Make the reading of a certain number of home."""
    return Reading(
        number_class, national=dialled, e164=f"+{CALLING_CODE}{dialled[1:]}", country=COUNTRY
    )


def _read_bare(dialled: str) -> Reading:
    """Read digits without a leading 0: all short numbers that are open were found before."""
    if dialled.startswith(FEATURE_CODES):
        return unclassifiable(Reason.FEATURE_CODE)
    if dialled[0] == "1" and len(dialled) <= SHORT_DIGITS:
        return unclassifiable(Reason.UNKNOWN_SHORT_NUMBER)
    return unclassifiable(Reason.NO_RULE)
