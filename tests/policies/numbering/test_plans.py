"""Tests of compiling a site into its plan."""

import pytest

from policies.numbering.plan import PlanError
from policies.numbering.plans import plan_for
from policies.policy import Site


@pytest.mark.parametrize(
    ("site", "message"),
    [
        (Site(plan="xx"), "site.plan: 'xx' is none of jp, generic"),
        (Site(country="FR"), "site.country: plan 'jp' is Japan's, not that of 'FR'"),
        (Site(plan="generic", country="XX"), "site.country: 'XX' is no country"),
        (Site(plan="generic", country="001"), "site.country: '001' is no country"),
        (Site(outside_line="9 "), "site.outside_line: '9 ' is not up to 8"),
        (Site(outside_line="９"), "site.outside_line: '９' is not up to 8"),
        (Site(outside_line="1" * 9), "site.outside_line"),
        (Site(emergency=("",)), "site.emergency: '' is not 1 to 8"),
        (Site(emergency=("110", "+112")), r"site.emergency: '\+112' is not 1 to 8"),
    ],
)
def test_a_site_that_cannot_be_is_refused(site: Site, message: str) -> None:
    """The error names the setting and what it holds."""
    with pytest.raises(PlanError, match=message):
        plan_for(site)


@pytest.mark.parametrize(
    ("country", "calling_code", "national", "international"),
    [
        ("JP", 81, "0", "010"),
        ("US", 1, "1", "011"),
        ("GB", 44, "0", "00"),
        ("IT", 39, "", "00"),
        ("RU", 7, "8", "810"),
        ("AU", 61, "0", "0011"),
        ("HK", 852, "", "00"),
        ("KR", 82, "0", ""),
    ],
)
def test_a_generic_plan_has_its_countrys_prefixes(
    country: str, calling_code: int, national: str, international: str
) -> None:
    """Prefixes are those of home; where it has several and no usual one there is none."""
    plan = plan_for(Site(plan="generic", country=country))

    assert (plan.calling_code, plan.national_prefix, plan.international_prefix) == (
        calling_code,
        national,
        international,
    )


def test_a_plan_knows_its_emergency_numbers() -> None:
    """The site's own numbers come on top of the country's."""
    assert plan_for(Site(emergency=("9110",))).emergency == {"110", "118", "119", "9110"}
    generic = Site(plan="generic", country="US", emergency=("988",))
    assert plan_for(generic).emergency == {"112", "911", "988"}
