"""Where a number that cannot be classified could lead: a suspended country's code is refused too.

A number with a digit too many is no number to us, but a carrier may drop the surplus and dial.
"""

from collections.abc import Iterator

import phonenumbers

from policies.numbering.e164 import LONGEST_CALLING_CODE, calling_code_of
from policies.numbering.generic import FOREIGN_PREFIXES
from policies.numbering.jp import CARRIER_CODE_CHARS, INTERNATIONAL_PREFIX
from policies.numbering.number import Number, NumberClass
from policies.numbering.plan import Plan, only_digits


def countries_behind(number: Number, plan: Plan) -> frozenset[str]:
    """Give the countries whose calling code an unclassifiable number goes on with.

    Args:
        number: Untrusted; of any class.
        plan: What it was classified by.

    Returns:
        ISO alpha-2 codes of all who share the code; empty for a number that
        was classified, or that stands behind no international prefix or ``+``.
    """
    if number.number_class is not NumberClass.UNCLASSIFIABLE:
        return frozenset()
    found: set[str] = set()
    for digits in _behind_prefix(number, plan):
        code = calling_code_of(digits) if only_digits(digits[:LONGEST_CALLING_CODE]) else None
        if code is not None:
            found.update(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code])
    return frozenset(found)


def _behind_prefix(number: Number, plan: Plan) -> Iterator[str]:
    """Give what could be E.164 digits: behind the prefix taken off, ``+``, or a carrier's 010."""
    rest = number.dialled[sum(map(len, number.removed)) :]
    if number.removed and number.removed[-1] in (plan.international_prefix, *FOREIGN_PREFIXES):
        yield rest
    if rest.startswith("+"):
        yield rest[1:]
    if rest.startswith("00"):
        for offset in CARRIER_CODE_CHARS:
            if rest.startswith(INTERNATIONAL_PREFIX, offset):
                yield rest[offset + len(INTERNATIONAL_PREFIX) :]
