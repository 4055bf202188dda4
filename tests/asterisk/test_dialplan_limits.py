"""Shows on a real Asterisk that no limit is lost at the gate, and none holds an emergency call."""

from collections.abc import Iterator

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.etc import Site
from tests.asterisk.sippeer import ReceivedCall
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world, stop_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-limits")]

# 8 before the number sets a time-out of 3 s on the caller, as an operator's own limit would;
# 6 lets a redirected call come back into the phones' context; 7 has two trunks.
PHONES = """exten => _8.,1,Set(TIMEOUT(absolute)=3)
 same => n,Goto(tollguard-outbound,${FILTER(0-9,${EXTEN:1})},1)
exten => _6.,1,Set(__FORWARD_CONTEXT=phones)
 same => n,Goto(tollguard-outbound,${FILTER(0-9,${EXTEN:1})},1)
exten => _7.,1,Goto(both,${FILTER(0-9,${EXTEN:1})},1)
include => tollguard-outbound
"""
DIALPLAN = """[both]
exten => _[0-9+*#].,1,Gosub(tollguard-dial,s,1(trunk))
 same => n,Gosub(tollguard-dial,s,1(trunk-b))
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


def test_a_second_line_tries_another_trunk(world: World) -> None:
    """A trunk that fails leads to the next one, where the call is judged again."""
    world.trunk.status = b"503 Service Unavailable"

    assert world.phone.dial("70312345678") == 200
    assert (world.trunk.numbers(), world.trunk_b.numbers()) == ([b"0312345678"], [b"0312345678"])
    assert [e["agi_arg_1"] for e in world.gate.environments] == ["trunk", "trunk-b"]


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
