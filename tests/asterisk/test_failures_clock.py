"""The failure table, clock: stepped by an hour either way under a running daemon."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.asterisk.clock import Clock
from tests.asterisk.failures import Cell, Fault, Scene, prove
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("failures-clock")]

HOUR_S = 3_600
SEEN_S = 3.0
BOTH_CLOCKS = "import time; print(time.time(), time.monotonic())"


@pytest.fixture(scope="module")
def scene(installed: None) -> Iterator[Scene]:
    """Start one whose daemon and command line have a clock of their own."""
    with Scene() as running:
        clock = Clock(running.daemon.folder)
        with running.restarted():
            running.daemon.environment.update(clock.environment)
        yield running


def stepped(by_s: int) -> Fault:
    """Step the wall clock, and back at the end."""

    @contextmanager
    def fault(scene: Scene) -> Iterator[None]:
        clock = Clock(scene.daemon.folder)
        clock.step(by_s)
        try:
            yield
        finally:
            clock.step(0)

    return fault


CELLS = {
    "an hour forward": Cell(stepped(HOUR_S), abroad=200, told="clock-stepped"),
    "an hour back": Cell(stepped(-HOUR_S), abroad=200, told="clock-stepped"),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_table_holds_when_the_clock_steps(scene: Scene, name: str) -> None:
    """A step changes no verdict: what is counted is counted by monotonic time."""
    prove(scene, CELLS[name])


def test_a_step_leaves_the_monotonic_clock_alone(tmp_path: Path) -> None:
    """The tests' own claim: an hour's step moves the wall clock by an hour and nothing else."""
    clock = Clock(tmp_path)
    clock.step(HOUR_S)
    read = subprocess.run(
        [sys.executable, "-c", BOTH_CLOCKS],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **clock.environment},
    ).stdout.split()

    assert float(read[0]) - time.time() == pytest.approx(HOUR_S, abs=SEEN_S)
    assert float(read[1]) - time.monotonic() == pytest.approx(0, abs=SEEN_S)


def dials(scene: Scene, code: int) -> bool:
    """Tell whether a call abroad gets this code."""
    return scene.dial(scene.next_abroad()) == code


def test_a_suspension_ends_by_the_wall_clock(scene: Scene) -> None:
    """One of half an hour holds; it is over after a step of an hour, and holds again before."""
    scene.mended()
    scene.daemon.run("suspend", "country", "MC", "--for", "30m", "--reason", "test")
    clock = Clock(scene.daemon.folder)
    for by_s, code in ((0, 403), (HOUR_S, 200), (0, 403), (-HOUR_S, 403)):
        clock.step(by_s)
        until(partial(dials, scene, code), SEEN_S, f"{code} with the clock off by {by_s} s")
    clock.step(0)
    scene.daemon.run("resume", "country", "MC")

    until(partial(dials, scene, 200), SEEN_S, "the country is open again")
