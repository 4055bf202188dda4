"""What speaks for and against our hearing calls."""

import pytest

from ami_listener.hearing import NO_CALLS, Hearing
from policies.events import (
    Address,
    Authentication,
    AuthOutcome,
    ChannelGone,
    ChannelSeen,
    Event,
    HostileEvent,
    LegAnswered,
    LegDialled,
)

SEEN = ChannelSeen(1.0, "1.1", "1.1", "PJSIP/6001-00000001")
CALL_EVENTS: tuple[Event, ...] = (
    SEEN,
    LegDialled(1.0, "1.2", "1.1", "PJSIP/trunk-00000002", "1.1", "0312345678@trunk", ""),
    LegAnswered(1.0, "1.2"),
    ChannelGone(1.0, "1.1", 16),
)
SOURCE = Address("192.0.2.40", 5060, "UDP")
NO_TIMESTAMPS = "ami-no-timestamps: timestampevents must be yes"
REPEATED = "ami-repeated-header: channelvars must name one variable"
OF_A_CALL = "Event: DialBegin\\r\\nPrivilege: call,all"
FAULTS = {"no-timestamp": NO_TIMESTAMPS, "duplicate-key": REPEATED}


def hostile(hearing: Hearing, reason: str, *at_s: float) -> None:
    """Let events be refused for a reason."""
    for moment_s in at_s:
        hearing.heard(HostileEvent(moment_s, reason, OF_A_CALL))


@pytest.mark.parametrize("reason", FAULTS)
def test_three_refused_events_in_ten_seconds_are_a_fault(reason: str) -> None:
    """The third within 10 s names the setting that makes every event hostile."""
    hearing = Hearing()
    hostile(hearing, reason, 1.0, 6.0)
    assert hearing.fault == ""
    hostile(hearing, reason, 11.0)

    assert hearing.fault == FAULTS[reason]


@pytest.mark.parametrize("reason", ["oversize", "no-privilege", "unasked-reply"])
def test_other_hostile_events_say_nothing_about_a_setting(reason: str) -> None:
    """Only what a setting causes is taken for one."""
    hearing = Hearing()
    hostile(hearing, reason, 1.0, 1.1, 1.2, 1.3)

    assert hearing.fault == ""


@pytest.mark.parametrize("reason", FAULTS)
@pytest.mark.parametrize(
    "excerpt",
    [
        "Event: InvalidAccountID\\r\\nPrivilege: security,all",
        "[('Event', 'ChallengeSent'), ('Privilege', 'security,all')]",
        "Event: InvalidAccountID\\r\\nEvent: DialBegin",
        "",
    ],
)
def test_a_strangers_packets_blind_nobody(reason: str, excerpt: str) -> None:
    """What anyone can cause without a password says nothing about our settings."""
    hearing = Hearing()
    for moment_s in (1.0, 1.1, 1.2, 1.3):
        hearing.heard(HostileEvent(moment_s, reason, excerpt))

    assert hearing.fault == ""


@pytest.mark.parametrize("reason", FAULTS)
def test_a_picture_without_unknown_channels_ends_the_doubt(reason: str) -> None:
    """Where no call goes on that was not announced, a setting's fault is not held against it."""
    hearing = Hearing()
    hostile(hearing, reason, 1.0, 1.1, 1.2)
    hearing.pictured(frozenset({"1.1"}))

    assert hearing.fault == ""


def test_refused_events_far_apart_are_no_fault() -> None:
    """A stranger's now and then is evidence of his, not of a setting."""
    hearing = Hearing()
    hostile(hearing, "duplicate-key", 1.0, 6.0, 11.1, 20.0)

    assert hearing.fault == ""


@pytest.mark.parametrize("event", CALL_EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("reason", FAULTS)
def test_one_call_event_that_is_kept_refutes_everything(reason: str, event: Event) -> None:
    """It counts before the third and after it."""
    hearing = Hearing()
    hostile(hearing, reason, 1.0, 1.1)
    hearing.heard(event)
    hostile(hearing, reason, 1.2, 1.3)
    assert hearing.fault == ""
    hostile(hearing, reason, 1.4)
    assert hearing.fault == FAULTS[reason]
    hearing.heard(event)

    assert hearing.fault == ""


def test_a_security_event_proves_timestamps_but_no_calls() -> None:
    """It has no variable that could be repeated, so it does not refute a repeated header."""
    login = Authentication(2.0, AuthOutcome.CHALLENGED, "6001", SOURCE, "s", "PJSIP")
    for reason, left in (("no-timestamp", ""), ("duplicate-key", REPEATED)):
        hearing = Hearing()
        hostile(hearing, reason, 1.0, 1.1, 1.2)
        hearing.heard(login)
        assert hearing.fault == left


def test_a_channel_in_two_pictures_that_no_event_announced_is_a_fault() -> None:
    """One picture may be ahead of the event; the second asks for the class."""
    hearing = Hearing()
    hearing.pictured(frozenset({"1.1"}))
    hearing.pictured(frozenset({"1.1"}))
    assert (hearing.fault, hearing.in_doubt) == ("", False)
    hearing.pictured(frozenset({"1.1", "2.1"}))
    assert (hearing.fault, hearing.in_doubt) == ("", True)
    hearing.pictured(frozenset({"1.1", "3.1"}))
    assert (hearing.fault, hearing.in_doubt) == ("", True)
    hearing.pictured(frozenset({"3.1"}))

    assert hearing.fault == NO_CALLS
    hearing.heard(SEEN)
    assert (hearing.fault, hearing.in_doubt) == ("", False)


def test_pictures_prove_nothing_once_a_call_was_heard() -> None:
    """What may be heard is settled at the login: who heard one call hears all."""
    hearing = Hearing()
    hearing.pictured(frozenset())
    hearing.heard(SEEN)
    hearing.pictured(frozenset({"2.1"}))
    hearing.pictured(frozenset({"2.1"}))

    assert (hearing.fault, hearing.in_doubt) == ("", False)
