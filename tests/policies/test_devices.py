"""Tests of the list of devices."""

import pytest

from policies import devices as devices_module
from policies.devices import Device, Devices
from policies.events import (
    Address,
    Authentication,
    AuthOutcome,
    ContactGone,
    ContactSeen,
    ContactStatus,
    EndpointListed,
    Technology,
)

PJSIP = Technology.PJSIP
URI = "sip:6001@192.0.2.7:5060"
DESK = Address("192.0.2.7", 5060, "UDP")
ELSEWHERE = Address("198.51.100.9", 40_000, "UDP")


def seen(
    at_s: float,
    status: ContactStatus = ContactStatus.REACHABLE,
    rtt_us: int | None = 559,
    address: Address | None = DESK,
    contact: str = URI,
    user_agent: str = "",
) -> ContactSeen:
    """See a contact of 6001."""
    return ContactSeen(at_s, PJSIP, "6001", contact, status, rtt_us, address, user_agent)


def success(
    at_s: float, source: Address = DESK, account: str = "6001", service: str = "PJSIP"
) -> Authentication:
    """See a successful authentication."""
    return Authentication(at_s, AuthOutcome.SUCCEEDED, account, source, "s", service)


def test_an_endpoint_without_a_contact_has_a_row() -> None:
    """A device that was never registered is in the list."""
    devices = Devices()
    devices.list_endpoint(EndpointListed(1.0, PJSIP, "6002"))
    devices.list_endpoint(EndpointListed(1.0, PJSIP, "6001"))

    assert devices.rows() == (Device(PJSIP, "6001"), Device(PJSIP, "6002"))


def test_a_contact_is_a_row_with_all_that_is_known() -> None:
    """Address, state, round trip, user agent, since when and when last answered."""
    devices = Devices()
    devices.see(seen(5.0, user_agent="Phone 1.0"))
    devices.see(seen(9.0, rtt_us=700))

    expected = Device(PJSIP, "6001", URI, DESK, ContactStatus.REACHABLE, 700, "Phone 1.0", 5.0, 9.0)
    assert devices.rows() == (expected,)


def test_connected_since_lasts_until_the_contact_is_gone() -> None:
    """A contact that stops answering keeps both times; one that comes back starts anew."""
    devices = Devices()
    devices.see(seen(5.0))
    devices.see(seen(9.0, ContactStatus.UNREACHABLE, None))
    (silent,) = devices.rows()
    devices.lose(ContactGone(10.0, PJSIP, "6001", URI))
    (gone,) = devices.rows()
    devices.see(seen(20.0))
    (back,) = devices.rows()

    assert (silent.status, silent.rtt_us) == (ContactStatus.UNREACHABLE, None)
    assert (silent.first_seen_s, silent.last_ok_s) == (5.0, 5.0)
    assert gone == Device(PJSIP, "6001")
    assert (back.first_seen_s, back.last_ok_s) == (20.0, 20.0)


def test_a_contact_made_anew_keeps_its_state() -> None:
    """Created again and not probed yet is no reason to show a working phone as unknown."""
    devices = Devices()
    devices.see(seen(5.0))
    devices.see(seen(9.0, ContactStatus.UNKNOWN, None, None))

    (row,) = devices.rows()
    assert (row.status, row.rtt_us, row.address) == (ContactStatus.REACHABLE, 559, DESK)
    assert row.last_ok_s == 5.0


def test_a_first_contact_is_unknown_until_probed() -> None:
    """It has no earlier state to keep."""
    devices = Devices()
    devices.see(seen(5.0, ContactStatus.UNKNOWN, None))

    (row,) = devices.rows()
    assert (row.status, row.last_ok_s) == (ContactStatus.UNKNOWN, None)


def test_two_contacts_are_two_rows() -> None:
    """One endpoint registered from two places shows both."""
    devices = Devices()
    devices.see(seen(5.0, contact="sip:b"))
    devices.see(seen(5.0, contact="sip:a"))

    assert [row.contact for row in devices.rows()] == ["sip:a", "sip:b"]


def test_an_address_is_learnt_from_the_registration_before() -> None:
    """A contact that tells no address has that of the success just before it."""
    devices = Devices()
    devices.list_endpoint(EndpointListed(1.0, PJSIP, "6001"))
    devices.authenticate(success(4.9))
    devices.see(seen(5.0, address=None))

    (row,) = devices.rows()
    assert row.address == DESK


def test_an_address_is_learnt_from_the_next_success() -> None:
    """A contact found by reconciliation has it from its next authentication, once."""
    devices = Devices()
    devices.see(seen(5.0, address=None))
    devices.authenticate(success(60.0))
    devices.authenticate(success(70.0, ELSEWHERE))
    devices.see(seen(90.0, address=None))

    (row,) = devices.rows()
    assert row.address == DESK


def test_a_contacts_own_address_wins() -> None:
    """What the event itself tells is not overwritten by a success from elsewhere."""
    devices = Devices()
    devices.see(seen(5.0))
    devices.authenticate(success(6.0, ELSEWHERE))

    (row,) = devices.rows()
    assert row.address == DESK


def test_with_two_contacts_nothing_is_learnt() -> None:
    """A success cannot be matched to one of two."""
    devices = Devices()
    devices.see(seen(5.0, address=None, contact="sip:a"))
    devices.see(seen(5.0, address=None, contact="sip:b"))
    devices.authenticate(success(6.0))
    devices.see(seen(6.1, address=None, contact="sip:a"))

    assert [row.address for row in devices.rows()] == [None, None]


@pytest.mark.parametrize(
    "event",
    [
        success(6.0, account="6666"),
        success(6.0, service="AMI"),
        success(6.0, service="SIP"),
        Authentication(6.0, AuthOutcome.BAD_RESPONSE, "6001", ELSEWHERE, "s", "PJSIP"),
    ],
)
def test_only_a_success_of_the_endpoint_teaches(event: Authentication) -> None:
    """Failures, other services and accounts that do not exist change nothing."""
    devices = Devices()
    devices.see(seen(5.0, address=None))
    devices.authenticate(event)

    (row,) = devices.rows()
    assert row.address is None


def test_losing_what_is_not_known_is_no_error() -> None:
    """Events may come twice or for what was never seen."""
    devices = Devices()
    devices.lose(ContactGone(1.0, PJSIP, "6001", URI))
    devices.see(seen(5.0))
    devices.lose(ContactGone(6.0, PJSIP, "6001", "sip:other"))

    assert len(devices.rows()) == 1


def test_a_picture_removes_contacts_it_does_not_hold() -> None:
    """A contact that went during a gap is gone; its endpoint stays."""
    devices = Devices()
    devices.see(seen(5.0, contact="sip:a"))
    devices.see(seen(5.0, contact="sip:b"))
    devices.reconcile(frozenset({(PJSIP, "6001", "sip:b")}))
    (kept,) = devices.rows()
    devices.reconcile(frozenset())

    assert kept.contact == "sip:b"
    assert devices.rows() == (Device(PJSIP, "6001"),)


def test_an_endpoint_that_left_the_configuration_leaves_the_list() -> None:
    """When others were listed since the last picture and it was not, it exists no more."""
    devices = Devices()
    for endpoint in ("6001", "6002"):
        devices.list_endpoint(EndpointListed(1.0, PJSIP, endpoint))
    devices.reconcile(frozenset())
    devices.reconcile(frozenset())
    unlisted = devices.rows()
    devices.list_endpoint(EndpointListed(3.0, PJSIP, "6002"))
    devices.reconcile(frozenset())

    assert len(unlisted) == 2
    assert devices.rows() == (Device(PJSIP, "6002"),)


def test_the_list_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contacts of an endpoint and endpoints beyond any configuration are dropped."""
    monkeypatch.setattr(devices_module, "MAX_ENDPOINTS", 1)
    devices = Devices()
    for i in range(devices_module.MAX_CONTACTS_PER_ENDPOINT + 5):
        devices.see(seen(1.0, contact=f"sip:{i}"))
    devices.list_endpoint(EndpointListed(1.0, PJSIP, "6002"))
    devices.see(ContactSeen(1.0, PJSIP, "6003", "x", ContactStatus.REACHABLE, 1, None))

    assert len(devices.rows()) == devices_module.MAX_CONTACTS_PER_ENDPOINT
    assert {row.endpoint for row in devices.rows()} == {"6001"}
