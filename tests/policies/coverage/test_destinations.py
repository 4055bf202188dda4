"""What is dialled is a trunk, a phone, or a variable that can be either."""

import pytest

from policies.coverage.destinations import Destination, Reach, Trunks, parse

TRUNKS = Trunks.declared(["trunk", "77"], ["DAHDI/g1/{number}", "IAX2/far/{number}"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PJSIP/6001", Destination("pjsip", "6001", "")),
        (" PJSIP/1@trunk ", Destination("pjsip", "trunk", "1")),
        ("PJSIP/trunk/sip:1@192.0.2.1", Destination("pjsip", "trunk", "sip:1@192.0.2.1")),
        ("SIP/trunk/1", Destination("sip", "trunk", "1")),
        ("SIP/1@trunk", Destination("sip", "trunk", "1")),
        ("IAX2/user:pass@far/1", Destination("iax2", "far", "1")),
        ("IAX2/far/1", Destination("iax2", "far", "1")),
        ("DAHDI/g1/1", Destination("dahdi", "g1", "1")),
        ("Local/1@out/n", Destination("local", "out", "1")),
        ("Local/1", Destination("local", "default", "1")),
        ("${PJSIP_DIAL_CONTACTS(6001)}", Destination("pjsip", "6001", "")),
        ("${X}", Destination("${x}", "", "")),
    ],
)
def test_a_dial_string_is_cut(text: str, expected: Destination) -> None:
    """Each channel driver has an order of its own."""
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "exten", "expected"),
    [
        ("PJSIP/1@trunk", "s", Reach.TRUNK),
        ("PJSIP/trunk", "s", Reach.TRUNK),
        ("DAHDI/g1/1", "s", Reach.TRUNK),
        ("IAX2/far/1", "s", Reach.TRUNK),
        ("PJSIP/1@other", "s", Reach.UNDECLARED),
        ("PJSIP/6001/sip:1@192.0.2.1", "s", Reach.UNDECLARED),
        ("DAHDI/g2/1", "s", Reach.UNDECLARED),
        ("DAHDI/3", "s", Reach.PHONE),
        ("Dongle/d1/1", "s", Reach.UNDECLARED),
        ("MulticastRTP/basic/192.0.2.1:1", "s", Reach.PHONE),
        ("PJSIP/6001", "s", Reach.PHONE),
        ("Local/1@out", "s", Reach.LOCAL),
        ("${X}", "s", Reach.VARIABLE),
        ("${X}/6001", "s", Reach.VARIABLE),
        ("PJSIP/${X}", "_60XX", Reach.VARIABLE),
        ("PJSIP/${EXTEN}", "_60XX", Reach.PHONE),
        ("PJSIP/${EXTEN:1}", "_60[0-3]X", Reach.PHONE),
        ("PJSIP/desk-${EXTEN}", "_60XX", Reach.PHONE),
        ("PJSIP/${EXTEN}", "_6.", Reach.VARIABLE),
        ("PJSIP/${EXTEN}", "_XX", Reach.VARIABLE),
        ("PJSIP/${EXTEN:1}", "_0XX", Reach.VARIABLE),
        ("PJSIP/${EXTEN:1}", "61", Reach.PHONE),
        ("PJSIP/${EXTEN:1}", "677", Reach.VARIABLE),
        ("PJSIP/${EXTEN:1:2}", "_6XX1", Reach.VARIABLE),
        ("PJSIP/${EXTEN:-2}", "_1234XX", Reach.VARIABLE),
        ("PJSIP/${EXTEN:-2}", "_1234X1", Reach.PHONE),
        ("PJSIP/t${EXTEN}", "_[a-z][a-z][a-z][a-z]", Reach.VARIABLE),
        ("PJSIP/${EXTEN}", "trunk", Reach.VARIABLE),
        ("PJSIP/${EXTEN}", "sales", Reach.PHONE),
        ("PJSIP/1@${EXTEN}", "_60XX", Reach.VARIABLE),
    ],
)
def test_what_a_destination_can_be(text: str, exten: str, expected: Reach) -> None:
    """Only an extension without an open end, that spells no trunk's name, is a phone."""
    assert TRUNKS.reach(parse(text), exten) is expected
