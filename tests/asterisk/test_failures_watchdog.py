"""Shows that systemd's watchdog ends what no time-out in Asterisk ends: a gate that stalls."""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.asterisk.guarded import Guarded
from tests.asterisk.sipp import phone
from tests.asterisk.supervisor import Supervisor, read_unit, seconds
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("failures-watchdog")]

MONACO = "01037793123456"
TOKYO = "0312345678"
ROOT = Path(__file__).parents[2]
CHALLENGED = 401
CHECK_S = 2.0  # the supervisor's own part, on a busy machine


@pytest.fixture(scope="module")
def running(installed: None) -> Iterator[Guarded]:
    """Start one product that enforces under the shipped unit's rules."""
    with Guarded(unit=read_unit()) as guarded:
        guarded.daemon.enforce("6001")
        assert guarded.phone.register() == 200
        yield guarded


@pytest.fixture
def guarded(running: Guarded) -> Iterator[Guarded]:
    """Hand it out judging calls and with an empty trunk; afterwards nothing is left."""
    running.daemon.wait_ready()
    with running.lent():
        yield running


@pytest.mark.parametrize(
    ("span", "expected_s"), [("5", 5.0), ("100ms", 0.1), ("1s", 1.0), ("2min", 120.0)]
)
def test_a_units_times_are_read(span: str, expected_s: float) -> None:
    """A number alone is seconds; ms, s and min are understood."""
    assert seconds(span) == pytest.approx(expected_s)


def test_the_unit_gives_up_never_and_watches_closely() -> None:
    """The shipped unit restarts always and soon, and a stall is noticed within 5 s."""
    unit = read_unit()

    assert (unit.restart, unit.watchdog_s) == ("always", 5.0)
    assert unit.restart_s <= 0.1


def test_a_stopped_daemon_is_killed_by_its_watchdog_and_judges_again(guarded: Guarded) -> None:
    """Emergency and home go on meanwhile, abroad is refused; then the grant holds again."""
    supervisor = guarded.daemon.supervisor
    assert supervisor is not None
    before = len(supervisor.ends)
    stopped_at_s = time.monotonic()
    guarded.daemon.freeze()
    codes = [guarded.phone.dial(number) for number in ("110", TOKYO, MONACO)]
    until(lambda: len(supervisor.ends) > before, 10, "the watchdog bites")
    guarded.daemon.wait_ready()

    assert codes == [200, 200, 403]
    assert supervisor.ends[-1].result == "watchdog"
    assert supervisor.ends[-1].at_s - stopped_at_s < read_unit().watchdog_s + CHECK_S
    assert "Fatal Python error: Aborted" in guarded.daemon.journal()
    assert guarded.phone.dial(MONACO) == 200


def test_a_killed_daemon_is_started_again(guarded: Guarded) -> None:
    """SIGKILL is followed by a start, and the next call abroad is judged as before."""
    pid = guarded.daemon.pid
    guarded.daemon.kill()
    until(lambda: guarded.daemon.pid not in {0, pid}, 10, "another process")
    guarded.daemon.wait_ready()

    assert guarded.phone.dial(MONACO) == 200


def test_half_a_line_on_an_open_socket_ends_with_the_kill(guarded: Guarded, tmp_path: Path) -> None:
    """A call is held past every time-out, others meet the fail mode, and the kill frees it.

    That a child of the stalled gate goes on beating keeps nothing alive (NotifyAccess=main).
    """
    guarded.daemon.stop()
    unit = replace(
        read_unit(),
        before=(),
        after=(),
        command=f"{sys.executable} -m tests.asterisk.supervisor_stall {guarded.daemon.gate_port}",
    )
    stalled = Supervisor(unit, tmp_path / "journal", {"PYTHONPATH": str(ROOT)})
    stalled.start()
    try:
        until(lambda: stalled.ready, 10, "the stalled gate is ready")
        with guarded.phone.call(TOKYO) as held:
            until(guarded.asterisk.channels, 5, "the call is in Asterisk")
            other = phone(guarded.asterisk.access, "6001", "127.0.0.11")
            codes = [other.dial(number) for number in ("110", "0398765432", MONACO)]
            assert held.final("INVITE") == CHALLENGED
            until(lambda: stalled.ends, unit.watchdog_s + CHECK_S, "the watchdog bites")
            held.answered(CHECK_S)
    finally:
        stalled.stop()
        guarded.daemon.start()

    assert codes == [200, 200, 403]
    assert guarded.trunk.numbers() == [b"110", b"0398765432", TOKYO.encode()]
    assert stalled.ends[0].result == "watchdog"
