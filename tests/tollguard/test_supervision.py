"""What systemd is told, and that a task's bug does not end the daemon."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ami_listener.protocol import TURN_S
from tests.until import until
from tollguard import supervision
from tollguard.supervision import (
    feed_watchdog,
    hand_over_soon,
    keep_running,
    notify,
    on_signals,
    watchdog_interval_s,
)


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Listen where systemd would."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.bind(str(path))
        peer.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield peer


def test_a_state_is_one_datagram(systemd: socket.socket) -> None:
    """The state reaches systemd's socket as it is."""
    assert notify("READY=1\nSTATUS=judging calls")
    assert systemd.recv(1_000) == b"READY=1\nSTATUS=judging calls"


def test_an_abstract_socket_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that begins with @ is an abstract one."""
    name = f"tollguard-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")

        assert notify("STOPPING=1")


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all"])
def test_nobody_to_tell_is_no_error(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without systemd, or with its socket gone, telling it does nothing."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)

    assert not notify("READY=1")


@pytest.mark.parametrize(
    ("usec", "pid", "interval_s"),
    [
        ("", "", None),
        ("0", "", None),
        ("soon", "", None),
        ("3000000", "", 1.0),
        ("3000000", "1", None),
        ("3000000", "own", 1.0),
    ],
)
def test_the_watchdog_is_fed_thrice_in_its_time(
    usec: str, pid: str, interval_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interval follows WATCHDOG_USEC when it is meant for this process."""
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", pid)):
        if value:
            monkeypatch.setenv(name, str(os.getpid()) if value == "own" else value)
        else:
            monkeypatch.delenv(name, raising=False)

    assert watchdog_interval_s() == interval_s


async def test_the_watchdog_is_fed_from_the_loop(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the loop runs, datagrams come; without a watchdog the task ends at once."""
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    await feed_watchdog()
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    async with asyncio.TaskGroup() as group:
        feeding = group.create_task(feed_watchdog())
        told = [await asyncio.to_thread(systemd.recv, 100) for _ in range(2)]
        feeding.cancel()

    assert told == [b"WATCHDOG=1", b"WATCHDOG=1"]


async def test_signals_stop_and_reload() -> None:
    """SIGHUP reloads; SIGTERM and SIGINT stop."""
    told: list[str] = []
    on_signals(lambda: told.append("stop"), lambda: told.append("reload"))
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        os.kill(os.getpid(), number)
        seen = len(told)
        await until(lambda seen=seen: len(told) > seen or len(told) == 3, 5)  # type: ignore[misc]
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)

    assert told == ["reload", "stop", "stop"]


async def test_a_task_with_a_bug_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception is told and the task runs again, until it returns."""
    monkeypatch.setattr(supervision, "AGAIN_S", 0.0)
    runs: list[int] = []

    async def work() -> None:
        runs.append(1)
        if len(runs) < 3:
            message = "bug"
            raise ValueError(message)

    await keep_running("work", work)

    assert len(runs) == 3


def test_a_thread_waits_for_less_than_a_turn_of_ami() -> None:
    """Turn behind turn of a flood never keeps the interpreter from the ledger's thread."""
    before_s = sys.getswitchinterval()
    try:
        hand_over_soon()
        assert sys.getswitchinterval() < TURN_S
    finally:
        sys.setswitchinterval(before_s)
