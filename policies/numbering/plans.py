"""Compiles a site's settings into its dial plan; the one place where plan names are known."""

import re

import phonenumbers
from phonenumbers import PhoneMetadata

from policies.numbering import generic, jp
from policies.numbering.e164 import load_metadata
from policies.numbering.plan import (
    DIGITS,
    MAX_EMERGENCY_CHARS,
    MAX_OUTSIDE_LINE_CHARS,
    Plan,
    PlanError,
)
from policies.policy import Site

PLANS = ("jp", "generic")

_PREFIX_CHARS = DIGITS + "*#"


def plan_for(site: Site) -> Plan:
    """Compile the dial plan of a site; takes milliseconds, so it is done once.

    Args:
        site: From the configuration; trusted, but typed by a human.

    Returns:
        A frozen plan.

    Raises:
        PlanError: The plan's name, the country, the outside line or an
            emergency number cannot be.
    """
    if len(site.outside_line) > MAX_OUTSIDE_LINE_CHARS or site.outside_line.strip(_PREFIX_CHARS):
        msg = f"site.outside_line: {site.outside_line!r} is not up to 8 of 0-9*#"
        raise PlanError(msg)
    for number in site.emergency:
        if not 0 < len(number) <= MAX_EMERGENCY_CHARS or number.strip(_PREFIX_CHARS):
            msg = f"site.emergency: {number!r} is not 1 to 8 of 0-9*#"
            raise PlanError(msg)
    if site.plan == "jp":
        return _japan(site)
    if site.plan == "generic":
        return _generic(site)
    msg = f"site.plan: {site.plan!r} is none of {', '.join(PLANS)}"
    raise PlanError(msg)


def _japan(site: Site) -> Plan:
    """Compile Japan's plan."""
    if site.country != jp.COUNTRY:
        msg = f"site.country: plan 'jp' is Japan's, not that of {site.country!r}"
        raise PlanError(msg)
    load_metadata(jp.COUNTRY)
    return Plan(
        name="jp",
        country=jp.COUNTRY,
        calling_code=jp.CALLING_CODE,
        outside_line=site.outside_line,
        emergency=jp.EMERGENCY.union(site.emergency),
        line_prefixes=jp.LINE_PREFIXES,
        national_prefix="0",
        international_prefix=jp.INTERNATIONAL_PREFIX,
        international_pattern=None,
        internal_digits=site.internal_digits,
        read=jp.read,
        read_home=jp.read_home,
    )


def _generic(site: Site) -> Plan:
    """Compile the plan of a country from the library's data about it."""
    metadata = None
    if site.country in phonenumbers.SUPPORTED_REGIONS:
        metadata = PhoneMetadata.metadata_for_region(site.country, None)
    if metadata is None or metadata.country_code is None:
        msg = f"site.country: {site.country!r} is no country with a numbering plan; see ISO 3166"
        raise PlanError(msg)
    load_metadata(site.country)
    prefix, pattern = _international(
        metadata.international_prefix or "", metadata.preferred_international_prefix or ""
    )
    return Plan(
        name="generic",
        country=site.country,
        calling_code=metadata.country_code,
        outside_line=site.outside_line,
        emergency=generic.emergency_numbers(site.country).union(site.emergency),
        line_prefixes=(),
        national_prefix=metadata.national_prefix or "",
        international_prefix=prefix,
        international_pattern=pattern,
        internal_digits=site.internal_digits,
        read=generic.read,
        read_home=generic.read_home,
    )


def _international(pattern: str, preferred: str) -> tuple[str, re.Pattern[str] | None]:
    """Choose home's international prefix: its only one, else the preferred, else none."""
    if pattern and not pattern.strip(DIGITS):
        return pattern, None
    if preferred and not preferred.strip(DIGITS):
        return preferred, re.compile(pattern)
    return "", None
