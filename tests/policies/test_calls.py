"""Tests of the slots that allowed calls hold."""

from hypothesis import given
from hypothesis import strategies as st

from policies.calls import Calls, Leg
from policies.events import (
    AttemptAllowed,
    AttemptReturned,
    ChannelGone,
    ChannelSeen,
    LegAnswered,
    LegDialled,
    Reconciled,
)


def allowed(
    key: str = "t1",
    caller: str = "c1",
    endpoint: str | None = "6001",
    at_s: float = 10.0,
    *,
    chargeable: bool = True,
) -> AttemptAllowed:
    """Allow a call to Monaco."""
    return AttemptAllowed(
        at_s=at_s,
        token=key,
        uniqueid=caller,
        endpoint=endpoint,
        dialled="01037793123456",
        country="MC",
        trunk="trunk",
        chargeable=chargeable,
        international=True,
    )


def dialled(key: str = "t1", leg: str = "l1", at_s: float = 10.5) -> LegDialled:
    """Dial the leg of an allowed call."""
    return LegDialled(at_s, leg, "c1", "PJSIP/trunk-00000001", "c1", "01037793123456@trunk", key)


def picture(*channels: str, at_s: float = 50.0) -> Reconciled:
    """Take a picture with these channels."""
    return Reconciled(at_s, frozenset(), frozenset(channels))


def test_a_slot_lasts_until_its_leg_ends() -> None:
    """One call holds one slot from the verdict to the leg's end, even past its caller's."""
    calls = Calls()
    counts = []
    calls.allow(allowed())
    counts.append(calls.chargeable("6001"))
    calls.dial(dialled())
    counts.append(calls.chargeable("6001"))
    calls.hang_up(ChannelGone(11.0, "c1", 16))
    counts.append(calls.chargeable("6001"))
    calls.hang_up(ChannelGone(12.0, "l1", 16))
    counts.append(calls.chargeable("6001"))

    assert counts == [1, 1, 1, 0]
    assert calls.chargeable(None) == 0
    assert calls.legs() == ()


def test_calls_are_counted_by_endpoint_and_in_all() -> None:
    """Nobody's calls count in all alone, and what is not chargeable nowhere."""
    calls = Calls()
    calls.allow(allowed("t1", "c1", "6001"))
    calls.allow(allowed("t2", "c2", "6002"))
    calls.allow(allowed("t3", "c3", None))
    calls.allow(allowed("t4", "c4", "6001", chargeable=False))

    assert [calls.chargeable(name) for name in ("6001", "6002", "6003", None)] == [1, 1, 0, 3]


def test_an_allowed_call_is_taken_once() -> None:
    """The same token again changes nothing."""
    calls = Calls()
    calls.allow(allowed())
    calls.allow(allowed())

    assert calls.chargeable(None) == 1


def test_a_returned_attempt_frees_its_slot() -> None:
    """It is counted no more; an unknown token, or one given back twice, is no error."""
    calls = Calls()
    calls.allow(allowed())
    for token in ("t1", "t1", "other"):
        calls.give_back(AttemptReturned(11.0, token))

    assert calls.chargeable(None) == 0
    assert calls.void(1e9, 0) == ()


def test_a_live_leg_keeps_its_slot() -> None:
    """Giving an attempt back that is being dialled frees nothing: the leg costs."""
    calls = Calls()
    calls.allow(allowed())
    calls.dial(dialled())
    calls.give_back(AttemptReturned(11.0, "t1"))

    assert calls.chargeable(None) == 1


def test_a_rename_without_linkedid_keeps_the_calls() -> None:
    """AMI's Rename names no call, so the leg stays in the one that it was in."""
    calls = Calls()
    calls.allow(allowed())
    calls.dial(dialled())
    before = calls.legs()[0].linkedid
    calls.rename(ChannelSeen(10.6, "l1", "", "PJSIP/trunk-00000002"))

    assert (calls.legs()[0].linkedid, bool(before)) == (before, True)


def test_a_leg_knows_its_attempt() -> None:
    """The first leg with the token is the attempt's; it is renamed and answered by uniqueid."""
    calls = Calls()
    attempt = allowed()
    calls.allow(attempt)
    calls.dial(dialled())
    calls.rename(ChannelSeen(10.6, "l1", "c9", "PJSIP/trunk-00000002"))
    calls.rename(ChannelSeen(10.6, "other", "c9", "PJSIP/trunk-00000003"))
    for at_s in (11.0, 12.0):
        calls.answer(LegAnswered(at_s, "l1"))
    calls.answer(LegAnswered(11.0, "other"))

    expected = Leg(
        uniqueid="l1",
        linkedid="c9",
        channel="PJSIP/trunk-00000002",
        caller_uniqueid="c1",
        dial_string="01037793123456@trunk",
        token="t1",
        begun_at_s=10.5,
        answered_at_s=11.0,
        attempt=attempt,
    )
    assert calls.legs() == (expected,)
    assert calls.leg("l1") == expected
    assert calls.leg("other") is None


def test_a_token_is_good_for_one_leg() -> None:
    """A second leg with the token, or one without, is nobody's attempt and frees nothing."""
    calls = Calls()
    calls.allow(allowed())
    calls.dial(dialled())
    calls.dial(dialled(leg="l2"))
    calls.dial(dialled("", leg="l3"))
    calls.hang_up(ChannelGone(11.0, "l2", 16))

    assert [leg.attempt is not None for leg in calls.legs()] == [True, False]
    assert calls.chargeable(None) == 1


def test_a_leg_whose_token_is_found_later_is_bound_then() -> None:
    """Asked for after a gap, a token binds the leg as it began; told again it changes nothing."""
    calls = Calls()
    calls.allow(allowed())
    calls.dial(dialled("", at_s=10.5))
    calls.answer(LegAnswered(11.0, "l1"))
    calls.dial(dialled("", at_s=12.0))
    for at_s in (13.0, 14.0):
        calls.dial(dialled("t1", at_s=at_s))

    (leg,) = calls.legs()
    assert (leg.begun_at_s, leg.answered_at_s, leg.token) == (10.5, 11.0, "t1")
    assert leg.attempt == allowed()


def test_a_caller_that_hangs_up_before_dialling_voids_its_attempt() -> None:
    """The slot is free at once, and the token is named until it is returned."""
    calls = Calls()
    calls.allow(allowed())
    for _ in range(2):
        calls.hang_up(ChannelGone(11.0, "c1", 16))

    assert calls.chargeable(None) == 0
    assert calls.void(0, 0) == ("t1",)
    calls.give_back(AttemptReturned(12.0, "t1"))
    assert calls.void(0, 0) == ()
    assert calls.chargeable(None) == 0


def test_a_leg_that_comes_after_its_caller_went_is_counted() -> None:
    """Whatever the order of events, a live leg holds its slot."""
    calls = Calls()
    calls.allow(allowed())
    calls.hang_up(ChannelGone(11.0, "c1", 16))
    calls.dial(dialled())

    assert calls.chargeable("6001") == 1
    calls.hang_up(ChannelGone(12.0, "l1", 16))
    assert calls.chargeable("6001") == 0


def test_age_voids_only_what_was_allowed_while_seeing() -> None:
    """An attempt allowed before a gap may have been dialled unseen."""
    calls = Calls()
    calls.allow(allowed("t1", "c1", at_s=10.0))
    calls.allow(allowed("t2", "c2", at_s=20.0))
    calls.allow(allowed("t3", "c3", at_s=30.0))

    assert calls.void(dialled_by_s=25.0, blind_until_s=0.0) == ("t1", "t2")
    assert calls.void(dialled_by_s=25.0, blind_until_s=15.0) == ("t2",)


def test_a_picture_ends_what_it_does_not_hold() -> None:
    """Legs without a channel end; an attempt of before the gap is void with its caller."""
    calls = Calls()
    calls.allow(allowed("t1", "c1"))
    calls.dial(dialled("t1", "l1"))
    calls.allow(allowed("t2", "c2"))
    calls.allow(allowed("t3", "c3"))
    calls.allow(allowed("t4", "c4", at_s=49.0))
    calls.reconcile(picture("c3"), blind_until_s=40.0)

    assert calls.legs() == ()
    assert calls.void(0, 1e9) == ("t2",)
    assert calls.chargeable(None) == 2


def test_a_caller_may_have_two_attempts() -> None:
    """A second pass of one channel is its own attempt, and one ends without the other."""
    calls = Calls()
    calls.allow(allowed("t1"))
    calls.allow(allowed("t2"))
    calls.give_back(AttemptReturned(11.0, "t1"))

    assert calls.chargeable("6001") == 1
    calls.hang_up(ChannelGone(11.0, "c1", 16))
    assert calls.void(0, 0) == ("t2",)


def test_beyond_its_capacity_only_what_must_be_counted_is_kept() -> None:
    """Plain attempts and legs without one are dropped; chargeable ones never are."""
    calls = Calls(capacity=2)
    for i in range(4):
        calls.allow(allowed(f"p{i}", f"p{i}", chargeable=False))
        calls.dial(dialled("", leg=f"x{i}"))
    calls.allow(allowed("t1"))
    calls.dial(dialled("t1"))

    assert [leg.uniqueid for leg in calls.legs()] == ["x0", "x1", "l1"]
    assert calls.void(1e9, 0) == ("p0", "p1")
    assert calls.chargeable(None) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from("arlcgp"), st.integers(0, 4), st.integers(0, 4), st.booleans()),
        max_size=40,
    )
)
def test_counts_are_never_wrong(steps: list[tuple[str, int, int, bool]]) -> None:
    """Whatever comes in whatever order, the count is that of slots, and all ends at nothing."""
    calls = Calls()
    for kind, i, j, chargeable in steps:
        match kind:
            case "a":
                calls.allow(allowed(f"t{i}", f"c{j}", f"{j}", chargeable=chargeable))
            case "r":
                calls.give_back(AttemptReturned(1.0, f"t{i}"))
            case "l":
                calls.dial(dialled(f"t{i}", f"l{j}"))
            case "c":
                calls.hang_up(ChannelGone(1.0, f"c{j}", 16))
            case "g":
                calls.hang_up(ChannelGone(1.0, f"l{j}", 16))
            case _:
                calls.reconcile(picture(f"l{i}", f"c{j}"), blind_until_s=20.0)
        live = [leg for leg in calls.legs() if leg.attempt and leg.attempt.chargeable]
        assert calls.chargeable(None) >= len(live)
        assert calls.chargeable(None) == sum(calls.chargeable(f"{n}") for n in range(5))
    calls.reconcile(picture(), blind_until_s=20.0)
    assert calls.chargeable(None) == 0
    for token in calls.void(1e9, 0):
        calls.give_back(AttemptReturned(1.0, token))
    assert (calls._slots, calls._pending, calls._of_caller) == ({}, {}, {})
