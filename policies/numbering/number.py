"""What a dialled string turned out to be: its class, country and the string a trunk is given."""

from dataclasses import dataclass
from enum import StrEnum


class NumberClass(StrEnum):
    """What kind of number it is; decides permission and whether it is chargeable."""

    EMERGENCY = "emergency"
    INTERNAL = "internal"
    SHORT = "short"
    FIXED = "fixed"
    MOBILE = "mobile"
    VOIP = "voip"
    FREEPHONE = "freephone"
    SHARED_COST = "shared-cost"
    PREMIUM = "premium"
    DIRECTORY = "directory"
    SPECIAL = "special"
    INTERNATIONAL = "international"
    UNCLASSIFIABLE = "unclassifiable"
    MALFORMED = "malformed"


class NumberForm(StrEnum):
    """How a trunk wants to be given numbers."""

    NATIONAL = "national"  # as dialled at home: 0312345678, 01037793123456
    E164 = "e164"  # +81312345678, +37793123456


# DESIGN "Money": everything else waits for a durable row in the ledger.
FREE_CLASSES = frozenset(
    {
        NumberClass.INTERNAL,
        NumberClass.EMERGENCY,
        NumberClass.FREEPHONE,
        NumberClass.FIXED,
        NumberClass.MOBILE,
        NumberClass.VOIP,
    }
)


@dataclass(frozen=True, slots=True)
class Number:
    """A classified number.

    Attributes:
        dialled: The string as asked for. Untrusted.
        number_class: What it is.
        e164: Plus and at most 15 digits; None where there is none (short,
            emergency, unclassifiable, malformed).
        country: ISO 3166-1 alpha-2 the call is charged in; None for global
            codes (+881, +979) and for what has no country.
        canonical: The only string that may be dialled on the trunk it was
            classified for. Empty for malformed and unclassifiable.
        removed: Prefixes that were taken off, in order, e.g. ``("184", "010")``.
        why: Reason code for malformed and unclassifiable, else empty.
    """

    dialled: str
    number_class: NumberClass
    e164: str | None
    country: str | None
    canonical: str
    removed: tuple[str, ...] = ()
    why: str = ""

    @property
    def chargeable(self) -> bool:
        """Tell whether the call costs by the minute, so needs a ledger row."""
        return self.number_class not in FREE_CLASSES
