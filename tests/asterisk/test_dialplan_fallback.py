"""Shows on a real Asterisk how the dialplan asks the fallback, and what it believes of it."""

import time
from collections.abc import Iterator

import pytest

from tests.asterisk import gatepeer, scripts
from tests.asterisk.etc import Site
from tests.asterisk.scripts import Script
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world, stop_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-fallback")]

HOME = "0312345678"
ABROAD = "01037793123456"
# 8 before the number sets a time-out of 3 s on the caller, as an operator's own limit would.
PHONES = """exten => _8.,1,Set(TIMEOUT(absolute)=3)
 same => n,Goto(tollguard-outbound,${FILTER(0-9,${EXTEN:1})},1)
include => tollguard-outbound
"""


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one whose fallback is a script that each test writes."""
    site = Site(globals={"TOLLGUARD_FALLBACK": "stand-in", "TOLLGUARD_PROMPT": ""}, phones=PHONES)
    world = start_world(site)
    yield world
    stop_world(world)


@pytest.fixture
def script(world: World) -> Iterator[Script]:
    """Hand out the script; the gate gives no verdict."""
    world.reset(gatepeer.close_at_once)
    stand_in = Script(world.asterisk.folder)
    yield stand_in
    stand_in.kill()


def test_the_script_judges_where_the_gate_did_not(world: World, script: Script) -> None:
    """Its number is dialled; it was told the trunk, the dialled number and the snapshot."""
    script.write(scripts.ALLOW)

    assert world.phone.dial(HOME) == 200
    assert world.trunk.numbers() == [b"0398765432"]
    assert script.arguments() == [["trunk", HOME, f"{world.asterisk.folder}/snapshot.json"]]


def test_what_the_script_denies_is_refused(world: World, script: Script) -> None:
    """A denial of its is no missing verdict: not even a call at home passes."""
    script.write(scripts.DENY)

    assert world.phone.dial(HOME) == 403
    assert world.trunk.numbers() == []


@pytest.mark.parametrize("gate", [gatepeer.allow(), gatepeer.deny], ids=["allow", "deny"])
def test_a_verdict_of_the_gates_needs_no_script(
    world: World, script: Script, gate: gatepeer.Script
) -> None:
    """The process starts only where the gate gave none."""
    script.write(scripts.ALLOW)
    world.reset(gate)

    assert world.phone.dial(HOME) in {200, 403}
    assert script.arguments() == []


@pytest.mark.parametrize("way", scripts.BROKEN)
def test_a_broken_script_leads_to_the_fail_mode(world: World, script: Script, way: str) -> None:
    """Within the deadline a call at home passes, by its own number, and one abroad is refused."""
    script.write(scripts.BROKEN[way])
    begin_s = time.monotonic()

    assert world.phone.dial(HOME) == 200
    assert world.trunk.calls[0].at_s - begin_s < 3.0
    assert world.phone.dial(ABROAD) == 403
    assert world.trunk.numbers() == [HOME.encode()]
    assert "Setting call duration limit to 3600.000 seconds" in world.asterisk.log()


def test_a_silent_gate_and_a_silent_script_cost_four_seconds(world: World, script: Script) -> None:
    """Each has its deadline of 2 s."""
    script.write(scripts.BROKEN["is stopped"])
    world.reset(gatepeer.silent)
    begin_s = time.monotonic()

    assert world.phone.dial(HOME) == 200
    assert 3.5 < world.trunk.calls[0].at_s - begin_s < 5.0


def test_an_emergency_call_starts_no_script(world: World, script: Script) -> None:
    """110 is dialled within a second, with gate and script stopped."""
    script.write(scripts.BROKEN["is stopped"])
    world.reset(gatepeer.silent)
    begin_s = time.monotonic()

    assert world.phone.dial("110") == 200
    assert world.trunk.calls[0].at_s - begin_s < 1.0
    assert script.arguments() == []


@pytest.mark.parametrize("way", ["is silent", "exits at once"])
def test_a_limit_that_runs_goes_on_behind_the_script(
    world: World, script: Script, way: str
) -> None:
    """The caller's own 3 s end the call, what gate and script took included."""
    script.write(scripts.BROKEN[way])
    with world.phone.call("8" + HOME, hold_s=15) as run:
        run.answered()
        run.cut()
        call = world.trunk.calls[0]
        until(lambda: call.ended_at_s, 5, "the trunk's leg ends")

    assert call.ended_at_s is not None
    assert 2.5 < call.ended_at_s - run.started_at_s < 4.5


@pytest.mark.parametrize("where", ["{script}", "../agi/stand-in", "agi://127.0.0.1:9/gate"])
def test_nothing_outside_agi_bin_is_run(world: World, script: Script, where: str) -> None:
    """Who may set globals through AMI starts no program of his own: the fail mode answers."""
    script.write(scripts.ALLOW)
    place = where.format(script=script.path)
    world.asterisk.cli(f"dialplan set global TOLLGUARD_FALLBACK {place}")
    try:
        assert world.phone.dial(HOME) == 200
    finally:
        world.asterisk.cli("dialplan set global TOLLGUARD_FALLBACK stand-in")

    assert script.arguments() == []
    assert world.trunk.numbers() == [HOME.encode()]


def test_at_most_eight_run_at_once(world: World, script: Script) -> None:
    """The calls beyond them go by the fail mode at once, and later ones start scripts again."""
    script.write(scripts.BROKEN["is silent"])
    begin_s = time.monotonic()
    for _call in range(11):
        world.asterisk.originate(HOME)

    until(lambda: len(world.trunk.calls) == 11, 15, "all calls reached the trunk")
    at_once = [call for call in world.trunk.calls if call.at_s - begin_s < 1.9]
    started = len(script.arguments())
    world.asterisk.cli("channel request hangup all")
    until(lambda: not world.asterisk.channels(), 5, "no channel left")
    script.write(scripts.ALLOW)

    assert started == 8
    assert len(at_once) == 3
    assert world.phone.dial(HOME) == 200
    assert world.trunk.numbers()[-1] == b"0398765432"
