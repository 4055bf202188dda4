"""Shows on a real Asterisk that an emergency call finds a trunk that works."""

import time
from collections.abc import Iterator

import pytest

from tests.asterisk.etc import Site
from tests.asterisk.sipp import Phone, phone
from tests.asterisk.sippeer import RINGING
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-emergency-trunks")]

PATIENCE_S = 2
# Names that tollguard's dialplan uses inside, and an operator may as well.
OF_THE_OPERATORS = ("again", "all", "keep", "left", "literal", "patience", "rest", "t0", "template")
SITE = {
    "TOLLGUARD_EMERGENCY_TRUNKS": "trunk|trunk-b",
    "TOLLGUARD_EMERGENCY_PATIENCE_S": str(PATIENCE_S),
    "TOLLGUARD_EMERGENCY_AS_119": "+81119",
    "TOLLGUARD_OUTSIDE_LINE": "9",
    "TOLLGUARD_CHANNELS_trunk": "3",
    **dict.fromkeys(OF_THE_OPERATORS, "yes"),
}
SOUND = b"183 Session Progress"


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one with two emergency trunks and a gate that is dead."""
    world = start_world(Site(globals=SITE))
    world.gate.stop()
    yield world
    world.asterisk.stop()
    world.trunk.stop()
    world.trunk_b.stop()


def other(world: World, number: int) -> Phone:
    """Hand out phone 6002 or 6003, at an address of its own."""
    return phone(world.asterisk.access, f"600{number}", f"127.0.0.1{number}")


def hang_up_all(world: World) -> None:
    """End every call."""
    world.asterisk.cli("channel request hangup all")


def end_transaction(world: World) -> None:
    """Let a silent trunk speak at last: Asterisk cancels there what it has given up."""
    world.trunk.before = RINGING
    until(lambda: world.trunk.calls[0].ended_at_s, 12, "the first trunk's call is cancelled")


def test_the_first_trunk_is_taken_where_it_works(world: World) -> None:
    """An emergency call goes to one trunk, once."""
    assert world.phone.dial("110") == 200
    assert (world.trunk.numbers(), world.trunk_b.numbers()) == ([b"110"], [])


@pytest.mark.parametrize("status", [b"503 Service Unavailable", b"404 Not Found", b"486 Busy Here"])
def test_a_trunk_that_refuses_is_followed_by_the_next(world: World, status: bytes) -> None:
    """The next trunk is dialled within a second of dialling."""
    world.trunk.status = status
    begin_s = time.monotonic()

    assert world.phone.dial("110") == 200
    assert (world.trunk.numbers(), world.trunk_b.numbers()) == ([b"110"], [b"110"])
    assert world.trunk_b.calls[0].at_s - begin_s < 1.0


@pytest.mark.parametrize("before", [b"", b"100 Trying"], ids=["not a word", "only 100 Trying"])
def test_a_trunk_that_shows_no_progress_is_followed_by_the_next(
    world: World, before: bytes
) -> None:
    """Neither ringing nor sound for as long as patience lasts: the next trunk is dialled."""
    world.trunk.before, world.trunk.status = before, b""

    assert world.phone.dial("110") == 200
    first, second = world.trunk.calls[0], world.trunk_b.calls[0]
    assert abs(second.at_s - first.at_s - PATIENCE_S) < 0.7
    assert len(world.trunk.calls) == 1
    end_transaction(world)


@pytest.mark.parametrize("before", [b"180 Ringing", SOUND], ids=["rings", "early media"])
def test_a_trunk_that_rings_is_never_given_up(world: World, before: bytes) -> None:
    """A call that rings twice as long as patience lasts is answered there, and nowhere else."""
    world.trunk.before, world.trunk.status = before, b""
    with world.phone.call("110", hold_s=0.5) as run:
        until(world.trunk.numbers, 5, "110 is called")
        call = world.trunk.calls[0]
        with pytest.raises(AssertionError):
            until(lambda: call.ended_at_s or world.trunk_b.numbers(), 2.0 * PATIENCE_S, "given up")
        world.trunk.answer(call)
        run.wait()
        assert run.final("INVITE") == 200

    assert world.trunk_b.numbers() == []


def test_a_slow_trunk_is_tried_again_when_every_other_refuses(world: World) -> None:
    """The one that patience passed over gets the call again, and all its time."""
    world.trunk.before = world.trunk.status = b""
    world.trunk_b.status = b"503 Service Unavailable"
    with world.phone.call("110", hold_s=0.5) as run:
        call = until(lambda: world.trunk.calls[1:], 10, "the first trunk is tried again")[0]
        with pytest.raises(AssertionError):
            until(lambda: call.ended_at_s, PATIENCE_S + 1.0, "given up")
        world.trunk.answer(call)
        run.wait()
        assert run.final("INVITE") == 200

    assert world.trunk_b.numbers() == [b"110"]
    end_transaction(world)


def test_a_call_that_was_answered_is_not_made_again(world: World) -> None:
    """The far end hangs up, and no other trunk is dialled."""
    with world.phone.call("110", hold_s=10) as run:
        run.answered()
        world.trunk.hang_up(world.trunk.calls[0])
        run.cut()

    assert (world.trunk.numbers(), world.trunk_b.numbers()) == ([b"110"], [])


def test_a_caller_who_gives_up_is_not_called_for_elsewhere(world: World) -> None:
    """A call cancelled while it rings ends on its trunk."""
    world.trunk.status = b""
    with world.phone.call("110"):
        until(world.trunk.numbers, 5, "110 is called")
    hang_up_all(world)
    until(lambda: world.trunk.calls[0].ended_at_s, 5, "it is cancelled")

    assert world.trunk_b.numbers() == []


@pytest.mark.parametrize(
    "dialled",
    [
        "119",
        "9119",
        "184119",
        "9186122119",
        "122184186119",
        "119;phone-context=+81",
        "119%3Bisub=1",
        "119%23",
        "9184119%23",
    ],
)
def test_every_form_is_dialled_as_the_trunks_literal(world: World, dialled: str) -> None:
    """What the site wrote for 119 reaches both trunks, and nothing of what the phone sent."""
    world.trunk.status = b"503 Service Unavailable"

    assert world.phone.dial(dialled) == 200
    assert (world.trunk.numbers(), world.trunk_b.numbers()) == ([b"+81119"], [b"+81119"])


def test_the_last_channel_of_a_trunk_is_left_to_emergency_calls(world: World) -> None:
    """With two of three channels in use a call at home is refused, and 110 passes."""
    with world.phone.call("0312345678", 9) as first, other(world, 2).call("0312345678", 9) as two:
        first.answered()
        two.answered()
        assert other(world, 3).dial("0312345678") == 503
        assert other(world, 3).dial("110") == 200
    hang_up_all(world)

    assert world.trunk.numbers() == [b"0312345678", b"0312345678", b"110"]
    assert world.trunk_b.numbers() == []


def test_a_running_emergency_call_takes_a_channel(world: World) -> None:
    """An emergency call and one other are all that a trunk of three carries but emergencies."""
    with world.phone.call("110", 9) as first, other(world, 2).call("0312345678", 9) as second:
        first.answered()
        second.answered()
        assert other(world, 3).dial("0312345678") == 503
        assert other(world, 3).dial("119") == 200
    hang_up_all(world)


def test_channels_are_free_again_behind_a_call(world: World) -> None:
    """Nothing is counted that has ended."""
    for _call in range(4):
        assert world.phone.dial("0312345678") == 200
        until(lambda: not world.asterisk.channels(), 5, "the call has ended")


def test_while_observing_no_call_is_refused_for_a_channel(world: World) -> None:
    """The marker of observe mode lifts the rule."""
    marker = world.asterisk.folder / "observe"
    marker.touch()
    try:
        with (
            world.phone.call("0312345678", 9) as first,
            other(world, 2).call("0312345678", 9) as two,
        ):
            first.answered()
            two.answered()
            assert other(world, 3).dial("0312345678") == 200
    finally:
        marker.unlink()
        hang_up_all(world)
