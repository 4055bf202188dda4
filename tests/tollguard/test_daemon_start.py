"""A daemon's start and end: what it says when it cannot, systemd, signals."""

import asyncio
import errno
import os
import signal
import socket

import pytest

from tests.agi.asterisk_side import connect, direct_channel, environment
from tests.tollguard.judging import TOKYO
from tests.tollguard.node import Node, verdict
from tests.until import until, until_sync
from tollguard.daemon import cannot_listen
from tollguard.errors import GateError


@pytest.mark.parametrize(
    ("number", "port", "remedy"),
    [
        (
            errno.EACCES,
            573,
            "run it as the service (CAP_NET_BIND_SERVICE) or choose a port above 1024",
        ),
        (errno.EACCES, 4573, None),
        (errno.EADDRNOTAVAIL, 573, "change gate.host to an address of this machine"),
        (
            errno.EADDRINUSE,
            573,
            "stop what holds it (ss -ltnp), or change gate.port and TOLLGUARD_GATE",
        ),
    ],
)
def test_a_gate_that_cannot_listen_says_what_to_do(
    number: int, port: int, remedy: str | None
) -> None:
    """Each fault with its own remedy; where there is none, the fault stands alone."""
    told = str(cannot_listen("127.0.0.1", port, OSError(number, os.strerror(number))))

    fault = f"the gate cannot listen on 127.0.0.1:{port}: {os.strerror(number)}"
    assert told == (f"{fault}; {remedy}" if remedy else fault)


def test_a_gate_that_cannot_listen_ends_with_one_sentence(node: Node) -> None:
    """A taken port is told with its number, exit status 69 and no traceback."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", node.config.gate.port))
        holder.listen()
        node.start()
        assert node.process is not None
        code = node.process.wait(20)

    assert code == GateError.exit_code
    told = [line for line in node.log.splitlines() if not line.startswith("level=")]
    assert len(told) == 1
    assert f"cannot listen on 127.0.0.1:{node.config.gate.port}" in told[0]
    assert "stop what holds it (ss -ltnp), or change gate.port and TOLLGUARD_GATE" in told[0]
    assert "Traceback" not in node.log


def test_a_secret_that_cannot_be_read_ends_with_one_sentence(node: Node) -> None:
    """A missing key file is told with its path and exit status 78."""
    (node.folder / "gate-key").unlink()
    node.start()
    assert node.process is not None

    assert node.process.wait(20) == 78
    assert "gate-key" in node.log
    assert "Traceback" not in node.log


def test_a_key_too_short_ends_with_one_sentence(node: Node) -> None:
    """A key that could be guessed is refused at the start, without showing it."""
    (node.folder / "gate-key").write_text("short")
    node.start()
    assert node.process is not None

    assert node.process.wait(20) == 78
    assert "16 to 128" in node.log
    assert "'short'" not in node.log
    assert "Traceback" not in node.log


async def test_sighup_and_sigterm(node: Node) -> None:
    """SIGHUP changes nothing and is told; SIGTERM ends it in order and takes status.json away."""
    with node.running():
        os.kill(node.pid, signal.SIGHUP)
        until_sync(lambda: "event=reload" in node.log, 5)
        answer = await node.call(TOKYO)

    assert verdict(answer) == ("ALLOW", "allowed")
    assert node.status == {}
    assert node.log.splitlines()[-1] == "level=info event=stopped"


async def test_a_call_in_progress_is_answered_before_the_end(node: Node) -> None:
    """A session that is open at SIGTERM still gets its verdict."""
    with node.running():
        reader, writer = await connect(node.config.gate.port)
        writer.write(environment())
        asked = await reader.readline()
        os.kill(node.pid, signal.SIGTERM)
        until_sync(lambda: "event=stopping" in node.log, 5)
        writer.write(direct_channel().answer(asked))
        told = await reader.readline()
        writer.close()

    assert b"TOLLGUARD_VERDICT=ALLOW" in told


async def test_systemd_is_told_ready_alive_and_stopping(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """READY comes when the gate listens, WATCHDOG while the loop runs, STOPPING at the end."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(node.folder / "notify"))
        systemd.settimeout(0)
        monkeypatch.setenv("NOTIFY_SOCKET", str(node.folder / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "90000")
        loop = asyncio.get_running_loop()
        loop.add_reader(systemd, lambda: heard.append(systemd.recv(1_000)))
        with node.running():
            await until(lambda: heard.count(b"WATCHDOG=1") > 2, 10)
        await until(lambda: b"STOPPING=1" in heard, 5)
        loop.remove_reader(systemd)

    ready = [told for told in heard if told.startswith(b"READY=1")]
    assert len(ready) == 1
