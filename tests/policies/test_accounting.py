"""Every outgoing leg is accounted for: by its token, else by what nobody may dial."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.accounting import (
    Known,
    Standing,
    account,
    account_running,
    emergency_reason,
    surely_chargeable,
)
from policies.decision import Verdict
from policies.events import AttemptAllowed, ChannelSeen, LegAnswered, LegDialled
from policies.numbering import classify
from policies.policy import (
    Limits,
    Mode,
    NobodyDomestic,
    OriginateGrant,
    Policy,
    SuspensionKind,
    Trunk,
)
from policies.reasons import Reason
from policies.situation import Situation
from tests.policies.accounting import (
    MONACO,
    OBSERVED,
    PLAN,
    POLICY,
    SITE,
    TOKYO,
    accounted,
    allowed,
    dialled,
    seeing,
    standing,
)
from tests.policies.builders import JAPAN, NOW_S, suspension


def test_the_gates_own_leg_is_accounted_for() -> None:
    """Token, number, trunk, channel and policy are those that the gate allowed."""
    made = accounted(dialled(), seeing(allowed()))

    assert made is not None
    assert (made.standing, made.reason, made.decision) == (Standing.ACCOUNTED, "", None)


@pytest.mark.parametrize(
    ("leg", "attempt", "reason"),
    [
        (dialled(token=""), allowed(), Reason.NO_PROOF),
        (dialled(token="other"), allowed(), Reason.PROOF_USED),
        (dialled(), allowed(uniqueid="9.9"), Reason.PROOF_OF_ANOTHER_CHANNEL),
        (dialled(caller_uniqueid=""), allowed(), Reason.PROOF_OF_ANOTHER_CHANNEL),
        (dialled(), allowed(trunk="isdn"), Reason.PROOF_OF_ANOTHER_TRUNK),
        (dialled(), allowed(TOKYO), Reason.PROOF_OF_ANOTHER_NUMBER),
        (dialled(at_s=11.001), allowed(), Reason.PROOF_TOO_OLD),
        (
            dialled(dial_string=f"trunk/sip:{MONACO}0@x"),
            allowed(),
            Reason.PROOF_OF_ANOTHER_NUMBER,
        ),
    ],
)
def test_a_leg_that_the_gate_did_not_allow_is_cut(
    leg: LegDialled, attempt: AttemptAllowed, reason: Reason
) -> None:
    """Each part of the proof counts; what nobody may dial is hung up and explained."""
    made = accounted(leg, seeing(attempt))

    assert made is not None
    assert made.decision is not None
    assert (made.standing, made.reason) == (Standing.CUT, reason)
    assert (made.decision.verdict, made.decision.steps[0].reason) == (Verdict.DENY, reason)


def test_the_second_leg_with_one_token_is_unaccounted() -> None:
    """A fork uses the token once."""
    situation = seeing(allowed())
    first, second = dialled(), dialled(uniqueid="2.2")
    before = standing(first, situation)
    situation.apply(first)

    assert before[0] is Standing.ACCOUNTED
    assert standing(second, situation) == (Standing.CUT, Reason.PROOF_USED)


@pytest.mark.parametrize(
    "number",
    [
        "110", "118", "119", "0110", "184110", "0184119", "186122110", "+81110", "81110",
        "+81352531111", "112", "9119", "110;phone-context=+81", "%31%31%30",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["{}@trunk", "trunk/sip:{}@192.0.2.1", "trunk/<sip:{}@x>"])
@pytest.mark.parametrize("policy", [POLICY, OBSERVED])
def test_an_emergency_stands_whatever_way_it_came(number: str, form: str, policy: Policy) -> None:
    """In every literal and form, with everything suspended, by nobody, with anybody's token."""
    shut = replace(
        policy,
        site=replace(policy.site, nobody_domestic=NobodyDomestic.DENY),
        limits=Limits(chargeable_per_site=0),
        suspensions=(
            suspension(),
            suspension(SuspensionKind.COUNTRY, "JP"),
            suspension(SuspensionKind.ENDPOINT, "6001"),
        ),
    )
    for token in ("", "t1", "other"):
        leg = dialled(token=token, dial_string=form.format(number))
        made = accounted(leg, seeing(allowed()), shut)

        assert made is not None
        assert made.standing is Standing.STANDS
        assert made.decision is not None
        assert made.decision.verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("name", "called", "actor"),
    [
        ("PJSIP/6001-0000002a", False, "6001"),
        ("PJSIP/6001-0000002a", True, None),  # a phone that was rung first may be anybody's call
        ("Local/110@phones-0000002a;2", False, None),
    ],
)
def test_an_emergency_names_who_calls(name: str, called: bool, actor: str | None) -> None:  # noqa: FBT001
    """Where the channel that dials is a phone's own, its name proves it, for the record."""
    seen = [ChannelSeen(1.0, "1.1", "1.1", name, context="phones")]
    ringing = [dialled("6001", "", uniqueid="1.1", channel=name, caller_uniqueid="")]
    made = accounted(dialled("110", ""), seeing(*seen, *(ringing if called else ())))

    assert made is not None
    assert made.decision is not None
    assert made.decision.principal.actor == actor


@pytest.mark.parametrize("number", ["+8111", "+811101", "1101", "01037793110", "", "abc", "x110"])
def test_what_only_looks_like_an_emergency_is_none(number: str) -> None:
    """A longer number that begins or ends like one gains nothing."""
    reason = emergency_reason(number, POLICY, PLAN)

    assert reason is (Reason.MAYBE_EMERGENCY if number in {"+8111", "1101"} else None)


@pytest.mark.parametrize("number", [TOKYO, "09012345678", "0120444113"])
def test_what_nobody_may_dial_at_home_is_allowed_and_recorded(number: str) -> None:
    """So the written fail mode's calls stand; a trunk of two channels does not count the leg."""
    situation = seeing(ChannelSeen(1.0, "2.1", "1.1", "PJSIP/trunk-0000002b"))
    made = accounted(dialled(number, ""), situation)

    assert made is not None
    assert made.decision is not None
    assert made.standing is Standing.STANDS
    assert (made.decision.verdict, made.decision.limit_ms) == (Verdict.ALLOW, 14_400_000)


# One number of each line of [tollguard-failmode] in extensions.d/tollguard.conf, as it goes out.
LET_OUT = (
    "0134567890", "0112345678", "0234567890", "0551234567", "0572234567", "0921234567",
    "0991234567", "09012345678", "06012345678", "05012345678", "0120444113", "08001234567",
    "1840312345678", "18609012345678",
)  # fmt: skip


@pytest.mark.parametrize("number", LET_OUT)
def test_what_the_fail_mode_lets_out_stands(number: str) -> None:
    """It has no token, seen to begin or found running: nobody may dial it, and it is recorded."""
    known = Known(POLICY, PLAN, Situation(), NOW_S)
    made = [judge(dialled(number, ""), known) for judge in (account, account_running)]

    assert [one.standing for one in made if one is not None] == [Standing.STANDS] * 2


def test_a_site_may_refuse_nobodys_calls_at_home() -> None:
    """The named setting cuts them, and only observe records them instead."""
    site = replace(SITE, trunks=(Trunk("trunk"),), nobody_domestic=NobodyDomestic.DENY)
    shut, watched = (replace(policy, site=site) for policy in (POLICY, OBSERVED))

    assert standing(dialled(TOKYO, ""), None, shut)[0] is Standing.CUT
    assert standing(dialled(TOKYO, ""), None, watched)[0] is Standing.RECORDED


@pytest.mark.parametrize("dial_string", [f"{MONACO}@trunk", "trunk", "x@trunk", "00010@trunk"])
def test_observe_hangs_nothing_up(dial_string: str) -> None:
    """All of it is recorded, an empty and a malformed number too."""
    leg = dialled(token="", dial_string=dial_string)

    assert standing(leg, None, OBSERVED)[0] is Standing.RECORDED
    assert standing(leg, None, POLICY)[0] is Standing.CUT


def test_an_operators_suspension_is_enforced_in_observe() -> None:
    """A suspended country's leg is hung up in every mode."""
    policy = replace(OBSERVED, suspensions=(suspension(SuspensionKind.COUNTRY, "MC"),))

    assert standing(dialled(token=""), None, policy)[0] is Standing.CUT


FAX = replace(POLICY, originate_grants=(OriginateGrant(1, "fax", frozenset({"MC"}), NOW_S + 60),))


def fax_call(*more: object) -> Situation:
    """Make a situation in which a Local channel was originated into context fax."""
    halves = (
        ChannelSeen(1.0, "1.0", "1.0", "Local/1@fax-00000001;1", "fax"),
        ChannelSeen(1.0, "1.1", "1.0", "Local/1@fax-00000001;2", "fax"),
        LegDialled(1.0, "1.0", "1.0", "Local/1@fax-00000001;1", "", "1@fax", ""),
    )
    return seeing(*halves, *more)


def test_a_declared_exception_may_go_abroad_until_its_end() -> None:
    """By the context where the caller began, to its countries, and by nobody who called in."""
    forwarded = (
        ChannelSeen(1.0, "1.0", "1.0", "PJSIP/6001-00000001", "phones"),
        ChannelSeen(1.0, "1.1", "1.0", "Local/1@fax-00000001;2", "fax"),
    )
    leg = dialled(token="", context="elsewhere", linkedid="1.0")
    ended = replace(FAX, originate_grants=(OriginateGrant(1, "fax", None, NOW_S),))
    france = replace(leg, dial_string="01033123456789@trunk")
    nobodys = allowed(endpoint=None, responsible=(), policy_revision=6)

    assert standing(leg, fax_call(), FAX)[0] is Standing.STANDS
    assert standing(france, fax_call(), FAX)[0] is Standing.CUT
    assert standing(leg, seeing(*forwarded), FAX)[0] is Standing.CUT
    assert standing(leg, fax_call(), ended)[0] is Standing.CUT
    assert standing(leg, seeing(), FAX)[0] is Standing.CUT
    again = dialled(linkedid="1.0")
    assert standing(again, fax_call(nobodys), FAX)[0] is Standing.ACCOUNTED


def test_an_originate_without_a_channel_is_judged_by_its_own_context() -> None:
    """The leg itself is where it began."""
    began = ChannelSeen(1.0, "2.1", "2.1", "PJSIP/trunk-0000002b", "fax")
    leg = dialled(token="", caller_uniqueid="", linkedid="2.1")
    made = accounted(leg, seeing(began), FAX)

    assert made is not None
    assert made.decision is not None
    assert made.standing is Standing.STANDS
    assert dict(made.decision.steps[0].facts)["way"] == "originate"


def test_who_acted_in_the_call_can_only_take_rights_away() -> None:
    """An endpoint that answered before needs its own right; a trunk's answer does not count."""
    answered = (
        ChannelSeen(1.0, "3.1", "1.0", "PJSIP/6005-00000003"),
        LegAnswered(1.0, "3.1"),
        ChannelSeen(1.0, "4.1", "1.0", "PJSIP/trunk-00000004"),
        LegAnswered(1.0, "4.1"),
    )
    leg = dialled(token="", linkedid="1.0")

    assert standing(leg, fax_call(*answered), FAX)[0] is Standing.CUT
    assert standing(leg, fax_call(*answered[2:]), FAX)[0] is Standing.STANDS


@pytest.mark.parametrize(
    ("dial_string", "policy", "expected"),
    [
        (f"{MONACO}@trunk", POLICY, Standing.CUT),
        (f"{MONACO}@trunk", OBSERVED, Standing.RECORDED),
        (f"{TOKYO}@trunk", POLICY, Standing.STANDS),
        ("110@trunk", POLICY, Standing.STANDS),
        ("trunk", POLICY, Standing.STANDS),
        ("00000@trunk", POLICY, Standing.STANDS),
    ],
)
def test_a_leg_found_running_is_cut_only_when_it_surely_costs(
    dial_string: str, policy: Policy, expected: Standing
) -> None:
    """It began unseen, so what cannot be read is doubted in its favour."""
    known = Known(policy, PLAN, seeing(), NOW_S)
    made = account_running(dialled(token="", dial_string=dial_string), known)

    assert made is not None
    assert (made.standing, made.reason) == (expected, Reason.FOUND_WITHOUT_ROW)


def test_a_leg_found_running_to_a_phone_is_none_of_this_rules_business() -> None:
    """Only declared trunks are asked about."""
    leg = dialled(token="", channel="PJSIP/6002-0000002b", dial_string="6002")

    assert account_running(leg, Known(POLICY, PLAN, seeing(), NOW_S)) is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (MONACO, True),
        ("0990512345", True),
        (TOKYO, False),
        ("110", False),
        ("0999", False),
        ("", False),
    ],
)
def test_what_costs_beyond_doubt(number: str, *, expected: bool) -> None:
    """A number that cannot be read is doubtful."""
    assert surely_chargeable(classify(number, JAPAN, Trunk("trunk"))) is expected


NUMBERS = st.text("0123456789+*#;=%@/:abx", max_size=20)


@given(NUMBERS, st.sampled_from(["", "t1", "x"]), st.sampled_from([POLICY, OBSERVED]))
def test_nothing_abroad_stands_without_its_token(number: str, token: str, policy: Policy) -> None:
    """Whatever is dialled, what stands is home, short or an emergency; observe cuts nothing."""
    made = accounted(dialled(number, token), seeing(allowed(TOKYO)), policy)
    assert made is not None
    if policy.mode is Mode.OBSERVE:
        assert made.standing is not Standing.CUT
    if made.standing is Standing.STANDS:
        assert made.decision is not None
        assert made.decision.verdict is Verdict.ALLOW
        assert not made.decision.number.country or made.decision.number.country == "JP"


@given(st.sampled_from(sorted(PLAN.emergency)), st.sampled_from(["", "0", "184", "0186"]), NUMBERS)
def test_an_emergency_is_never_cut(number: str, prefix: str, token: str) -> None:
    """No token, right or wrong, makes one less of an emergency."""
    shut = replace(POLICY, suspensions=(suspension(SuspensionKind.COUNTRY, "JP"),))
    made = accounted(dialled(prefix + number, token), seeing(allowed()), shut)

    assert made is not None
    assert made.standing is not Standing.CUT
