"""Digits after an international prefix: which country they lead to, home included.

phonenumbers is given a number already taken apart and never a string to parse: it would take
letters, full-width digits and carrier codes for valid numbers of home.
"""

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber

from policies.numbering.number import NumberClass
from policies.numbering.plan import Plan, Reading, only_digits, unclassifiable
from policies.reasons import Reason

# ITU-T E.164 §6: at most 15 digits; no assigned number has fewer than 7 with its calling code.
MIN_DIGITS = 7
MAX_DIGITS = 15
LONGEST_CALLING_CODE = 3

# The library's region of +800, +881, +979 and all else that belongs to no country.
NO_COUNTRY = "001"


def read_abroad(digits: str, plan: Plan) -> Reading:
    """Read what follows an international prefix.

    Args:
        digits: Untrusted; the prefix is already off.
        plan: Home's plan.

    Returns:
        International, or a national class where the number leads home and
        that is certain, or unclassifiable. ``removed`` is empty.
    """
    if not (MIN_DIGITS <= len(digits) <= MAX_DIGITS and only_digits(digits) and digits[0] != "0"):
        return unclassifiable(Reason.NOT_E164)
    calling_code = calling_code_of(digits)
    if calling_code is None:
        return unclassifiable(Reason.UNASSIGNED_CALLING_CODE)
    significant = digits[len(str(calling_code)) :]
    if calling_code == plan.calling_code:
        return plan.read_home(significant, plan)
    region = phonenumbers.region_code_for_number(phone_number(calling_code, significant))
    if region is None:
        return unclassifiable(Reason.UNALLOCATED_RANGE)
    return Reading(
        NumberClass.INTERNATIONAL,
        national=_from_home(digits, plan),
        e164=f"+{digits}",
        country=None if region == NO_COUNTRY else region,
    )


def calling_code_of(digits: str) -> int | None:
    """Return the assigned calling code that ``digits`` begin with; at most one can."""
    for length in range(1, LONGEST_CALLING_CODE + 1):
        code = int(digits[:length])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return code
    return None


def phone_number(calling_code: int, significant: str) -> PhoneNumber:
    """Make the library's number from parts; leading zeros count (+39 06 is Rome)."""
    zeros = len(significant) - len(significant.lstrip("0"))
    return PhoneNumber(
        country_code=calling_code,
        national_number=int(significant),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )


def load_metadata(country: str) -> None:
    """Import home's metadata and that of countries sharing a calling code.

    The library imports a region's file when it first needs it; that is file
    I/O, so it is done before calls are judged. Other regions are never needed.
    """
    PhoneMetadata.metadata_for_region(country, None)
    for regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.values():
        for region in regions if len(regions) > 1 else ():
            PhoneMetadata.metadata_for_region(region, None)


def _from_home(digits: str, plan: Plan) -> str:
    """Write the number as a national-form trunk takes it, or nothing when that is not certain."""
    prefix = plan.international_prefix
    if not prefix:
        return ""
    national = prefix + digits
    if plan.international_pattern is not None:
        # Hong Kong: 00 + 1 44… would be taken for carrier 001 and +44.
        found = plan.international_pattern.match(national)
        if found is None or found.group() != prefix:
            return ""
    return national
