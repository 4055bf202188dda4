"""List replies: real captures become endpoints, contacts and channels."""

from typing import Any

import pytest

from ami_listener.events import DEFAULT_RULES, Rules
from ami_listener.framing import event_name, parse
from ami_listener.lists import LIST_EVENTS, contacts_of, listed_uris, translate_item
from policies.events import (
    Address,
    ContactSeen,
    ContactStatus,
    EndpointListed,
    Event,
    HostileEvent,
    Technology,
)
from tests.corpus.ami_captures import as_expected, captures

AT_S = 7.0
CAPTURES = [
    pytest.param(expected, frame, id=f"{number}-{parse(frame).name}")
    for number, (expected, frame) in enumerate(captures())
    if event_name(frame) in LIST_EVENTS
]


def read(*lines: str, rules: Rules = DEFAULT_RULES) -> tuple[Event, ...]:
    """Translate an item given by its lines."""
    return translate_item(parse("\r\n".join(lines).encode()), AT_S, rules)


@pytest.mark.parametrize(("expected", "frame"), CAPTURES)
def test_a_captured_item_stands_for_what_is_written_above_it(
    expected: list[dict[str, Any]], frame: bytes
) -> None:
    """Each list item captured from a real Asterisk becomes the expected events."""
    assert [as_expected(event) for event in translate_item(parse(frame), AT_S, DEFAULT_RULES)] == (
        expected
    )


PEER = ("Event: PeerEntry", "ActionID: 1", "ObjectName: 6001", "IPaddress: 192.0.2.1")


@pytest.mark.parametrize(
    ("word", "status", "rtt_us"),
    [
        ("OK (12 ms)", ContactStatus.REACHABLE, 12_000),
        ("LAGGED (402 ms)", ContactStatus.LAGGED, 402_000),
        ("UNREACHABLE", ContactStatus.UNREACHABLE, None),
        ("UNKNOWN", ContactStatus.UNKNOWN, None),
        ("Unmonitored", ContactStatus.NON_QUALIFIED, None),
    ],
)
def test_peer_words(word: str, status: ContactStatus, rtt_us: int | None) -> None:
    """Every word of a peer list is a state, with its round trip where it has one."""
    events = read(*PEER, "Channeltype: IAX", "Port: 4569", f"Status: {word}")

    assert events == (
        EndpointListed(AT_S, Technology.IAX2, "6001"),
        ContactSeen(
            AT_S,
            Technology.IAX2,
            "6001",
            "6001",
            status,
            rtt_us,
            Address("192.0.2.1", 4569, ""),
        ),
    )


@pytest.mark.parametrize(
    ("dynamic", "forced", "trusted"),
    [("yes", "no", False), ("yes", "yes", True), ("no", "no", True)],
)
def test_a_sip_peers_address_counts_only_when_asterisk_saw_it(
    dynamic: str, forced: str, *, trusted: bool
) -> None:
    """chan_sip lists the Contact header's claim unless rport is forced or the host is fixed."""
    more = ("Channeltype: SIP", "IPport: 5060", "Status: OK (1 ms)")
    (_, seen) = read(*PEER, *more, f"Dynamic: {dynamic}", f"Forcerport: {forced}")

    assert isinstance(seen, ContactSeen)
    assert seen.address == (Address("192.0.2.1", 5060, "") if trusted else None)


def test_an_unregistered_peer_is_an_endpoint_without_contact() -> None:
    """A peer without an address is listed and has no contact."""
    lines = ("Event: PeerEntry", "Channeltype: SIP", "ObjectName: a", "IPaddress: -none-")

    assert read(*lines, "IPport: 0", "Status: UNKNOWN") == (
        EndpointListed(AT_S, Technology.SIP, "a"),
    )


CONTACT = ("Event: ContactList", "ObjectName: aor1;@0123", "Uri: sip:a@192.0.2.1")


def test_a_contact_without_an_endpoint_belongs_to_its_aor() -> None:
    """The AOR stands in where Asterisk names no endpoint, and no claimed address is told."""
    (seen,) = read(*CONTACT, "Endpoint: ", "Status: Created", rules=Rules(rewrite_contact=False))

    assert seen == ContactSeen(
        AT_S,
        Technology.PJSIP,
        "aor1",
        "sip:a@192.0.2.1",
        ContactStatus.UNKNOWN,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((*CONTACT, "Endpoint: a", "Status: Odd"), "unknown-status"),
        ((*CONTACT, "Endpoint: a"), "incomplete"),
        ((*CONTACT, "Endpoint: a", "Endpoint: b", "Status: Created"), "duplicate-key"),
        ((*PEER, "Channeltype: SIP", "IPport: 1", "Status: FINE"), "unknown-status"),
    ],
)
def test_a_broken_item_is_evidence(lines: tuple[str, ...], reason: str) -> None:
    """An item that breaks a rule is told as evidence and believed in nothing."""
    (event,) = read(*lines)

    assert isinstance(event, HostileEvent)
    assert event.reason == reason
    assert event.excerpt


def test_an_item_that_nobody_needs_is_nothing() -> None:
    """A list's own end is no event of the core."""
    assert read("Event: ContactListComplete", "ListItems: 0") == ()


def test_the_uris_that_an_endpoint_lists() -> None:
    """Contacts named in an endpoint's listing are found, the trailing comma is none."""
    frame = parse(b"Event: EndpointList\r\nContacts: t/sip:192.0.2.30:5060,t/sip:b@x,")

    assert listed_uris(frame) == ("sip:192.0.2.30:5060", "sip:b@x")
    assert listed_uris(parse(b"Event: EndpointList")) == ()


def test_passwords_are_never_parsed() -> None:
    """AuthDetail, which holds passwords in clear, is no item of any query."""
    query = contacts_of("trunk")

    assert query.arguments == (("Endpoint", "trunk"),)
    assert b"AuthDetail" not in LIST_EVENTS
    assert "AuthDetail" not in query.items
