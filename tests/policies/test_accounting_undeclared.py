"""A leg toward no declared trunk: a phone's is left, any other is found."""

from dataclasses import replace

import pytest

from policies.accounting import Standing
from policies.events import ContactSeen, ContactStatus, EndpointListed, Technology
from policies.policy import UndeclaredLegs
from policies.reasons import Reason
from policies.situation import Situation
from tests.policies.accounting import (
    MONACO,
    OBSERVED,
    POLICY,
    SITE,
    accounted,
    dialled,
    seeing,
    standing,
)

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
