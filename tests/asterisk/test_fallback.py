"""Shows on a real Asterisk what `tollguard-agi` answers while the daemon gives no verdict."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from policies.kept import of_store
from policies.policy import Grant, Mode, Policy, Suspension, SuspensionKind, Trunk
from policies.policy import Site as PolicySite
from tests.asterisk import gatepeer
from tests.asterisk.etc import Site
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world, stop_world
from tollguard.snapshot_file import look_at_snapshot, write_snapshot

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("fallback")]

SCRIPT = Path(sys.executable).with_name("tollguard-agi")
HOME, MOBILE, ABROAD = "0312345678", "09012345678", "01037793123456"


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one that has the real script in its folder for AGI."""
    world = start_world(Site(globals={"TOLLGUARD_FALLBACK": "tollguard-agi"}))
    (world.asterisk.folder / "agi" / "tollguard-agi").symlink_to(SCRIPT)
    yield world
    stop_world(world)


@pytest.fixture
def snapshot(world: World) -> Iterator[Path]:
    """Give the snapshot's path, with no snapshot there; the gate gives no verdict."""
    world.reset(gatepeer.close_at_once)
    path = world.asterisk.folder / "snapshot.json"
    for file in (path, path.with_name("observe")):
        file.unlink(missing_ok=True)
    yield path
    for file in (path, path.with_name("observe")):
        file.unlink(missing_ok=True)


def keep(path: Path, mode: Mode, *suspensions: Suspension) -> None:
    """Keep a policy in which 6001 may call every country."""
    site = PolicySite(trunks=(Trunk("trunk"), Trunk("trunk-b")))
    policy = Policy(7, site, mode, suspensions, (Grant(1, "6001", None),))
    assert write_snapshot(path, of_store(policy))
    assert look_at_snapshot(path).kept is not None


def suspension(kind: SuspensionKind, target: str) -> Suspension:
    return Suspension(1, kind, target, 0.0, None, "stolen", "alice(1000)")


def test_home_is_reached_with_the_policy_s_limit(world: World, snapshot: Path) -> None:
    """Not with the fail mode's hour: it was judged."""
    keep(snapshot, Mode.ENFORCE)

    assert world.phone.dial(HOME) == 200
    assert world.trunk.numbers() == [HOME.encode()]
    assert "Setting call duration limit to 14400.000 seconds" in world.asterisk.log()


@pytest.mark.parametrize("number", [ABROAD, "0033010" + ABROAD[3:], "0570012345", "09901234567"])
def test_what_costs_money_is_refused(world: World, snapshot: Path, number: str) -> None:
    """Although 6001 may call there while the daemon judges."""
    keep(snapshot, Mode.ENFORCE)

    assert world.phone.dial(number) == 403
    assert world.trunk.numbers() == []


@pytest.mark.parametrize("mode", list(Mode))
def test_a_suspended_endpoint_reaches_only_emergencies(
    world: World, snapshot: Path, mode: Mode
) -> None:
    """The written fail mode alone would let it call home."""
    keep(snapshot, mode, suspension(SuspensionKind.ENDPOINT, "6001"))

    assert world.phone.dial(HOME) == 403
    assert world.phone.dial("110") == 200
    assert world.trunk.numbers() == [b"110"]


def test_observing_lets_all_pass_as_it_was_dialled(world: World, snapshot: Path) -> None:
    """For a day; what the operator suspended himself does not."""
    keep(snapshot, Mode.OBSERVE, suspension(SuspensionKind.COUNTRY, "MC"))

    assert world.phone.dial("0570012345") == 200
    assert world.phone.dial("010861012345678") == 200
    assert world.phone.dial(ABROAD) == 403
    assert world.trunk.numbers() == [b"0570012345", b"010861012345678"]
    assert "Setting call duration limit to 86400.000 seconds" in world.asterisk.log()


@pytest.mark.parametrize("data", [None, b"", b'{"ahead":[],"base":7,"for'])
def test_without_a_snapshot_the_fail_mode_answers(
    world: World, snapshot: Path, data: bytes | None
) -> None:
    """Home for an hour, nothing abroad."""
    if data is not None:
        snapshot.write_bytes(data)

    assert world.phone.dial(HOME) == 200
    assert world.phone.dial(ABROAD) == 403
    assert world.trunk.numbers() == [HOME.encode()]
    assert "Setting call duration limit to 3600.000 seconds" in world.asterisk.log()


def running_scripts() -> list[int]:
    """Find the processes of the script that run now."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.endswith(b"agi/tollguard-agi") for word in words):
            found.append(int(command.parent.name))
    return found


def test_a_stopped_script_is_left_at_the_deadline(world: World, snapshot: Path) -> None:
    """SIGSTOP while it waits for its file: two seconds later the fail mode answers; 110 at once."""
    os.mkfifo(snapshot)
    begin_s = time.monotonic()
    with world.phone.call(HOME, hold_s=1) as run:
        (pid,) = until(running_scripts, 5, "the script runs")
        os.kill(pid, signal.SIGSTOP)
        run.answered()
        waited_s = world.trunk.calls[0].at_s - begin_s
        run.wait()
    emergency_s = time.monotonic()
    answer = world.phone.dial("110")
    took_s = world.trunk.calls[1].at_s - emergency_s
    os.kill(pid, signal.SIGKILL)

    assert 1.5 < waited_s < 4.0
    assert (answer, took_s < 1.0) == (200, True)
    assert world.trunk.numbers() == [HOME.encode(), b"110"]


def test_a_script_that_is_late_ends_by_itself(world: World, snapshot: Path) -> None:
    """Nothing is left behind of a call whose deadline passed."""
    os.mkfifo(snapshot)

    assert world.phone.dial(MOBILE) == 200
    until(lambda: not running_scripts(), 5, "the script ended")
