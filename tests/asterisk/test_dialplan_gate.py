"""Shows on a real Asterisk that the verdict variable is the only way through the gate."""

import time
from collections.abc import Iterator

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.etc import Site
from tests.asterisk.gatepeer import Script
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world, stop_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-gate")]

ABROAD = "01037793123456"
HOME = "0312345678"

MISBEHAVIOURS: dict[str, Script] = {
    "closes at once": gatepeer.close_at_once,
    "resets": gatepeer.reset_at_once,
    "sends half a line and closes": gatepeer.half_line_and_close,
    "sends garbage": gatepeer.garbage,
    "stays silent": gatepeer.silent,
    "sets the number but no verdict": gatepeer.number_without_verdict,
    "allows without a limit": gatepeer.allow(limit_ms=""),
    "allows with limit 0": gatepeer.allow(limit_ms="0"),
    "allows with a limit in words": gatepeer.allow(limit_ms="abc"),
    "allows without a number": gatepeer.allow(number=""),
    "allows a number with a second destination": gatepeer.allow(number="03&PJSIP/trunk-b/0900"),
}

# What an operator's own context, or an attacker's Originate, may have set before.
FORGED = """[forged]
exten => 9,1,Set(TOLLGUARD_VERDICT=ALLOW)
 same => n,Set(TOLLGUARD_NUMBER=01037793123456)
 same => n,Set(TOLLGUARD_LIMIT_MS=60000)
 same => n,Goto(tollguard-outbound,01037793123456,1)
"""


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one with a context that forges a verdict."""
    world = start_world(Site(dialplan=FORGED))
    yield world
    stop_world(world)


def test_an_allowed_call_reaches_the_trunk(world: World) -> None:
    """ALLOW with a number and a limit lets the call through, answered."""
    assert world.phone.dial(HOME) == 200
    assert world.trunk.numbers() == [HOME.encode()]


def test_a_denied_call_ends_with_403(world: World) -> None:
    """DENY refuses at home as well as abroad: a denial is no missing verdict."""
    world.reset(gatepeer.deny)

    assert world.phone.dial(HOME) == 403
    assert world.phone.dial(ABROAD) == 403
    assert world.trunk.numbers() == []


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
def test_without_a_whole_verdict_no_call_goes_abroad(world: World, misbehaviour: str) -> None:
    """Whatever else the gate does, an international call is refused within 3 s."""
    world.reset(MISBEHAVIOURS[misbehaviour])
    begin_s = time.monotonic()

    assert world.phone.dial(ABROAD) == 403
    assert time.monotonic() - begin_s < 3.0
    assert len(world.gate.environments) == 1
    assert world.trunk.numbers() == []


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
def test_without_a_whole_verdict_the_fail_mode_lets_domestic_calls_pass(
    world: World, misbehaviour: str
) -> None:
    """A domestic number reaches the trunk by the written fail mode, within 3 s."""
    world.reset(MISBEHAVIOURS[misbehaviour])
    begin_s = time.monotonic()

    assert world.phone.dial(HOME) == 200
    assert world.trunk.calls[0].at_s - begin_s < 3.0
    assert world.trunk.numbers() == [HOME.encode()]


def test_the_number_on_the_trunk_is_the_judged_one_byte_for_byte(world: World) -> None:
    """What the gate answered is dialled, and not what the phone sent."""
    world.reset(gatepeer.allow(number="+81312345678"))

    assert world.phone.dial("0312345678") == 200
    assert world.trunk.numbers() == [b"+81312345678"]


def test_the_gate_hears_the_number_and_the_trunk(world: World) -> None:
    """Both arguments reach the gate whole, and the key is not among them."""
    assert world.phone.dial(HOME) == 200
    environment = world.gate.environments[0]

    assert (environment["agi_arg_1"], environment["agi_arg_2"]) == ("trunk", HOME)
    assert environment["agi_network_script"] == "gate"
    assert world.asterisk.access.key not in " ".join(environment.values())


def test_a_verdict_of_an_earlier_call_counts_for_nothing(world: World) -> None:
    """Variables that were set before the gate are cleared."""
    world.reset(gatepeer.close_at_once)
    world.asterisk.originate("9", "forged")

    until(lambda: world.gate.environments, 5, "the gate is asked")
    until(lambda: not world.asterisk.channels(), 5, "the call is refused")
    assert world.trunk.numbers() == []


def test_the_limit_cuts_the_call(world: World) -> None:
    """A call ends by itself after the judged milliseconds."""
    world.reset(gatepeer.allow(limit_ms="1500"))
    with world.phone.call(HOME, hold_s=20) as run:
        run.answered()
        run.cut(timeout_s=5)
        call = world.trunk.calls[0]
        until(lambda: call.ended_at_s, 5, "the trunk's leg ends")

    assert call.answered_at_s is not None
    assert call.ended_at_s is not None
    assert 1.3 < call.ended_at_s - call.answered_at_s < 3.0
