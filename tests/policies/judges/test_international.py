"""Tests of the judge of calls abroad."""

from dataclasses import replace

import pytest

from policies.decision import Step, Verdict
from policies.judges.international import concerns, judge
from policies.policy import Grant, OriginateGrant, SuspensionKind
from policies.principal import NOBODYS, Principal
from tests.policies.builders import ENFORCED, NOW_S, case, grant, suspension

MONACO = "01037793123456"
SATELLITE = "010881612345678"


def test_nothing_abroad_is_allowed_from_the_start() -> None:
    """Without a grant a call abroad is refused, with who and where."""
    assert judge(case(MONACO)) == Step(
        "international",
        Verdict.DENY,
        "international-not-permitted",
        (("endpoint", "6001"), ("country", "MC")),
    )


@pytest.mark.parametrize(
    ("dialled", "given", "verdict"),
    [
        (MONACO, grant("MC"), Verdict.ABSTAIN),
        (MONACO, grant(), Verdict.ABSTAIN),
        (MONACO, grant("FR"), Verdict.DENY),
        (MONACO, grant("MC", endpoint="6002"), Verdict.DENY),
        (MONACO, grant("MC", until_s=NOW_S), Verdict.DENY),
        (MONACO, grant("MC", until_s=NOW_S + 1), Verdict.ABSTAIN),
        (SATELLITE, grant(), Verdict.ABSTAIN),
        (SATELLITE, grant("MC"), Verdict.DENY),
        ("0312345678", grant("MC"), Verdict.ABSTAIN),
    ],
)
def test_grants(dialled: str, given: Grant, verdict: Verdict) -> None:
    """A grant is for one endpoint, its countries and its time; global codes need one for all."""
    assert judge(case(dialled, replace(ENFORCED, grants=(given,)))).verdict is verdict


def test_nobody_has_no_grant() -> None:
    """A call without a responsible endpoint is never permitted abroad."""
    step = judge(case(MONACO, replace(ENFORCED, grants=(grant(),)), endpoint=None))

    assert (step.verdict, step.reason) == (Verdict.DENY, "international-not-permitted")


@pytest.mark.parametrize(
    ("dialled", "verdict"),
    [
        (MONACO, Verdict.DENY),
        (SATELLITE, Verdict.DENY),
        ("00330312345678", Verdict.DENY),
        ("0312345678", Verdict.ABSTAIN),
        ("0990512345", Verdict.ABSTAIN),
    ],
)
def test_suspension(dialled: str, verdict: Verdict) -> None:
    """A suspension wins over a grant and covers what might lead abroad, not what is home's."""
    policy = replace(ENFORCED, grants=(grant(),), suspensions=(suspension(),))
    step = judge(case(dialled, policy))

    assert step.verdict is verdict
    assert (step.reason == "international-suspended") is (verdict is Verdict.DENY)


def test_other_suspensions_are_not_its_concern() -> None:
    """A suspended country or endpoint does not stop all calls abroad."""
    policy = replace(
        ENFORCED, grants=(grant(),), suspensions=(suspension(SuspensionKind.COUNTRY, "FR"),)
    )

    assert judge(case(MONACO, policy)).reason == "international-permitted"


def test_concerns() -> None:
    """What could lead abroad is concerned; a bare unclassifiable number needs no grant."""
    assert concerns(case(MONACO).number)
    assert concerns(case("00330312345678").number)
    assert not concerns(case("110").number)
    assert judge(case("00330312345678")).reason == "not-international"


BOTH = (grant("MC"), grant("MC", endpoint="6002"))


@pytest.mark.parametrize(
    ("grants", "endpoint"), [(BOTH, None), (BOTH[:1], "6002"), (BOTH[1:], "6001"), ((), "6001")]
)
def test_the_strictest_of_all_held_wins(grants: tuple[Grant, ...], endpoint: str | None) -> None:
    """The actor and everybody who acted in the call need the right; who lacks it is named."""
    forwarded = Principal("6001", ("6002",), "master")
    step = judge(case(MONACO, replace(ENFORCED, grants=grants), principal=forwarded))

    assert (step.verdict is Verdict.DENY) is (endpoint is not None)
    assert endpoint is None or step.facts[0] == ("endpoint", endpoint)


@pytest.mark.parametrize("missing", ["not-in-map", "trunk", "blind"])
def test_a_right_that_cannot_count_is_none(missing: str) -> None:
    """An actor that is a trunk, not in the map, or claimed while blind has no right abroad."""
    policy = replace(ENFORCED, grants=(grant("MC"),))
    step = judge(case(MONACO, policy, principal=Principal("6001", missing=missing)))

    assert step.verdict is Verdict.DENY
    assert step.facts[-1] == ("missing", missing)


def originated(
    *countries: str, context: str = "fax", until_s: float | None = None
) -> OriginateGrant:
    """Make a right of calls that begin in a context."""
    return OriginateGrant(9, context, frozenset(countries) or None, until_s)


BY_FAX = Principal(None, (), NOBODYS, "fax", "nobody")


@pytest.mark.parametrize(
    ("given", "answers", "verdict"),
    [
        (originated("MC"), BY_FAX, Verdict.ABSTAIN),
        (originated(), BY_FAX, Verdict.ABSTAIN),
        (originated("FR"), BY_FAX, Verdict.DENY),
        (originated("MC", context="other"), BY_FAX, Verdict.DENY),
        (originated("MC", until_s=NOW_S), BY_FAX, Verdict.DENY),
        (originated("MC", until_s=NOW_S + 1), BY_FAX, Verdict.ABSTAIN),
        (originated("MC", context=""), replace(BY_FAX, context=""), Verdict.DENY),
        (originated("MC"), replace(BY_FAX, via="forwarder"), Verdict.DENY),
        (originated("MC"), replace(BY_FAX, others=("6002",)), Verdict.DENY),
        (originated("MC"), Principal("6001", context="fax"), Verdict.DENY),
    ],
)
def test_originate_grants(given: OriginateGrant, answers: Principal, verdict: Verdict) -> None:
    """A context's right is for calls that nobody began there, and for nobody else in them."""
    policy = replace(ENFORCED, originate_grants=(given,))

    assert judge(case(MONACO, policy, principal=answers)).verdict is verdict
