"""Tests of what is true now, event by event."""

from hypothesis import given
from hypothesis import strategies as st

from policies.events import (
    AttemptReturned,
    Blinded,
    ChannelGone,
    ChannelSeen,
    ContactGone,
    ContactStatus,
    EndpointListed,
    Event,
    HostileEvent,
    LegAnswered,
    Reconciled,
    Technology,
)
from policies.situation import Situation
from tests.policies.builders import failure
from tests.policies.test_calls import allowed, dialled, picture
from tests.policies.test_devices import URI, seen, success

EVENTS: list[Event] = [
    EndpointListed(1.0, Technology.PJSIP, "6001"),
    seen(2.0),
    seen(2.0, ContactStatus.UNKNOWN, address=None),
    ContactGone(3.0, Technology.PJSIP, "6001", URI),
    success(3.0),
    failure(3.0),
    ChannelSeen(4.0, "l1", "c1", "PJSIP/trunk-00000002"),
    allowed(),
    dialled(),
    LegAnswered(11.0, "l1"),
    ChannelGone(12.0, "c1", 16),
    ChannelGone(12.0, "l1", 16),
    AttemptReturned(12.0, "t1"),
    Blinded(13.0, "gone"),
    picture("c1"),
    Reconciled(15.0, frozenset({(Technology.PJSIP, "6001", URI)}), frozenset({"l1"})),
    HostileEvent(16.0, "duplicate-key", "x"),
]


def test_it_starts_blind() -> None:
    """Before the first picture nothing is known, and it says so."""
    situation = Situation()

    assert (situation.blind, situation.reconciled) == ("starting", False)
    assert (situation.devices(), situation.legs(), situation.hostile) == ((), (), 0)


def test_a_picture_ends_blindness_and_a_gap_begins_it() -> None:
    """Blindness has a reason; that a picture was once taken is not forgotten."""
    situation = Situation()
    situation.apply(picture())
    sees = (situation.blind, situation.reconciled)
    situation.apply(Blinded(60.0, "connection lost"))
    blind = (situation.blind, situation.reconciled)
    situation.apply(Blinded(61.0, ""))

    assert sees == ("", True)
    assert blind == ("connection lost", True)
    assert situation.blind == "unknown"


def test_a_call_from_verdict_to_end() -> None:
    """An allowed call is counted, has a leg, and is gone after its end."""
    situation = Situation()
    for event in (picture(at_s=1.0), allowed(), dialled(), LegAnswered(11.0, "l1")):
        situation.apply(event)
    situation.apply(ChannelSeen(11.0, "l1", "c1", "PJSIP/trunk-00000009"))
    leg = situation.leg("l1")
    during = (situation.chargeable_calls("6001"), situation.chargeable_calls())
    situation.apply(ChannelGone(12.0, "l1", 16))

    assert leg is not None
    assert (leg.channel, leg.answered_at_s) == ("PJSIP/trunk-00000009", 11.0)
    assert during == (1, 1)
    assert (situation.chargeable_calls(), situation.legs()) == (0, ())


def test_an_attempt_that_is_never_dialled_is_void_after_ten_seconds() -> None:
    """It holds its slot until it is returned."""
    situation = Situation()
    situation.apply(picture(at_s=1.0))
    situation.apply(allowed(at_s=10.0))

    assert situation.void_attempts(20.0) == ()
    assert situation.void_attempts(20.1) == ("t1",)
    assert situation.void_attempts(12.0, age_s=1.0) == ("t1",)
    assert situation.chargeable_calls() == 1
    situation.apply(AttemptReturned(20.2, "t1"))
    assert situation.chargeable_calls() == 0


def test_while_blind_nothing_is_void_for_age() -> None:
    """The leg may be up unseen: the slot is held until the next picture, or its caller's end."""
    situation = Situation()
    situation.apply(allowed(at_s=10.0))
    starting = situation.void_attempts(100.0)
    situation.apply(picture("c1", at_s=110.0))
    still = situation.void_attempts(200.0)
    situation.apply(Blinded(210.0, "gone"))
    blind = situation.void_attempts(300.0)
    situation.apply(picture(at_s=310.0))

    assert (starting, still, blind) == ((), (), ())
    assert situation.void_attempts(311.0) == ("t1",)
    assert situation.chargeable_calls() == 0


def test_a_regular_picture_does_not_void_what_was_just_allowed() -> None:
    """A picture begun before the caller's channel existed is no proof against it."""
    situation = Situation()
    situation.apply(picture(at_s=1.0))
    situation.apply(allowed(at_s=10.0))
    situation.apply(picture(at_s=10.1))

    assert situation.void_attempts(11.0) == ()


def test_devices_follow_their_events() -> None:
    """Listed, seen, taught and gone."""
    situation = Situation()
    situation.apply(EndpointListed(1.0, Technology.PJSIP, "6001"))
    situation.apply(seen(2.0, address=None))
    situation.apply(success(3.0))
    (known,) = situation.devices()
    situation.apply(ContactGone(4.0, Technology.PJSIP, "6001", URI))
    (gone,) = situation.devices()

    assert known.address is not None
    assert gone.contact == ""


def test_hostile_events_are_only_counted() -> None:
    """Nothing in them is believed."""
    situation = Situation()
    situation.apply(HostileEvent(1.0, "duplicate-key", "x"))

    assert situation.hostile == 1
    assert situation.devices() == ()


def test_strangers_leave_no_trace() -> None:
    """Failed and successful authentications of unknown accounts add nothing."""
    situation = Situation()
    for i in range(1_000):
        situation.apply(failure(1.0, account=f"a{i}", ip=f"2001:db8::{i:x}"))
        situation.apply(success(1.0, account=f"a{i}"))

    assert situation.devices() == ()
    assert len(situation._devices._learnt) == 0


@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_any_order_of_events_is_survived(events: list[Event]) -> None:
    """Lost, repeated and late events never raise and never count below nothing."""
    situation = Situation()
    for event in events:
        situation.apply(event)
        assert situation.chargeable_calls() >= 0
        assert situation.chargeable_calls() == situation.chargeable_calls("6001")
        assert len(situation.devices()) <= 1
