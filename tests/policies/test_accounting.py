"""Every outgoing leg is accounted for: by its token, else by what nobody may dial."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.accounting import (
    Account,
    Known,
    Standing,
    account,
    account_running,
    emergency_reason,
    surely_chargeable,
)
from policies.decision import Verdict
from policies.events import (
    AttemptAllowed,
    ChannelSeen,
    ContactSeen,
    ContactStatus,
    EndpointListed,
    LegAnswered,
    LegDialled,
    Reconciled,
    Technology,
)
from policies.numbering import classify
from policies.numbering.plans import plan_for
from policies.policy import (
    Limits,
    Mode,
    NobodyDomestic,
    OriginateGrant,
    Policy,
    Site,
    SuspensionKind,
    Trunk,
    UndeclaredLegs,
)
from policies.reasons import Reason
from policies.situation import Situation
from tests.policies.builders import JAPAN, NOW_S, grant, suspension

MONACO = "01037793123456"
TOKYO = "0312345678"
TRUNKS = (Trunk("trunk", channels=2), Trunk("isdn", dial="DAHDI/g1/{number}"))
SITE = Site(trunks=TRUNKS, emergency_literals=("+81352531111",), outside_line="0")
POLICY = Policy(revision=7, site=SITE, mode=Mode.ENFORCE, grants=(grant(),))
OBSERVED = replace(POLICY, mode=Mode.OBSERVE)
PLAN = plan_for(SITE)
TOKEN = "t1"


def dialled(number: str = MONACO, token: str = TOKEN, **other: object) -> LegDialled:
    """Make a leg of channel 1.1 toward the trunk; with ``other`` fields changed."""
    leg = LegDialled(
        at_s=5.0,
        uniqueid="2.1",
        linkedid="1.1",
        channel="PJSIP/trunk-0000002b",
        caller_uniqueid="1.1",
        dial_string=f"{number}@trunk",
        token=token,
        context="phones",
    )
    return replace(leg, **other)  # type: ignore[arg-type]


def allowed(number: str = MONACO, **other: object) -> AttemptAllowed:
    """Make what the gate allowed 6001's channel 1.1 under token t1."""
    attempt = AttemptAllowed(
        at_s=1.0,
        token=TOKEN,
        uniqueid="1.1",
        endpoint="6001",
        dialled=number,
        country="MC",
        trunk="trunk",
        chargeable=True,
        international=True,
        responsible=("6001",),
        policy_revision=7,
        limit_ms=60_000,
    )
    return replace(attempt, **other)  # type: ignore[arg-type]


def seeing(*events: object) -> Situation:
    """Make a situation that sees, after some events."""
    situation = Situation()
    situation.apply(Reconciled(0.0, frozenset(), frozenset()))
    for event in events:
        situation.apply(event)  # type: ignore[arg-type]
    return situation


def accounted(
    leg: LegDialled, situation: Situation | None = None, policy: Policy = POLICY
) -> Account | None:
    """Account for a leg."""
    plan = plan_for(policy.site)
    return account(leg, Known(policy, plan, situation or seeing(), NOW_S))


def standing(
    leg: LegDialled, situation: Situation | None = None, policy: Policy = POLICY
) -> tuple[Standing, str]:
    """Say how a leg stands and why; it must be the rule's business."""
    made = accounted(leg, situation, policy)
    assert made is not None
    return made.standing, made.reason


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


def test_a_suspension_between_verdict_and_dial_cuts_at_the_beginning() -> None:
    """The policy changed, so the leg is judged again with its recorded principal."""
    endpoint = replace(
        POLICY, revision=8, suspensions=(suspension(SuspensionKind.ENDPOINT, "6001"),)
    )
    second = replace(POLICY, revision=8, suspensions=(suspension(SuspensionKind.ENDPOINT, "6002"),))
    situation = seeing(allowed(responsible=("6001", "6002")))
    shared = replace(second, grants=(grant(), grant(endpoint="6002")))

    assert standing(dialled(), situation, endpoint) == (Standing.CUT, Reason.POLICY_CHANGED)
    assert standing(dialled(), situation, shared) == (Standing.CUT, Reason.POLICY_CHANGED)


def test_a_change_that_does_not_concern_the_call_leaves_it() -> None:
    """Its recorded principal still may; in observe nothing but a suspension cuts it."""
    newer = replace(POLICY, revision=8)
    revoked = replace(OBSERVED, revision=8, grants=())

    assert standing(dialled(), seeing(allowed()), newer) == (
        Standing.ACCOUNTED,
        Reason.POLICY_CHANGED,
    )
    assert standing(dialled(), seeing(allowed()), revoked)[0] is Standing.ACCOUNTED
    assert standing(dialled(), seeing(allowed()), replace(revoked, mode=Mode.ENFORCE))[0] is (
        Standing.CUT
    )


def test_a_call_is_not_counted_against_itself_when_judged_again() -> None:
    """Its own slot is taken already; one more of the same endpoint is too many."""
    newer = replace(POLICY, revision=8, limits=Limits(chargeable_per_endpoint=1))
    other = allowed(token="t2", uniqueid="1.2")

    assert standing(dialled(), seeing(allowed()), newer)[0] is Standing.ACCOUNTED
    assert standing(dialled(), seeing(allowed(), other), newer)[0] is Standing.CUT
    home = allowed(TOKYO, chargeable=False)
    assert standing(dialled(TOKYO), seeing(home), newer)[0] is Standing.ACCOUNTED


def test_a_trunk_that_was_responsible_has_no_rights_when_judged_again() -> None:
    """A grant that names a trunk's endpoint is worth nothing."""
    newer = replace(POLICY, revision=8, grants=(grant(endpoint="isdn"),))
    situation = seeing(allowed(endpoint="isdn", responsible=("isdn",)))

    assert standing(dialled(), situation, newer)[0] is Standing.CUT


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


PHONE = (
    EndpointListed(1.0, Technology.PJSIP, "6002"),
    ContactSeen(
        1.0,
        Technology.PJSIP,
        "6002",
        "sip:6002@192.0.2.7:5061",
        ContactStatus.REACHABLE,
        None,
        None,
    ),
)


@pytest.mark.parametrize(
    ("channel", "dial_string"),
    [
        ("PJSIP/6002-0000002b", "6002"),
        ("PJSIP/6002-0000002b", "6002/sip:6002@192.0.2.7:5061"),
        ("PJSIP/6002-0000002b", "6002/6002"),
        ("Local/0103@phones-0000002b;1", f"{MONACO}@phones"),
        ("DAHDI/7-1", "7"),
        ("SIP/6003-0000002b", "6003"),
        ("SIP/6003-0000002b", "6003/s"),
        ("Console/dsp", "dsp"),
        ("AudioSocket/127.0.0.1-1", "127.0.0.1:9/uuid"),
    ],
)
def test_a_leg_to_a_phone_or_inside_is_none_of_this_rules_business(
    channel: str, dial_string: str
) -> None:
    """A registered contact, an analogue line, a Local channel."""
    situation = seeing(*PHONE, EndpointListed(1.0, Technology.SIP, "6003"))
    leg = dialled(token="", channel=channel, dial_string=dial_string)

    assert accounted(leg, situation) is None


@pytest.mark.parametrize(
    ("channel", "dial_string"),
    [
        ("PJSIP/evil-0000002b", f"{MONACO}@evil"),
        ("PJSIP/6002-0000002b", f"6002/sip:{MONACO}@198.51.100.9"),
        ("PJSIP/6002-0000002b", "6002/sip:6002@198.51.100.9"),
        ("PJSIP/planted-0000002b", "planted"),
        ("PJSIP/dressed-0000002b", "dressed"),
        ("SIP/198.51.100.9-0000002b", f"{MONACO}@198.51.100.9"),
        ("SIP/6003-0000002b", f"6003/{MONACO}"),
        ("IAX2/evil-7", f"me:secret@evil/{MONACO}"),
        ("Dongle/dongle0-1", f"dongle0/{MONACO}"),
    ],
)
def test_a_leg_toward_neither_trunk_nor_phone_is_found(channel: str, dial_string: str) -> None:
    """Recorded, and hung up where the site says so; observe only records it."""
    dressed = ContactSeen(
        1.0,
        Technology.PJSIP,
        "dressed",
        f"sip:{MONACO}@198.51.100.9",
        ContactStatus.NON_QUALIFIED,
        None,
        None,
    )
    situation = seeing(*PHONE, EndpointListed(1.0, Technology.SIP, "6003"), dressed)
    leg = dialled(token="", channel=channel, dial_string=dial_string)
    site = replace(SITE, undeclared_legs=UndeclaredLegs.HANGUP)
    made = accounted(leg, situation)

    assert made is not None
    assert made.decision is not None
    assert (made.standing, made.reason, made.declared) == (
        Standing.RECORDED,
        Reason.UNDECLARED_LEG,
        False,
    )
    assert "secret" not in repr(made.decision) + made.attempt.trunk
    short = dial_string.startswith("6002/sip:6002@")  # might be an emergency that is not known
    enforced = Standing.RECORDED if short else Standing.CUT
    assert standing(leg, situation, replace(POLICY, site=site))[0] is enforced
    assert standing(leg, situation, replace(OBSERVED, site=site))[0] is Standing.RECORDED


def test_an_emergency_toward_an_undeclared_endpoint_stands() -> None:
    """The dialplan may have a trunk for emergencies that nobody declared."""
    site = replace(SITE, undeclared_legs=UndeclaredLegs.HANGUP)
    leg = dialled(token="", channel="PJSIP/psap-0000002b", dial_string="110@psap")

    assert standing(leg, None, replace(POLICY, site=site))[0] is Standing.STANDS


def test_while_blind_an_unknown_endpoint_is_taken_for_a_phone() -> None:
    """Before the first picture no contact is known, and nothing is proven."""
    leg = dialled(token="", channel="PJSIP/6002-0000002b", dial_string="6002")

    assert accounted(leg, Situation()) is None


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
