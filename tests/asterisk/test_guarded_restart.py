"""Shows that calls begun unseen, over a restart or without AMI, are listed, counted and cut."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.asterisk.guarded import Guarded
from tests.asterisk.relay import Relay
from tests.asterisk.sipp import Run, phone
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("guarded-restart")]

MONACO = "01037793123456"
TOKYO = "0312345678"
HOLD_S = 25.0
ADOPTED_S = 3.0


@pytest.fixture
def guarded(installed: None) -> Iterator[Guarded]:
    """Start a product of its own for each test, with a right to call Monaco."""
    with Guarded() as running:
        running.daemon.enforce("6001")
        assert running.phone.register() == 200
        yield running


@pytest.fixture
def calls() -> Iterator[ExitStack]:
    """Hold the calls of a test and end them."""
    with ExitStack() as held:
        yield held


def call_up(guarded: Guarded, calls: ExitStack, number: str, name: str = "6001") -> Run:
    """Have a call answered, each from a port of its own."""
    caller = phone(guarded.asterisk.access, name, "127.0.0.11")
    run = calls.enter_context(caller.call(number, HOLD_S))
    run.answered()
    return run


def restart(guarded: Guarded) -> None:
    """End the daemon with SIGKILL and start it again."""
    guarded.daemon.kill()
    guarded.daemon.start()


def listed(guarded: Guarded, count: int) -> list[tuple[Any, ...]]:
    """Wait until so many calls are listed, and return what each is."""

    def told() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = guarded.daemon.report("calls")
        return rows if len(rows) == count else []

    rows = until(told, ADOPTED_S, f"{count} calls are listed")
    return sorted((r["dialled"], r["endpoint"], r["country"], r["state"]) for r in rows)


def test_after_kill_9_a_running_call_is_listed_counted_and_cut_by_country(
    guarded: Guarded, calls: ExitStack
) -> None:
    """Two calls that outlived the daemon hold both slots, and end as their country is suspended."""
    runs = [call_up(guarded, calls, MONACO) for _ in range(2)]
    restart(guarded)

    assert listed(guarded, 2) == [(MONACO, "6001", "MC", "up")] * 2
    assert guarded.phone.dial(MONACO) == 403
    guarded.daemon.run("suspend", "country", "MC", "--for", "1h", "--reason", "test")
    for run in runs:
        run.cut(timeout_s=5)


def test_after_kill_9_the_calls_of_a_suspended_endpoint_are_cut(
    guarded: Guarded, calls: ExitStack
) -> None:
    """A domestic call, which has no row in the ledger, is its caller's by the stored verdict."""
    abroad, domestic = call_up(guarded, calls, MONACO), call_up(guarded, calls, TOKYO)
    until(lambda: len(guarded.daemon.report("verdicts")) == 2, 5, "both verdicts are stored")
    restart(guarded)

    assert listed(guarded, 2) == [(MONACO, "6001", "MC", "up"), (TOKYO, "6001", "JP", "up")]
    guarded.daemon.run("suspend", "endpoint", "6001", "--for", "1h", "--reason", "test")
    abroad.cut(timeout_s=5)
    domestic.cut(timeout_s=5)


def test_after_kill_9_emergency_legs_stand_and_inbound_ones_are_left_alone(
    guarded: Guarded, calls: ExitStack
) -> None:
    """110 stays up with everything suspended, and who called in by the trunk is not even listed."""
    guarded.asterisk.cli("dialplan add extension 777,1,Answer, into from-trunk")
    guarded.asterisk.cli("dialplan add extension 777,2,Wait,60 into from-trunk")
    call_up(guarded, calls, "777", name="trunk")
    call_up(guarded, calls, "110")
    abroad = call_up(guarded, calls, MONACO)
    restart(guarded)

    assert listed(guarded, 2) == [(MONACO, "6001", "MC", "up"), ("110", None, "JP", "up")]
    for what in (("international",), ("country", "JP"), ("endpoint", "6001")):
        guarded.daemon.run("suspend", *what, "--for", "1h", "--reason", "test")
    abroad.cut(timeout_s=5)
    guarded.daemon.command("calls", "hangup", "--country", "JP")
    assert listed(guarded, 1) == [("110", None, "JP", "up")]
    assert len(guarded.asterisk.channels()) == 3


def test_a_call_begun_without_ami_is_adopted_after_the_reconnect(
    guarded: Guarded, calls: ExitStack
) -> None:
    """What was dialled and answered unseen is listed with its caller, and cut when suspended."""
    access = guarded.asterisk.access
    relay = Relay((access.address, access.ami_port))
    calls.callback(relay.stop)
    guarded.daemon.stop()
    text = guarded.daemon.config.read_text()
    guarded.daemon.config.write_text(
        text.replace(f"port = {access.ami_port}\n", f"port = {relay.port}\n")
    )
    guarded.daemon.start()
    before = call_up(guarded, calls, MONACO)
    relay.cut()
    until(lambda: guarded.daemon.status()["blind"], 5, "the daemon is blind")
    within = call_up(guarded, calls, MONACO)
    relay.mend()
    until(lambda: not guarded.daemon.status()["blind"], 20, "the daemon sees again")

    assert listed(guarded, 2) == [(MONACO, "6001", "MC", "up")] * 2
    guarded.daemon.run("suspend", "country", "MC", "--for", "1h", "--reason", "test")
    before.cut(timeout_s=5)
    within.cut(timeout_s=5)
