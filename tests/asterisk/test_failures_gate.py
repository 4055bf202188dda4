"""The failure table, daemon's part: not there, killed, stopped, or not what it should be."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.failures import Cell, Scene, prove
from tests.asterisk.gatepeer import GatePeer, Script, Session

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("failures-gate")]

DRIP_S = 0.075  # the whole line takes 3 s, and holds the call until its end


@pytest.fixture(scope="module")
def scene(installed: None) -> Iterator[Scene]:
    """Start one for all cells."""
    with Scene() as running:
        yield running


@contextmanager
def not_there(scene: Scene) -> Iterator[None]:
    """Stop it in order."""
    with scene.restarted():
        yield


@contextmanager
def killed(scene: Scene) -> Iterator[None]:
    """End it with SIGKILL."""
    scene.daemon.kill()
    yield
    scene.daemon.start()


@contextmanager
def stopped(scene: Scene) -> Iterator[None]:
    """Stop it with SIGSTOP, without a supervisor that would kill it."""
    scene.daemon.freeze()
    try:
        yield
    finally:
        scene.daemon.thaw()


def drips(session: Session) -> None:
    """Send the verdict a byte at a time, too slowly for the deadline."""
    for byte in b'SET VARIABLE TOLLGUARD_VERDICT "ALLOW"\n' * 100:
        session.send(bytes([byte]))
        time.sleep(DRIP_S)


def answers_late(session: Session) -> None:
    """Allow everything, but half a second after Asterisk gave up."""
    time.sleep(2.5)
    gatepeer.allow()(session)


def in_its_place(script: Script) -> Cell:
    """Let something else answer at the gate's address while the daemon is down."""

    @contextmanager
    def fault(scene: Scene) -> Iterator[None]:
        peer = GatePeer(script)
        asterisk = scene.guarded.asterisk
        with scene.restarted():
            asterisk.cli(f"dialplan set global TOLLGUARD_GATE {peer.address}")
            yield
            asterisk.cli(f"dialplan set global TOLLGUARD_GATE 127.0.0.1:{scene.daemon.gate_port}")
            peer.stop()

    return Cell(fault, shown="not running", again=False)


CELLS = {
    "not there": Cell(not_there, told="stopped", shown="not running"),
    "killed -9": Cell(killed, shown="ended without saying so"),
    "SIGSTOP": Cell(stopped, shown="not running or stalled", again=False),
    "silent": in_its_place(gatepeer.silent),
    "half a line, then closed": in_its_place(gatepeer.half_line_and_close),
    "garbage": in_its_place(gatepeer.garbage),
    "reset": in_its_place(gatepeer.reset_at_once),
    "slow drip": in_its_place(drips),
    "late": in_its_place(answers_late),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_table_holds_without_a_daemon_that_answers(scene: Scene, name: str) -> None:
    """Emergency within 1 s, home by the fail mode, nothing abroad, and status says so."""
    prove(scene, CELLS[name])
