"""Tests of the whole decision: order, modes, limits and the laws that no policy may break."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.decision import Step, Verdict
from policies.judges import decide
from policies.numbering.number import NumberClass
from policies.numbering.plans import plan_for
from policies.policy import (
    Grant,
    Limits,
    Mode,
    NobodyDomestic,
    Policy,
    Site,
    Suspension,
    SuspensionKind,
    Trunk,
)
from policies.reasons import REASONS
from policies.situation import Situation
from tests.policies.builders import (
    ENFORCED,
    JAPAN,
    NOW_S,
    SITE,
    attempt,
    grant,
    judged,
    suspension,
)
from tests.policies.happenings import seeing
from tests.policies.numbering.test_classify import dialled_texts

MONACO = "01037793123456"
EVERY_CAUSE = (
    *("", "1" * 65, "a", "110", "0312345678", MONACO, "0990512345", "184", "0081", "010377"),
    *("+9991234567", "0210000000", "+810312345678", "02012345678", "031", "142", "114", "6001"),
)
OBSERVED = replace(ENFORCED, mode=Mode.OBSERVE)

suspensions = st.builds(
    Suspension,
    st.integers(0, 9),
    st.sampled_from(SuspensionKind),
    st.sampled_from(["*", "6001", "JP", "MC", "FR"]),
    st.sampled_from([0.0, NOW_S, NOW_S + 1]),
    st.sampled_from([None, 1.0, NOW_S, NOW_S + 1]),
    st.just("fraud"),
    st.just("alice"),
    st.booleans(),
)
grants = st.builds(
    Grant,
    st.just(1),
    st.sampled_from(["6001", "6002"]),
    st.none() | st.frozensets(st.sampled_from(["MC", "FR", "JP"])),
    st.sampled_from([None, NOW_S, NOW_S + 1]),
)
policies = st.builds(
    Policy,
    site=st.sampled_from([SITE, Site()]),
    mode=st.sampled_from(Mode),
    suspensions=st.lists(suspensions, max_size=3).map(tuple),
    grants=st.lists(grants, max_size=3).map(tuple),
    limits=st.builds(Limits, st.integers(0, 9), st.integers(0, 2), st.integers(0, 2)),
    denied_classes=st.frozensets(st.sampled_from([c.value for c in NumberClass])),
)
endpoints = st.sampled_from(["6001", "6002", None])


def test_a_plain_call_is_allowed_for_as_long_as_the_policy_says() -> None:
    """Every judge leaves its step, and the last one says that nothing spoke against it."""
    decision = judged("0312345678")

    assert (decision.verdict, decision.reason) == (Verdict.ALLOW, "allowed")
    assert (decision.would, decision.would_reason) == (Verdict.ALLOW, "allowed")
    assert decision.limit_ms == 14_400_000
    assert not decision.chargeable
    assert [step.judge for step in decision.steps] == [
        "principal",
        "malformed",
        "emergency",
        "trunk",
        "endpoint_locked",
        "unclassifiable",
        "class_permission",
        "international",
        "country",
        "concurrency",
        "decide",
    ]


@pytest.mark.parametrize(
    ("dialled", "policy", "reason", "steps"),
    [
        ("a010377", ENFORCED, "malformed", 2),
        ("110", ENFORCED, "emergency", 3),
        ("0312345678", Policy(mode=Mode.ENFORCE), "unknown-trunk", 4),
        (
            MONACO,
            replace(
                ENFORCED,
                suspensions=(suspension(), suspension(SuspensionKind.ENDPOINT, "6001")),
            ),
            "endpoint-suspended",
            5,
        ),
        ("0081", ENFORCED, "unclassifiable", 6),
        ("0990512345", ENFORCED, "class-denied", 7),
        (MONACO, ENFORCED, "international-not-permitted", 8),
        (MONACO, replace(ENFORCED, suspensions=(suspension(),)), "international-suspended", 8),
        (
            MONACO,
            replace(
                ENFORCED,
                grants=(grant("MC"),),
                suspensions=(suspension(SuspensionKind.COUNTRY, "MC"),),
            ),
            "country-suspended",
            9,
        ),
        (
            MONACO,
            replace(ENFORCED, grants=(grant("MC"),), limits=Limits(chargeable_per_site=0)),
            "too-many-calls",
            10,
        ),
        (MONACO, replace(ENFORCED, grants=(grant("MC"),)), "allowed", 11),
    ],
)
def test_the_first_judge_that_speaks_settles_it(
    dialled: str, policy: Policy, reason: str, steps: int
) -> None:
    """The call is settled by the first ALLOW or DENY, and nothing is asked after it."""
    decision = judged(dialled, policy)

    assert (decision.reason, len(decision.steps)) == (reason, steps)
    assert decision.would is decision.verdict
    assert (decision.limit_ms > 0) is (decision.verdict is Verdict.ALLOW)


def test_observe_records_and_allows() -> None:
    """A rule's denial is a step and a would; the call goes on for up to a day."""
    decision = judged(MONACO, OBSERVED)

    assert (decision.verdict, decision.reason) == (Verdict.ALLOW, "allowed")
    assert (decision.would, decision.would_reason) == (
        Verdict.DENY,
        "international-not-permitted",
    )
    assert decision.chargeable
    assert decision.limit_ms == 86_400_000
    assert [step.judge for step in decision.steps if step.observed] == ["international"]


@pytest.mark.parametrize(
    ("dialled", "closed", "reason"),
    [
        ("a010377", (), "malformed"),
        (MONACO, (suspension(),), "international-suspended"),
        ("0081", (suspension(),), "international-suspended"),
        (MONACO, (suspension(SuspensionKind.COUNTRY, "MC"),), "country-suspended"),
        ("0312345678", (suspension(SuspensionKind.ENDPOINT, "6001"),), "endpoint-suspended"),
    ],
)
def test_observe_still_enforces_what_an_operator_closed(
    dialled: str, closed: tuple[Suspension, ...], reason: str
) -> None:
    """Malformed strings and an operator's suspensions are refused in every mode."""
    decision = judged(dialled, replace(OBSERVED, suspensions=closed))

    assert (decision.verdict, decision.reason) == (Verdict.DENY, reason)


def test_what_enforcing_would_have_said_is_the_first_denial() -> None:
    """An observed denial stays the would, even if an enforced one settles the call later."""
    closed = (suspension(SuspensionKind.COUNTRY, "MC"),)
    decision = judged(MONACO, replace(OBSERVED, suspensions=closed))

    assert (decision.reason, decision.would_reason) == (
        "country-suspended",
        "international-not-permitted",
    )


@given(
    policies,
    endpoints,
    st.sampled_from(["110", "118", "119", "184110", "186184119"]),
    st.booleans(),
    st.sampled_from(["trunk", "other"]),
)
def test_an_emergency_call_is_always_allowed(
    policy: Policy, endpoint: str | None, dialled: str, blind: object, trunk: str
) -> None:
    """No policy, endpoint or trunk refuses an emergency, shortens it or counts it."""
    assert blind in (True, False)
    decision = decide(attempt(dialled, endpoint, trunk), policy, JAPAN, Situation(), NOW_S)

    assert (decision.verdict, decision.reason) == (Verdict.ALLOW, "emergency")
    assert decision.number.canonical == dialled[-3:]
    assert (decision.limit_ms, decision.chargeable) == (86_400_000, False)


@given(policies, suspensions, endpoints, dialled_texts)
def test_a_further_suspension_never_allows(
    policy: Policy, added: Suspension, endpoint: str | None, dialled: str
) -> None:
    """Adding a suspension turns no DENY into an ALLOW."""
    more = replace(policy, suspensions=(*policy.suspensions, added))
    before = judged(dialled, policy, endpoint=endpoint)
    after = judged(dialled, more, endpoint=endpoint)

    if before.verdict is Verdict.DENY:
        assert after.verdict is Verdict.DENY
    if before.would is Verdict.DENY:
        assert after.would is Verdict.DENY


@given(policies, endpoints, dialled_texts, st.sampled_from(["trunk", "other"]))
def test_every_decision_can_be_explained(
    policy: Policy, endpoint: str | None, dialled: str, trunk: str
) -> None:
    """Any text is decided; every code is listed; what is allowed in enforce can be dialled."""
    decision = decide(attempt(dialled, endpoint, trunk), policy, JAPAN, Situation(), NOW_S)
    codes = {step.reason for step in decision.steps} | {decision.reason, decision.would_reason}

    assert codes <= set(REASONS)
    assert not decision.number.why or decision.number.why in REASONS
    assert decision.verdict in (Verdict.ALLOW, Verdict.DENY)
    assert decision.steps[-1].verdict is decision.verdict
    assert all(isinstance(value, str) for step in decision.steps for _, value in step.facts)
    if decision.verdict is Verdict.ALLOW and policy.mode is Mode.ENFORCE:
        assert decision.number.canonical


# What `policies.accounting` gives, tested beside it.
ACCOUNTING = {
    *("no-token", "token-used", "token-of-another-channel", "token-of-another-trunk"),
    *("token-of-another-number", "token-too-old", "policy-changed", "undeclared-leg"),
    *("maybe-emergency", "found-without-row"),
}


def test_every_reason_is_given_somewhere() -> None:
    """No listed code is dead: these calls and the accounting for legs give each of them."""
    open_to_all = replace(ENFORCED, grants=(grant(),))
    closed = replace(
        ENFORCED,
        suspensions=(
            suspension(SuspensionKind.ENDPOINT, "6002"),
            suspension(),
        ),
    )
    no_country = replace(open_to_all, suspensions=(suspension(SuspensionKind.COUNTRY, "MC"),))
    full = replace(open_to_all, limits=Limits(chargeable_per_site=0))
    shut = Site(trunks=SITE.trunks, nobody_domestic=NobodyDomestic.DENY)
    narrow = Site(trunks=(Trunk("trunk", channels=1),))
    korea = replace(ENFORCED, site=Site(plan="generic", country="KR", trunks=SITE.trunks))
    decisions = [
        judged(MONACO, open_to_all),
        judged(MONACO, closed),
        judged(MONACO, closed, endpoint="6002"),
        judged(MONACO, no_country),
        judged(MONACO, full),
        judged("0312345678", replace(ENFORCED, site=shut), endpoint=None),
        judged("0312345678", replace(ENFORCED, site=narrow), seeing()),
        judged("0312345678", Policy(mode=Mode.ENFORCE)),
        decide(attempt("+12125551234"), korea, plan_for(korea.site), Situation(), NOW_S),
        *(judged(dialled) for dialled in EVERY_CAUSE),
    ]
    given_codes = {
        code for d in decisions for code in (d.number.why, *(step.reason for step in d.steps))
    }

    assert given_codes - {""} == set(REASONS) - ACCOUNTING


def test_the_last_step_of_an_allowed_call_is_decides_own() -> None:
    """Only the emergency judge and the end of the order say ALLOW."""
    assert judged("0312345678").steps[-1] == Step("decide", Verdict.ALLOW, "allowed")
