"""What a leg leads to, whatever channel driver dialled it."""

from dataclasses import replace

import pytest

from policies.calls import Leg
from policies.events import AttemptAllowed
from policies.judges import concerns_international
from policies.numbering import classify
from policies.numbering.number import NumberClass
from policies.numbering.plans import plan_for
from policies.policy import Mode, Suspension, SuspensionKind, Trunk
from tests.tollguard.judging import MONACO, SITE, enforcing
from tollguard.live_calls import live_call

PLAN = plan_for(SITE)
TRUNK = Trunk("trunk")


def country(code: str) -> Suspension:
    return Suspension(1, SuspensionKind.COUNTRY, code, 0.0, None, "test", "tester")


def leg(channel: str, dial_string: str, attempt: AttemptAllowed | None = None) -> Leg:
    return Leg("2.1", "1.1", channel, "1.1", dial_string, "", 0.0, attempt=attempt)


@pytest.mark.parametrize(
    ("channel", "dial_string", "country"),
    [
        ("PJSIP/trunk-0000002a", f"{MONACO}@trunk", "MC"),
        ("SIP/trunk-0000002a", f"trunk/{MONACO}", "MC"),
        ("PJSIP/trunk-0000002a", "0312345678@trunk", "JP"),
        ("PJSIP/trunk-0000002a", "", None),
    ],
)
def test_a_leg_leads_to_its_number(channel: str, dial_string: str, country: str | None) -> None:
    """A leg without an attempt is read from what Asterisk dialled, and is nobody's."""
    call = live_call(leg(channel, dial_string), enforcing(), PLAN)

    assert call is not None
    assert (call.number.country, call.endpoint, call.trunk) == (country, None, "trunk")


@pytest.mark.parametrize("channel", ["PJSIP/6002-0000002a", "Local/1@x-00000001;1", ""])
def test_a_leg_to_a_phone_is_no_call_to_a_trunk(channel: str) -> None:
    """What leads to an endpoint that is no declared trunk is not listed."""
    assert live_call(leg(channel, "6002"), enforcing(), PLAN) is None


def test_the_gate_s_own_leg_has_its_principal() -> None:
    """A leg of an allowed attempt is the principal's, and its number is the one that was judged."""
    allowed = AttemptAllowed(
        at_s=0.0,
        token="t",
        uniqueid="1.1",
        endpoint="6001",
        dialled=MONACO,
        country="MC",
        trunk="trunk",
        chargeable=True,
        international=True,
    )
    call = live_call(leg("PJSIP/trunk-0000002a", "?", allowed), enforcing(), PLAN)

    assert call is not None
    assert (call.endpoint, call.number.country) == ("6001", "MC")


def test_an_emergency_leg_is_known_in_both_modes() -> None:
    """110 on the wire is an emergency, in observe with the prefixes it was dialled with."""
    enforced = live_call(leg("PJSIP/trunk-0000002a", "110@trunk"), enforcing(), PLAN)
    observing = enforcing(mode=Mode.OBSERVE)
    observed = live_call(leg("PJSIP/trunk-0000002a", "184110@trunk"), observing, PLAN)

    assert enforced is not None
    assert observed is not None
    assert enforced.emergency
    assert observed.emergency
    assert observed.number.number_class is NumberClass.EMERGENCY


def allowed_as(dialled: str, *, observing: bool = False) -> AttemptAllowed:
    """Make the attempt of a number as the gate read it, behind the outside line 0 in observe."""
    plan = plan_for(replace(SITE, outside_line="0"))
    number = classify(dialled, plan, TRUNK)
    return AttemptAllowed(
        at_s=0.0,
        token="t",
        uniqueid="1.1",
        endpoint="6001",
        dialled=number.dialled if observing else number.canonical,
        country=number.country,
        trunk="trunk",
        chargeable=number.chargeable,
        international=concerns_international(number),
        number=number,
    )


def test_a_call_stays_what_it_was_allowed_as() -> None:
    """Allowed in observe with its outside line, it leads to the same country in enforce."""
    abroad = leg("PJSIP/trunk-0000002a", "?", allowed_as(f"0{MONACO}", observing=True))
    emergency = leg("PJSIP/trunk-0000002a", "?", allowed_as("0110", observing=True))
    called = live_call(abroad, enforcing(), PLAN)
    helped = live_call(emergency, enforcing(), PLAN)

    assert called is not None
    assert helped is not None
    assert called.covered_by(country("MC"))
    assert (called.number.dialled, called.number.country) == (f"0{MONACO}", "MC")
    assert helped.emergency


def test_what_an_attempt_is_known_to_be_counts_without_its_number() -> None:
    """Of a call taken over from before, the recorded country is enough."""
    known = replace(allowed_as(f"0{MONACO}", observing=True), number=None)
    call = live_call(leg("PJSIP/trunk-0000002a", "?", known), enforcing(), PLAN)

    assert call is not None
    assert call.covered_by(country("MC"))
    assert not call.covered_by(country("FR"))


def test_an_unclassifiable_call_is_covered_by_where_it_could_lead() -> None:
    """A digit too many does not keep a call up to a country that is suspended."""
    call = live_call(leg("PJSIP/trunk-0000002a", "0103779312345600001@trunk"), enforcing(), PLAN)

    assert call is not None
    assert call.covered_by(country("MC"))
    assert not call.covered_by(country("FR"))


@pytest.mark.parametrize(
    ("dial_string", "protected"),
    [
        ("112@trunk", True),
        ("9119@trunk", True),
        ("0112@trunk", True),
        ("01121@trunk", False),
        ("@trunk", False),
        ("117@trunk", True),
    ],
)
def test_a_short_number_around_the_gate_may_be_an_emergency(
    dial_string: str, *, protected: bool
) -> None:
    """The dialplan may know emergency numbers that the configuration does not."""
    around = live_call(leg("PJSIP/trunk-0000002a", dial_string), enforcing(), PLAN)
    inherited = leg("PJSIP/trunk-0000002a", dial_string, allowed_as(f"0{MONACO}"))
    beside = live_call(inherited, enforcing(), PLAN)

    assert around is not None
    assert beside is not None
    assert (around.emergency, beside.emergency) == (protected, protected)


def test_a_short_number_through_the_gate_is_what_it_is() -> None:
    """What the gate allowed is an emergency only when the plan says so."""
    through = leg("PJSIP/trunk-0000002a", "117@trunk", allowed_as("0117"))
    call = live_call(through, enforcing(), PLAN)

    assert call is not None
    assert not call.emergency


def test_a_suspension_covers_every_call_that_an_endpoint_is_responsible_for() -> None:
    """Whoever forwarded or transferred it is held as well as who dialled."""
    held = replace(allowed_as(MONACO), responsible=("6001", "6002"))
    call = live_call(leg("PJSIP/trunk-0000002a", "?", held), enforcing(), PLAN)

    assert call is not None
    for endpoint, covered in (("6001", True), ("6002", True), ("6003", False)):
        suspended = Suspension(1, SuspensionKind.ENDPOINT, endpoint, 0.0, None, "x", "me")
        assert call.covered_by(suspended) is covered
