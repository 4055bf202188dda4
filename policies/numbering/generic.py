"""The dial plan of any other country: its own prefixes first, then the library's number ranges.

Each country's international and national prefix is data of the library; taking a string apart
by them is ours. What does not come apart is refused, not guessed at.
"""

import re
from dataclasses import replace
from itertools import product

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType, is_emergency_number

from policies.numbering.e164 import phone_number, read_abroad
from policies.numbering.number import NumberClass
from policies.numbering.plan import DIGITS, Plan, Reading, only_digits, unclassifiable
from policies.reasons import Reason

# Read as international where home knows no such number: what people and attackers try first.
FOREIGN_PREFIXES = ("010", "011", "00")

# 3GPP TS 22.101 §10.1: 112 is an emergency number in every mobile network.
EVERYWHERE = frozenset({"112"})

NANP = 1
NANP_DIGITS = 10

CLASSES: dict[int, NumberClass] = {
    PhoneNumberType.FIXED_LINE: NumberClass.FIXED,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberClass.FIXED,
    PhoneNumberType.MOBILE: NumberClass.MOBILE,
    PhoneNumberType.VOIP: NumberClass.VOIP,
    PhoneNumberType.TOLL_FREE: NumberClass.FREEPHONE,
    PhoneNumberType.SHARED_COST: NumberClass.SHARED_COST,
    PhoneNumberType.UAN: NumberClass.SHARED_COST,
    PhoneNumberType.VOICEMAIL: NumberClass.SPECIAL,
    PhoneNumberType.PREMIUM_RATE: NumberClass.PREMIUM,
    # Personal numbers and pagers are priced like premium ones (British 070 and 076).
    PhoneNumberType.PERSONAL_NUMBER: NumberClass.PREMIUM,
    PhoneNumberType.PAGER: NumberClass.PREMIUM,
}


def read(dialled: str, plan: Plan) -> Reading:
    """Read a string as a line of ``plan.country`` would take it.

    Args:
        dialled: Untrusted, diallable characters only, the outside line off.
        plan: The site's plan.

    Returns:
        The reading; unclassifiable for whatever the grammar does not know.
    """
    if dialled[0] == "+":
        return read_abroad(dialled[1:], plan)
    if not only_digits(dialled):
        return unclassifiable(Reason.FEATURE_CODE)
    own = plan.international_prefix
    if own and dialled.startswith(own):
        return _read_behind(own, dialled, plan)
    reading = _read_national(dialled, plan)
    if not reading.why:
        return reading
    for prefix in FOREIGN_PREFIXES:
        if dialled.startswith(prefix):
            return _read_behind(prefix, dialled, plan)
    return reading


def read_home(significant: str, plan: Plan) -> Reading:
    """Read a national significant number: a class of home's, or a neighbour with the same code."""
    if significant[0] == "0" and plan.national_prefix:
        return unclassifiable(Reason.HOME_PREFIX_ABROAD)
    number = phone_number(plan.calling_code, significant)
    region = phonenumbers.region_code_for_number(number)
    kind = phonenumbers.number_type(number)
    if region is None or kind not in CLASSES:
        return unclassifiable(Reason.UNALLOCATED_RANGE)
    home = region == plan.country
    return Reading(
        CLASSES[kind] if home else NumberClass.INTERNATIONAL,
        national=plan.national_prefix + significant,
        e164=f"+{plan.calling_code}{significant}",
        country=region,
    )


def emergency_numbers(country: str) -> frozenset[str]:
    """List the exact emergency numbers of a country, at most six digits each.

    Never the library's "connects to": it takes every string that begins with one.
    """
    metadata = PhoneMetadata.short_metadata_for_region(country)
    emergency = None if metadata is None else metadata.emergency
    if emergency is None or emergency.national_number_pattern is None:
        return EVERYWHERE
    pattern = re.compile(emergency.national_number_pattern)
    candidates = (
        "".join(digits)
        for length in emergency.possible_length
        for digits in product(DIGITS, repeat=length)
    )
    found = (text for text in candidates if pattern.fullmatch(text))
    return EVERYWHERE | {text for text in found if is_emergency_number(text, country)}


def _read_behind(prefix: str, dialled: str, plan: Plan) -> Reading:
    """Read what follows an international prefix."""
    return replace(read_abroad(dialled[len(prefix) :], plan), removed=(prefix,))


def _read_national(dialled: str, plan: Plan) -> Reading:
    """Read a number of home with its national prefix, or without where home has none."""
    if plan.calling_code == NANP and len(dialled) == NANP_DIGITS:
        return read_home(dialled, plan)
    significant = dialled.removeprefix(plan.national_prefix)
    if not significant or (plan.national_prefix and significant == dialled):
        return unclassifiable(Reason.NO_RULE)
    return read_home(significant, plan)
