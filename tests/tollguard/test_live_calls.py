"""What a leg leads to, whatever channel driver dialled it."""

import pytest

from policies.calls import Leg
from policies.events import AttemptAllowed
from policies.numbering.number import NumberClass
from policies.numbering.plans import plan_for
from policies.policy import Mode, Trunk
from tests.tollguard.judging import MONACO, SITE, enforcing
from tollguard.live_calls import live_call, number_part

PLAN = plan_for(SITE)


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


def test_only_the_trunk_s_own_prefix_is_taken_off() -> None:
    """The number is what stands before the ``@``, or behind the trunk's name."""
    trunk = Trunk("trunk")

    assert [number_part(text, trunk) for text in ("1@trunk", "trunk/1", "trunk2/1", "")] == [
        "1",
        "1",
        "trunk2/1",
        "",
    ]
