"""Shows on a real Asterisk that no limit is lost at the gate, and none holds an emergency call."""

import time
from collections.abc import Iterator

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.etc import Site
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.sippeer import ReceivedCall
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world, stop_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-limits")]

# 8 before the number sets a time-out of 3 s on the caller, as an operator's own limit would;
# 5 does the same, and dials 110 when the trunk fails;
# 6 lets a redirected call come back into the phones' context; 7 has two trunks.
PHONES = """exten => _8.,1,Set(TIMEOUT(absolute)=3)
 same => n,Goto(tollguard-outbound,${FILTER(0-9,${EXTEN:1})},1)
exten => _6.,1,Set(__FORWARD_CONTEXT=phones)
 same => n,Goto(tollguard-outbound,${FILTER(0-9,${EXTEN:1})},1)
exten => _4.,1,Set(BLINDTRANSFER=PJSIP/6002-0000002a)
 same => n,Goto(both,${FILTER(0-9,${EXTEN:1})},1)
exten => _7.,1,Goto(both,${FILTER(0-9,${EXTEN:1})},1)
exten => _5.,1,Set(TIMEOUT(absolute)=3)
 same => n,Goto(then-110,${FILTER(0-9,${EXTEN:1})},1)
include => tollguard-outbound
"""
DIALPLAN = """[both]
exten => _[0-9+*#].,1,Gosub(tollguard-dial,s,1(trunk))
 same => n,Gosub(tollguard-dial,s,1(trunk-b))
[then-110]
exten => _[0-9+*#].,1,Gosub(tollguard-dial,s,1(trunk))
 same => n,Wait(0.2)
 same => n,Goto(tollguard-outbound,110,1)
"""


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one with an operator's own limit and a second trunk."""
    world = start_world(Site(phones=PHONES, dialplan=DIALPLAN))
    yield world
    stop_world(world)


def lasted_s(call: ReceivedCall) -> float:
    """Tell how long a call stood, from answer to end."""
    until(lambda: call.ended_at_s, 8, "the trunk's leg ends")
    assert call.answered_at_s is not None
    assert call.ended_at_s is not None
    return call.ended_at_s - call.answered_at_s


@pytest.mark.parametrize("script", [gatepeer.allow(), gatepeer.silent], ids=["allow", "silent"])
def test_a_limit_that_runs_already_goes_on_behind_the_gate(
    world: World, script: gatepeer.Script
) -> None:
    """The caller's own 3 s end the call, the time that the gate took included."""
    world.reset(script)
    with world.phone.call("80312345678", hold_s=15) as run:
        run.answered()
        run.cut()
        begin_s = run.started_at_s
        until(lambda: world.trunk.calls[0].ended_at_s, 5, "the trunk's leg ends")
        ended_at_s = world.trunk.calls[0].ended_at_s

    assert ended_at_s is not None
    assert 2.5 < ended_at_s - begin_s < 4.5


def test_an_emergency_call_outlives_the_callers_limit(world: World) -> None:
    """The caller's time-out is cleared: 4 s stand where 3 s were set."""
    assert world.phone.dial("8110", hold_s=4) == 200
    assert world.trunk.numbers() == [b"110"]
    assert lasted_s(world.trunk.calls[0]) > 3.5


def test_a_limited_leg_that_is_transferred_to_110_keeps_its_limit(world: World) -> None:
    """A REFER to an emergency number lifts the caller's limit, never that of a trunk's leg."""
    world.reset(gatepeer.allow(limit_ms="3000"))
    with RawPhone(world.asterisk.access) as phone:
        dialog = phone.call("0312345678")
        world.asterisk.wait_bridged()
        assert phone.refer(dialog, "110") == 202
        # a phone that hung up earlier would take the leg with it
        until(lambda: world.trunk.numbers() == [b"0312345678", b"110"], 5, "110 is called")
        phone.hang_up(dialog)
        lasted = lasted_s(world.trunk.calls[0])

    assert abs(lasted - 3.0) < 0.2
    lasted_s(world.trunk.calls[1])


def test_the_mark_of_a_trunks_leg_costs_its_caller_nothing(world: World) -> None:
    """Who called a trunk before is unlimited when 110 follows: the mark is the leg's alone."""
    world.trunk.status = b"503 Service Unavailable"
    with world.phone.call("50312345678", hold_s=4) as run:
        until(lambda: world.trunk.numbers() == [b"0312345678"], 5, "the trunk is tried")
        world.trunk.status = b"200 OK"
        run.wait()
        assert run.final("INVITE") == 200

    assert world.trunk.numbers() == [b"0312345678", b"110"]
    assert lasted_s(world.trunk.calls[1]) > 3.5


def test_a_failed_trunk_on_the_way_does_not_take_the_mark_off(world: World) -> None:
    """A limited leg that is sent to another trunk, in vain, and then to 110 keeps its limit."""
    world.reset(gatepeer.allow(limit_ms="3000"))
    with RawPhone(world.asterisk.access) as phone:
        dialog = phone.call("0312345678")
        world.asterisk.wait_bridged()
        world.trunk.status = b"503 Service Unavailable"
        assert phone.refer(dialog, "50312345678") == 202
        until(lambda: len(world.trunk.calls) == 2, 5, "the other trunk is tried")
        world.trunk.status = b"200 OK"
        until(lambda: world.trunk.numbers()[2:] == [b"110"], 5, "110 is called")
        phone.hang_up(dialog)
        lasted = lasted_s(world.trunk.calls[0])

    assert abs(lasted - 3.0) < 0.2
    lasted_s(world.trunk.calls[2])


@pytest.mark.parametrize(
    "headers",
    [
        b"TOLLGUARD_LEG: 1\r\n",
        b"X-TOLLGUARD_LEG: 1\r\n",
        b"Diversion: <sip:6009@pbx;TOLLGUARD_LEG=1>;TOLLGUARD_LEG=1\r\n",
        b"User-to-User: TOLLGUARD_LEG=1\r\n",
    ],
)
def test_no_header_of_a_phones_makes_it_a_trunks_leg(world: World, headers: bytes) -> None:
    """An emergency call from a phone that claims the mark outlives the caller's limit."""
    with RawPhone(world.asterisk.access) as phone:
        dialog = phone.call("8110", b'"TOLLGUARD_LEG=1"', headers)
        call = world.trunk.calls[0]
        begin_s = call.at_s
        with pytest.raises(AssertionError):
            until(lambda: call.ended_at_s, 3.6, "the call is cut")
        assert time.monotonic() - begin_s > 3.5
        phone.hang_up(dialog)


def test_a_second_line_tries_another_trunk(world: World) -> None:
    """A trunk that fails leads to the next one, where the call is judged again."""
    world.trunk.status = b"503 Service Unavailable"

    assert world.phone.dial("70312345678") == 200
    assert (world.trunk.numbers(), world.trunk_b.numbers()) == ([b"0312345678"], [b"0312345678"])
    assert [e["agi_arg_1"] for e in world.gate.environments] == ["trunk", "trunk-b"]


def test_the_second_trunks_pass_is_told_of_the_transfer_too(world: World) -> None:
    """Who transferred the call is responsible on every trunk that is tried for it."""
    told: list[str] = []

    def script(session: gatepeer.Session) -> None:
        told.append(session.command('GET FULL VARIABLE "${BLINDTRANSFER}"'))
        gatepeer.allow()(session)

    world.reset(script)
    world.trunk.status = b"503 Service Unavailable"

    assert world.phone.dial("40312345678") == 200
    assert told == ["200 result=1 (PJSIP/6002-0000002a)"] * 2


def test_a_refused_call_tries_no_other_trunk(world: World) -> None:
    """A denial ends the call at once."""
    world.reset(gatepeer.deny)

    assert world.phone.dial("70312345678") == 403
    assert len(world.gate.environments) == 1


def test_a_trunks_redirection_is_not_followed(world: World) -> None:
    """A 302 of the trunk reaches neither the dialplan nor another trunk."""
    world.trunk.status = b"302 Moved Temporarily"

    assert world.phone.dial("60312345678") != 200
    assert [e["agi_arg_2"] for e in world.gate.environments] == ["0312345678"]
    assert world.trunk_b.numbers() == []


def test_a_call_without_a_phone_is_judged_as_well(world: World) -> None:
    """An originated Local channel passes the same gate."""
    world.reset(gatepeer.deny)
    world.asterisk.originate("01037793123456")

    until(lambda: world.gate.environments, 5, "the gate is asked")
    until(lambda: not world.asterisk.channels(), 5, "the call is refused")
    assert world.trunk.numbers() == []
