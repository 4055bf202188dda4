"""Shows on a real Asterisk that the dialplan's own limit survives each transfer, with no daemon."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.etc import Site
from tests.asterisk.paths_site import FEATURES, OPERATOR
from tests.asterisk.rawami import RawAmi
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.sipp import phone
from tests.asterisk.sippeer import ReceivedCall
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world, stop_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-transfers")]

HOME = "0312345678"
LIMIT_S = 4.0
OFF_BY_S = 0.2
PHONES = """exten => _600X,1,Dial(PJSIP/${EXTEN},20,tT)
include => tollguard-outbound
"""
# Contexts of an operator's, where a T of his own catches time limits.
DIALPLAN = """[own-t]
exten => _[0-9+*#].,1,Gosub(tollguard-dial,s,1(trunk))
 same => n,Wait(30)
exten => T,1,Wait(30)
[own-t-phones]
exten => _600X,1,Dial(PJSIP/${EXTEN},20,tT)
exten => T,1,Wait(30)
"""


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one with feature keys and a switchboard's AMI user."""
    more = {
        "features.conf": FEATURES,
        "manager.conf": "[{}]\nsecret={}\nread=call\nwrite=call\n".format(*OPERATOR),
    }
    world = start_world(Site(phones=PHONES, dialplan=DIALPLAN, more=more))
    yield world
    stop_world(world)


@pytest.fixture
def world(running_world: World) -> World:
    """Hand out the file's Asterisk; what a gone phone never answered lingers there for 32 s."""
    running_world.reset(gatepeer.allow())
    return running_world


@pytest.fixture
def kept(world: World) -> Iterator[ExitStack]:
    """Keep what runs until the test is over; the gate gives 4 s."""
    world.reset(gatepeer.allow(limit_ms="4000"))
    with ExitStack() as running:
        yield running
        world.asterisk.cli("channel request hangup all")
        until(lambda: not world.asterisk.channels(), 5, "no channel left")


def raw(world: World, kept: ExitStack, name: str = "6001") -> RawPhone:
    """Switch a phone on at an address of its own."""
    one = kept.enter_context(RawPhone(world.asterisk.access, name, f"127.0.0.{int(name) - 5990}"))
    kept.callback(one.attend, lambda: True)  # Asterisk keeps a call until its BYE is answered
    return one


def answering(world: World, kept: ExitStack, name: str = "6002") -> None:
    """Switch a phone on that answers the next call."""
    one = phone(world.asterisk.access, name, f"127.0.0.{int(name) - 5990}")
    assert one.register() == 200
    kept.enter_context(one.answer())


def assert_cut(call: ReceivedCall) -> None:
    """See that a call stood as long as it was allowed to, and that Asterisk ended it."""
    until(lambda: call.ended_at_s, LIMIT_S + 4, "the limit ends it")
    assert call.answered_at_s is not None
    assert call.ended_at_s is not None
    assert call.ended_by == "BYE"
    assert abs(call.ended_at_s - call.answered_at_s - LIMIT_S) < OFF_BY_S


def bridged(world: World) -> str:
    """Wait until the trunk's leg talks, and name it."""
    world.asterisk.wait_bridged()
    return next(name for name in world.asterisk.channels() if name.startswith("PJSIP/trunk-"))


def test_the_limit_counts_from_the_answer(world: World, kept: ExitStack) -> None:
    """Time that the trunk rings is not taken from it."""
    world.trunk.status = b""
    kept.enter_context(world.phone.call(HOME, hold_s=30))
    until(world.trunk.numbers, 5, "the trunk rings")
    call = world.trunk.calls[0]
    with pytest.raises(AssertionError):
        until(lambda: call.ended_at_s, 2, "given up")
    world.trunk.answer(call)

    assert_cut(call)


def test_a_call_that_was_forwarded_is_cut(world: World, kept: ExitStack) -> None:
    """A phone's 302 leads through a Local channel to the trunk."""
    one = phone(world.asterisk.access, "6002", "127.0.0.12")
    assert one.register() == 200
    kept.enter_context(one.redirect(HOME))
    kept.enter_context(world.phone.call("6002", hold_s=30))
    until(world.trunk.numbers, 5, "the trunk is called")

    assert_cut(world.trunk.calls[0])


def test_a_leg_that_is_transferred_to_a_phone_is_cut(world: World, kept: ExitStack) -> None:
    """Its caller sends it on by REFER, and is gone."""
    answering(world, kept)
    caller = raw(world, kept)
    dialog = caller.call(HOME)
    bridged(world)
    assert caller.refer(dialog, "6002") == 202

    caller.hang_up(dialog)
    assert_cut(world.trunk.calls[0])


def test_a_call_that_was_joined_to_another_is_cut(world: World, kept: ExitStack) -> None:
    """An attended transfer leaves a phone and the trunk's leg together."""
    answering(world, kept)
    caller = raw(world, kept)
    first = caller.call("6002")
    assert caller.hold(first) == 200
    second = caller.call(HOME)
    until(lambda: len(world.asterisk.cli("bridge show all").splitlines()) > 2, 5, "two bridges")
    assert caller.refer_to(second, first) == 202

    caller.attend(lambda: world.trunk.calls[0].ended_at_s)
    assert_cut(world.trunk.calls[0])


def test_a_call_that_was_sent_on_by_keys_is_cut(world: World, kept: ExitStack) -> None:
    """The caller of a phone presses ## and the number."""
    answering(world, kept)
    caller = raw(world, kept)
    dialog = caller.call("6002")
    world.asterisk.wait_bridged()
    caller.press(dialog, f"##{HOME}")
    until(world.trunk.numbers, 8, "the trunk is called")

    assert_cut(world.trunk.calls[0])


def redirect(world: World, kept: ExitStack, context: str) -> None:
    """Let a switchboard send a limited leg of the trunk's to a phone in a context."""
    answering(world, kept)
    dialog = raw(world, kept).call(HOME)
    assert dialog.code == 200
    leg = bridged(world)
    ami = kept.enter_context(RawAmi(world.asterisk.access, *OPERATOR))
    ami.act(Action="Redirect", Channel=leg, Context=context, Exten="6002", Priority="1")


def test_a_leg_that_is_redirected_is_cut(world: World, kept: ExitStack) -> None:
    """A switchboard sends it to a phone, and its limit goes with it."""
    redirect(world, kept, "phones")

    assert_cut(world.trunk.calls[0])


def test_an_operators_t_extension_catches_the_limit_of_a_leg_in_its_context(
    world: World, kept: ExitStack
) -> None:
    """The dialplan cannot cure it: the leg goes on there, and only the daemon ends it."""
    redirect(world, kept, "own-t-phones")

    until(lambda: "Executing [T@own-t-phones:1]" in world.asterisk.log(), 8, "T catches it")
    assert world.trunk.calls[0].ended_at_s is None


def test_an_operators_t_extension_around_the_gate_catches_nothing(
    world: World, kept: ExitStack
) -> None:
    """A call from a context with a T of its own is cut as any other."""
    world.asterisk.cli(f"channel originate Local/{HOME}@own-t application Wait 30")
    until(world.trunk.numbers, 5, "the trunk is called")

    assert_cut(world.trunk.calls[0])
    assert "Executing [T@own-t:1]" not in world.asterisk.log()


def test_a_leg_that_is_judged_again_keeps_its_limit(world: World, kept: ExitStack) -> None:
    """Its caller sends it to the trunk once more: the second gate erases nothing."""
    caller = raw(world, kept)
    dialog = caller.call(HOME)
    bridged(world)
    assert caller.refer(dialog, "0398765432") == 202
    until(lambda: len(world.trunk.calls) == 2, 5, "the trunk is called again")
    caller.hang_up(dialog)

    assert_cut(world.trunk.calls[0])


def test_a_legs_own_token_outlasts_a_later_gate(world: World, kept: ExitStack) -> None:
    """It was paid with the first token, whatever the gate said of where it was sent to."""
    caller = raw(world, kept)
    dialog = caller.call(HOME)
    leg = bridged(world)
    world.gate.script = gatepeer.allow(token="sec0nd")
    assert caller.refer(dialog, "0398765432") == 202
    until(lambda: len(world.trunk.calls) == 2, 5, "the trunk is called again")
    ami = kept.enter_context(RawAmi(world.asterisk.access, *OPERATOR))
    paid, token = (
        ami.act(Action="Getvar", Channel=leg, Variable=name)["Value"]
        for name in ("TOLLGUARD_PAID", "TOLLGUARD_TOKEN")
    )

    assert (paid, token) == (gatepeer.TOKEN, "sec0nd")


def test_the_mark_changes_nothing_that_events_tell_of_the_leg(
    world: World, kept: ExitStack
) -> None:
    """DialBegin names the caller's Dial and the leg's token; the leg looks like any other."""
    ami = kept.enter_context(RawAmi(world.asterisk.access, *OPERATOR))
    assert raw(world, kept).call(HOME).code == 200
    begin = ami.wait_for("DialBegin", DialString=f"{HOME}@trunk")
    leg = bridged(world)
    asked = {
        name: ami.act(Action="Getvar", Channel=leg, Variable=f"CHANNEL({name})")["Value"]
        for name in ("appname", "appdata", "context")
    }

    assert begin["DestChanVariable"] == f"TOLLGUARD_TOKEN={gatepeer.TOKEN}"
    assert (begin["Context"], begin["DestContext"]) == ("tollguard-dial", "from-trunk")
    assert asked == {"appname": "AppDial", "appdata": "(Outgoing Line)", "context": "from-trunk"}
