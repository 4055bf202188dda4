"""From what was dialled to the one string that may be dialled, on the trunk it would leave by."""

from dataclasses import replace
from typing import TYPE_CHECKING

from policies.numbering.number import Number, NumberClass, NumberForm
from policies.numbering.plan import (
    DIALLABLE,
    MAX_DIALLED_CHARS,
    Plan,
    Reading,
    only_digits,
    unclassifiable,
)
from policies.reasons import Reason

if TYPE_CHECKING:
    # policies.policy imports this package for its number forms.
    from policies.policy import Trunk


def classify(dialled: str, plan: Plan, trunk: "Trunk") -> Number:
    """Say what a dialled string really is.

    Never raises for any text. The canonical string is what was judged, so
    it and nothing else is dialled; it never holds a carrier code, the outside
    line, or a prefix that hides the caller ID.

    Args:
        dialled: Untrusted text of any length.
        plan: The site's plan; `Plan.on_the_wire` for what a trunk was given.
        trunk: Where it would leave; chooses the canonical form.

    Returns:
        The number; malformed or unclassifiable ones have no canonical string.
    """
    malformed = _malformed(dialled)
    if malformed is not None:
        return Number(dialled, NumberClass.MALFORMED, None, None, "", (), malformed)
    return _on_trunk(dialled, _read(dialled, plan), trunk)


def _malformed(dialled: str) -> Reason | None:
    """Tell why no grammar may look at a string, or None."""
    if not dialled:
        return Reason.EMPTY
    if len(dialled) > MAX_DIALLED_CHARS:
        return Reason.TOO_LONG
    # Whatever is left between the first and the last foreign character is enough to know.
    return Reason.FOREIGN_CHARACTER if dialled.strip(DIALLABLE) else None


def _read(dialled: str, plan: Plan) -> Reading:
    """Read a string behind its outside line, and where that has no meaning, as a whole."""
    line = plan.outside_line
    if not line or not dialled.startswith(line) or dialled == line or dialled in plan.emergency:
        reading = _read_line(dialled, plan, ())
    else:
        reading = _read_line(dialled[len(line) :], plan, (line,))
        if reading.why:
            whole = _read_line(dialled, plan, ())
            reading = reading if whole.why and reading.why != Reason.NO_RULE else whole
    if reading.why == Reason.NO_RULE and _is_internal(dialled, plan):
        return Reading(NumberClass.INTERNAL, national=dialled, country=plan.country)
    return reading


def _read_line(text: str, plan: Plan, removed: tuple[str, ...]) -> Reading:
    """Take line prefixes off in any order and number, then ask the plan's grammar."""
    while text.startswith(plan.line_prefixes) and text not in plan.emergency:
        prefix = next(prefix for prefix in plan.line_prefixes if text.startswith(prefix))
        removed = (*removed, prefix)
        text = text[len(prefix) :]
    if text in plan.emergency:
        return Reading(NumberClass.EMERGENCY, national=text, country=plan.country, removed=removed)
    if not text:
        return unclassifiable(Reason.NOTHING_AFTER_PREFIX, *removed)
    reading = plan.read(text, plan)
    return replace(reading, removed=removed + reading.removed) if removed else reading


def _is_internal(dialled: str, plan: Plan) -> bool:
    """Tell whether what no rule knows is short enough to be one of our own extensions."""
    return len(dialled) <= plan.internal_digits and only_digits(dialled)


def _on_trunk(dialled: str, reading: Reading, trunk: "Trunk") -> Number:
    """Choose the canonical string of a reading for a trunk."""
    canonical = reading.national
    if trunk.form is NumberForm.E164 and reading.e164 is not None:
        canonical = reading.e164
    if not canonical and not reading.why:
        reading = unclassifiable(Reason.NO_INTERNATIONAL_PREFIX, *reading.removed)
    return Number(
        dialled,
        reading.number_class,
        reading.e164,
        reading.country,
        canonical,
        reading.removed,
        reading.why,
    )
