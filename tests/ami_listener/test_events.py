"""Live events: real captures become what they stand for, and broken ones become evidence."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_listener.events import LIVE_EVENTS, Rules, translate
from ami_listener.framing import event_name, parse
from policies.events import (
    Address,
    Authentication,
    AuthOutcome,
    ChannelGone,
    ChannelSeen,
    ContactSeen,
    ContactStatus,
    Event,
    HostileEvent,
    LegDialled,
    LegForwarded,
    Technology,
    TransferKind,
    Transferred,
)
from tests.corpus.ami_captures import as_expected, captures

AT_S = 7.0
CAPTURES = [
    pytest.param(expected, frame, id=f"{number}-{parse(frame).name}")
    for number, (expected, frame) in enumerate(captures())
    if event_name(frame) in LIVE_EVENTS
]


def wire(name: str, *lines: str, privilege: str = "system,all") -> bytes:
    """An event as Asterisk writes it."""
    head = f"Event: {name}\r\nPrivilege: {privilege}\r\nTimestamp: 1.5\r\n"
    return (head + "\r\n".join(lines)).encode()


def read(name: str, *lines: str, rules: Rules | None = None) -> tuple[Event, ...]:
    """Translate an event given by its lines."""
    return translate(parse(wire(name, *lines)), AT_S, rules or Rules())


def reason(events: tuple[Event, ...]) -> str:
    """Why the one event is hostile."""
    (event,) = events
    assert isinstance(event, HostileEvent)
    assert event.at_s == AT_S
    assert 0 < len(event.excerpt) <= 200
    return event.reason


@pytest.mark.parametrize(("expected", "frame"), CAPTURES)
def test_a_captured_event_stands_for_what_is_written_above_it(
    expected: list[dict[str, Any]], frame: bytes
) -> None:
    """Each event captured from a real Asterisk becomes the expected ones."""
    assert [as_expected(event) for event in translate(parse(frame), AT_S)] == expected


def test_an_event_that_tells_nothing_is_no_evidence() -> None:
    """Asterisk's own FullyBooted has no Timestamp; one that is read has to have it."""
    booted = b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 5\r\nStatus: Fully Booted"
    hangup = b"Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\nCause: 16"

    assert translate(parse(booted), AT_S) == ()
    assert reason(translate(parse(hangup), AT_S)) == "no-timestamp"


@pytest.mark.parametrize(
    ("word", "status", "rtt", "rtt_us"),
    [
        ("Reachable", ContactStatus.REACHABLE, "1305000", 1_305_000),
        ("Reachable", ContactStatus.REACHABLE, "N/A", None),
        ("Reachable", ContactStatus.REACHABLE, "9" * 5000, None),
        ("Unreachable", ContactStatus.UNREACHABLE, "0", None),
        ("Unknown", ContactStatus.UNKNOWN, "0", None),
        ("Created", ContactStatus.UNKNOWN, "0", None),
        ("Updated", ContactStatus.UNKNOWN, "0", None),
        ("NonQualified", ContactStatus.NON_QUALIFIED, "0", None),
        ("Unqualified", ContactStatus.NON_QUALIFIED, "0", None),
    ],
)
def test_contact_status_words(
    word: str, status: ContactStatus, rtt: str, rtt_us: int | None
) -> None:
    """Every status word is known, and a round trip counts only where one was measured."""
    uri = "sip:a@192.0.2.9:5060"
    lines = (f"URI: {uri}", f"ContactStatus: {word}", "AOR: a", "EndpointName: desk-1001")

    assert read("ContactStatus", *lines, f"RoundtripUsec: {rtt}") == (
        ContactSeen(
            AT_S,
            Technology.PJSIP,
            "desk-1001",
            uri,
            status,
            rtt_us,
            Address("192.0.2.9", 5060, "UDP"),
        ),
    )


def test_a_contact_has_no_address_unless_asterisk_rewrites_it() -> None:
    """Without rewrite_contact the host in the URI is the phone's claim and is not told."""
    lines = ("URI: sip:a@192.0.2.9", "ContactStatus: Reachable", "AOR: a", "EndpointName: ")
    (event,) = read("ContactStatus", *lines, rules=Rules(rewrite_contact=False))

    assert isinstance(event, ContactSeen)
    assert event.address is None
    assert event.endpoint == "a"


@pytest.mark.parametrize(
    ("kind", "word", "extra", "status", "rtt_us"),
    [
        ("SIP", "Registered", "Address: 192.0.2.1:5060", ContactStatus.UNKNOWN, None),
        ("SIP", "Reachable", "Time: 12", ContactStatus.REACHABLE, 12_000),
        ("SIP", "Lagged", "Time: 2500", ContactStatus.LAGGED, 2_500_000),
        ("SIP", "Unreachable", "Time: -1", ContactStatus.UNREACHABLE, None),
        ("IAX2", "Reachable", "X: ", ContactStatus.REACHABLE, None),
    ],
)
def test_peer_status_words(
    kind: str, word: str, extra: str, status: ContactStatus, rtt_us: int | None
) -> None:
    """A peer's state is told without an address, because Asterisk repeats the phone's claim."""
    technology = Technology(kind)
    lines = (f"ChannelType: {kind}", f"Peer: {kind}/6001", f"PeerStatus: {word}", extra)

    assert read("PeerStatus", *lines) == (
        ContactSeen(AT_S, technology, "6001", "6001", status, rtt_us, None),
    )


@pytest.mark.parametrize(("kind", "word"), [("PJSIP", "Reachable"), ("SIP", "Rejected")])
def test_peer_status_that_other_events_say_better(kind: str, word: str) -> None:
    """PJSIP's PeerStatus and a rejected registration are left to better events."""
    assert (
        read("PeerStatus", f"ChannelType: {kind}", f"Peer: {kind}/1", f"PeerStatus: {word}") == ()
    )


SECURITY = ("Service: PJSIP", "SessionID: s1")
FROM = "RemoteAddress: IPV4/UDP/192.0.2.66/5060"


@pytest.mark.parametrize(
    ("name", "account", "outcome"),
    [
        ("SuccessfulAuth", "6001", AuthOutcome.SUCCEEDED),
        ("ChallengeSent", "6001", AuthOutcome.CHALLENGED),
        ("ChallengeSent", "<unknown>", AuthOutcome.CHALLENGED),
        ("ChallengeResponseFailed", "6001", AuthOutcome.BAD_RESPONSE),
        ("InvalidPassword", "6001", AuthOutcome.BAD_RESPONSE),
        ("InvalidAccountID", "nosuch", AuthOutcome.UNKNOWN_ACCOUNT),
        ("FailedACL", "6001", AuthOutcome.ACL_REFUSED),
    ],
)
def test_security_events(name: str, account: str, outcome: AuthOutcome) -> None:
    """Each security event tells its outcome, source and session; an unnamed account is empty."""
    expected = "" if account == "<unknown>" else account

    assert read(name, *SECURITY, f"AccountID: {account}", FROM) == (
        Authentication(AT_S, outcome, expected, Address("192.0.2.66", 5060, "UDP"), "s1", "PJSIP"),
    )


def test_chan_sip_tells_no_port() -> None:
    """Via's claim is all that chan_sip has of a port, so none is told; the address is true."""
    lines = ("Service: SIP", "SessionID: s1", "AccountID: 6001", FROM)

    (event,) = read("SuccessfulAuth", *lines)

    assert isinstance(event, Authentication)
    assert event.source == Address("192.0.2.66", 0, "UDP")


def test_the_second_half_of_an_unknown_account_is_not_a_second_attempt() -> None:
    """ChallengeResponseFailed without a name only repeats the InvalidAccountID before it."""
    assert read("ChallengeResponseFailed", *SECURITY, "AccountID: <unknown>", FROM) == ()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((*SECURITY, "AccountID: a", "RemoteAddress: IPV4/UDP/192.0.2.1/x"), "bad-address"),
        ((*SECURITY, "AccountID: a", FROM, "Surplus: 1"), "unexpected-key"),
        ((*SECURITY, "AccountID: a", FROM, FROM), "duplicate-key"),
        ((*SECURITY, "AccountID: a"), "incomplete"),
        ((*SECURITY, "AccountID: a", FROM, "stray"), "stray-line"),
        ((*SECURITY, "AccountID: a", FROM, "Privilege: security,all"), "duplicate-key"),
    ],
)
def test_a_security_event_with_smuggled_lines_is_evidence(
    lines: tuple[str, ...], expected: str
) -> None:
    """Duplicated, surplus, missing and stray lines make a security event hostile."""
    assert reason(read("InvalidAccountID", *lines)) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Event: Hangup\r\nUniqueid: 1.1\r\nCause: 16", "no-privilege"),
        (b"Event: Hangup", "no-privilege"),
        (b"Event: Hangup\r\nPrivilege: call\r\nTimestamp: 1.1\r\nCause: 16", "no-privilege"),
        (b"Event: Hangup\r\nCause: 16\r\nPrivilege: call,all\r\nTimestamp: 1.1", "no-privilege"),
        (b"Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\nCause: 16", "no-timestamp"),
        (b"Event: Hangup\r\nPrivilege: call,all\r\nCause: 1\r\nTimestamp: 1.1", "no-timestamp"),
    ],
)
def test_an_event_without_asterisks_head_is_evidence(raw: bytes, expected: str) -> None:
    """An event whose first lines are not Asterisk's own was forged."""
    assert reason(translate(parse(raw), AT_S)) == expected


def test_timestamps_may_be_off() -> None:
    """An operator without timestampevents still gets events."""
    raw = b"Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\nCause: 16"

    assert translate(parse(raw), AT_S, Rules(timestamps=False)) == (ChannelGone(AT_S, "1.1", 16),)


def test_a_rename_keeps_the_call() -> None:
    """Rename tells the new name and leaves the call's id as it was."""
    lines = ("Channel: SIP/a-01", "Newname: SIP/a-01<MASQ>", "Uniqueid: 1.1")

    assert read("Rename", *lines) == (ChannelSeen(AT_S, "1.1", "", "SIP/a-01<MASQ>"),)


@pytest.mark.parametrize(
    ("variable", "token"),
    [
        ("DestChanVariable: TOLLGUARD_TOKEN=abc", "abc"),
        ("DestChanVariable: TOLLGUARD_TOKEN=", ""),
        ("DestChanVariable: OTHER=TOLLGUARD_TOKEN=abc", ""),
        ("ChanVariable: TOLLGUARD_TOKEN=abc", ""),
    ],
)
def test_the_token_is_the_dialled_legs_own(variable: str, token: str) -> None:
    """Only the outgoing leg's own variable is its token."""
    lines = ("DestChannel: PJSIP/t-1", "DestUniqueid: 1.2", "DestLinkedid: 1.1", "DialString: 0@t")

    assert read("DialBegin", *lines, variable) == (
        LegDialled(AT_S, "1.2", "1.1", "PJSIP/t-1", "", "0@t", token),
    )


@pytest.mark.parametrize(
    ("channel", "told", "dial_string"),
    [
        ("PJSIP/6003-0000000a", "PJSIP/6003", "6003"),
        ("PJSIP/trunk-0000000a", "PJSIP/0103@trunk", "0103@trunk"),
        ("PJSIP/trunk-0000000a", "0103@trunk", "0103@trunk"),
        ("SIP/x-0000000a", "PJSIP/6003", "PJSIP/6003"),
    ],
)
def test_a_queues_dial_string_is_read_without_its_technology(
    channel: str, told: str, dial_string: str
) -> None:
    """app_queue tells `PJSIP/6003` where app_dial tells `6003`."""
    lines = (f"DestChannel: {channel}", "DestUniqueid: 1.2", "DestLinkedid: 1.1")

    assert read("DialBegin", *lines, f"DialString: {told}") == (
        LegDialled(AT_S, "1.2", "1.1", channel, "", dial_string, ""),
    )


def test_where_a_leg_was_dialled_from_is_its_caller_s_context() -> None:
    """The calling channel's context is told; an originated leg has none but its own."""
    lines = (
        *("DestChannel: PJSIP/t-1", "DestUniqueid: 1.2", "DestLinkedid: 1.1", "DialString: 0@t"),
        "DestContext: from-trunk",
    )
    by_nobody, by_phone = read("DialBegin", *lines), read("DialBegin", *lines, "Context: phones")

    assert [e.context for e in (*by_nobody, *by_phone) if isinstance(e, LegDialled)] == [
        "from-trunk", "phones",
    ]  # fmt: skip


FORWARDED = ("DestUniqueid: 1.1", "DestLinkedid: 1.0", "DestChannel: PJSIP/6002-1")


def test_a_redirection_is_told_by_its_target() -> None:
    """DialEnd with Forward is a 302; its target is a phone's own text, and bounded."""
    target = "x" * 5000
    (event,) = read("DialEnd", *FORWARDED, "DialStatus: CANCEL", f"Forward: {target}")

    assert event == LegForwarded(AT_S, "1.1", "1.0", "PJSIP/6002-1", target[:1024])
    assert read("DialEnd", *FORWARDED, "DialStatus: CANCEL", "Forward: ") == ()


def test_an_attended_transfer_of_half_a_pair_is_the_other_half_s() -> None:
    """Only a transferer that the event names has transferred."""
    lines = tuple(
        f"OrigTransferer{key}: {value}"
        for key, value in (("Uniqueid", "1.1"), ("Linkedid", "1.0"), ("Channel", "PJSIP/6002-1"))
    )

    assert read("AttendedTransfer", *lines) == (
        Transferred(AT_S, "1.1", "1.0", "PJSIP/6002-1", TransferKind.ATTENDED),
    )
    assert read("AttendedTransfer", "Result: Fail") == ()


@pytest.mark.parametrize("name", ["BlindTransfer", "BridgeEnter"])
def test_a_transfer_or_bridge_without_its_channel_is_evidence(name: str) -> None:
    """An event that does not name its channel is not believed."""
    assert reason(read(name, "Result: Success")) == "incomplete"
    assert reason(read("BridgeEnter", "Uniqueid: 1.1", "Linkedid: ")) == "bad-uniqueid"


@pytest.mark.parametrize(
    ("name", "lines", "expected"),
    [
        ("DialEnd", ("DestUniqueid: 1.1", "DialStatus: BUSY"), ()),
        ("Hangup", ("Uniqueid: 1.1", "Cause: what"), (ChannelGone(AT_S, "1.1", 0),)),
    ],
)
def test_quiet_ends(name: str, lines: tuple[str, ...], expected: tuple[Event, ...]) -> None:
    """An unanswered leg is no answer, and an unreadable cause is cause 0."""
    assert read(name, *lines) == expected


@pytest.mark.parametrize(
    ("name", "lines", "expected"),
    [
        ("Hangup", ("Uniqueid: ", "Cause: 16"), "bad-uniqueid"),
        ("Hangup", ("Uniqueid: " + "1" * 300, "Cause: 16"), "bad-uniqueid"),
        ("Hangup", ("Uniqueid: 1.1",), "incomplete"),
        (
            "ContactStatus",
            ("URI: sip:a@192.0.2.1", "ContactStatus: Odd", "AOR: a", "EndpointName: a"),
            "unknown-status",
        ),
    ],
)
def test_an_event_that_cannot_be_read_is_evidence(
    name: str, lines: tuple[str, ...], expected: str
) -> None:
    """What cannot be read is told as evidence and never guessed."""
    assert reason(read(name, *lines)) == expected


def test_an_event_that_nobody_needs_is_nothing() -> None:
    """An event with a name that is not translated gives nothing."""
    assert read("VarSet", "Variable: X") == ()


def test_long_text_is_cut() -> None:
    """Text from the network is bounded before it enters the core."""
    (event,) = read("InvalidAccountID", *SECURITY, "AccountID: " + "a" * 5000, FROM)

    assert isinstance(event, Authentication)
    assert len(event.account) == 256


NAMES = st.sampled_from(sorted(LIVE_EVENTS)).map(bytes.decode)
KEYS = st.sampled_from(
    [
        *("URI", "ContactStatus", "AOR", "EndpointName", "AccountID", "RemoteAddress", "Uniqueid"),
        *("Cause", "Time", "PeerStatus", "ChannelType", "Peer", "DestUniqueid", "DialStatus"),
        *("SessionID", "Service", "Linkedid", "DestLinkedid", "Forward", "TransfererUniqueid"),
    ]
)


@given(NAMES, st.lists(st.tuples(KEYS, st.text(max_size=30))))
def test_no_event_raises(name: str, pairs: list[tuple[str, str]]) -> None:
    """Whatever an event's lines hold, the answer is events and never an exception."""
    raw = wire(name, *(f"{key}: {value}" for key, value in pairs))

    assert isinstance(translate(parse(raw), AT_S), tuple)
