"""Plays systemd for the daemon: reads the shipped unit, feeds on its watchdog, kills, starts again.

What is promised of restarts depends on the unit's own numbers, so none of them stands here.
As systemd does, SIGABRT is followed by SIGCONT, so that a stopped process dies of it at once.
"""

import os
import selectors
import shlex
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tollguard.shipped import deploy

UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
PRE_TIMEOUT_S = 30.0
CREDENTIALS = struct.Struct("iII")  # pid, uid, gid: unix(7) SCM_CREDENTIALS


@dataclass(frozen=True, slots=True)
class Unit:
    """What this supervisor takes from a unit file.

    Attributes:
        watchdog_s: How long the process may be silent once it was ready.
        restart: ``always`` or another word of systemd's.
        restart_s: The pause before a start.
        stop_s: From a gentle signal to SIGKILL.
        before: Commands before the process; one that fails ends the start.
        command: The process.
        after: Commands after its end, told how it ended in ``SERVICE_RESULT``.
    """

    watchdog_s: float
    restart: str
    restart_s: float
    stop_s: float
    before: tuple[str, ...]
    command: str
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class End:
    """How one run of the process ended.

    Attributes:
        pid: The process.
        result: systemd's word: ``success``, ``exit-code``, ``signal`` or ``watchdog``.
        at_s: Monotonic seconds.
    """

    pid: int
    result: str
    at_s: float


def seconds(span: str) -> float:
    """Read a time of a unit: ``5``, ``100ms``, ``1min``."""
    for unit, factor in UNITS_S.items():
        number = span.removesuffix(unit)
        if number != span and number.isdigit():
            return int(number) * factor
    return float(span)


def read_unit(path: Path | None = None) -> Unit:
    """Read a unit; the shipped one by default."""
    values: dict[str, list[str]] = {}
    for line in (path or deploy() / "tollguard.service").read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            values.setdefault(key, []).append(value)
    return Unit(
        watchdog_s=seconds(values["WatchdogSec"][-1]),
        restart=values["Restart"][-1],
        restart_s=seconds(values["RestartSec"][-1]),
        stop_s=seconds(values["TimeoutStopSec"][-1]),
        before=tuple(values.get("ExecStartPre", ())),
        command=values["ExecStart"][-1],
        after=tuple(values.get("ExecStopPost", ())),
    )


class Supervisor:
    """Runs one unit in a thread until `stop`.

    Attributes:
        ends: How each run ended so far, in order.
        pid: The process that runs now; 0 between two.
        ready: Whether it said that it is.
    """

    def __init__(
        self,
        unit: Unit,
        journal: Path,
        environment: Mapping[str, str],
        places: Mapping[str, str] | None = None,
        launcher: tuple[str, ...] = (),
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            unit: What to run.
            journal: Where everything that it prints is added.
            environment: Added to this process's own.
            places: Paths of the unit and where they are here.
            launcher: Words before the process's command.
        """
        self.ends: list[End] = []
        self.pid = 0
        self.ready = False
        self._unit = unit
        self._journal = journal
        self._places = places or {}
        self._launcher = launcher
        self._stopping = threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="tg-notify-", dir="/tmp")
        address = f"{self._folder.name}/notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(address)
        self._environment = {**os.environ, **environment}
        self._notify = {
            "NOTIFY_SOCKET": address,
            "WATCHDOG_USEC": str(int(unit.watchdog_s * 1e6)),
        }
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Run the unit."""
        self._thread.start()

    @property
    def over(self) -> bool:
        """Tell whether nothing will be started any more."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """End the process gently, then not, and start it no more."""
        self._stopping.set()
        if self.pid:
            _send(self.pid, signal.SIGTERM)
        self._thread.join(self._unit.stop_s)
        if self.pid:
            _send(self.pid, signal.SIGKILL)
        self._thread.join()
        self._socket.close()
        self._folder.cleanup()

    def _run(self) -> None:
        while not self._stopping.is_set():
            result = self._cycle()
            for line in self._unit.after:
                self._do(line, {"SERVICE_RESULT": result})
            if self._unit.restart != "always":
                return
            self._stopping.wait(self._unit.restart_s)

    def _cycle(self) -> str:
        if any(self._do(line, {}) for line in self._unit.before):
            return "exit-code"
        words = self._words(self._unit.command)
        # systemd names the process that is watched; a shell that becomes it knows its number
        named = ["/bin/sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh", *self._launcher, *words]
        with self._journal.open("ab") as journal:
            process = subprocess.Popen(
                named,
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=subprocess.STDOUT,
                env={**self._environment, **self._notify},
                start_new_session=True,
            )
        self.pid = process.pid
        result = self._watch(process)
        self.ready = False
        self.pid = 0
        with suppress(ProcessLookupError):  # KillMode=control-group: its children go with it
            os.killpg(process.pid, signal.SIGKILL)
        self.ends.append(End(process.pid, result, time.monotonic()))
        return result

    def _words(self, line: str) -> list[str]:
        for place, here in self._places.items():
            line = line.replace(place, here)
        return shlex.split(line)

    def _do(self, line: str, told: dict[str, str]) -> int:
        with self._journal.open("ab") as journal:
            done = subprocess.run(
                self._words(line),
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=subprocess.STDOUT,
                env={**self._environment, **told},
                timeout=PRE_TIMEOUT_S,
            )
        return done.returncode

    def _watch(self, process: "subprocess.Popen[bytes]") -> str:
        """Hear the process until it ended, and return how."""
        died = os.pidfd_open(process.pid)
        deadline_s = float("inf")
        missed = False
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(died, selectors.EVENT_READ)
            while process.poll() is None:
                left_s = max(0.0, deadline_s - time.monotonic())
                heard = selector.select(None if left_s == float("inf") else left_s)
                if any(key.fileobj is self._socket for key, _ in heard):
                    if self._hear(process.pid) and not missed:
                        deadline_s = time.monotonic() + self._unit.watchdog_s
                elif not heard:
                    _send(process.pid, signal.SIGKILL if missed else signal.SIGABRT)
                    deadline_s = time.monotonic() + self._unit.stop_s
                    missed = True
        os.close(died)
        return "watchdog" if missed else _result(process.returncode)

    def _hear(self, pid: int) -> bool:
        """Take one datagram; tell whether it feeds the watchdog. Only the process itself counts."""
        data, extra, _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(CREDENTIALS.size))
        senders = [
            CREDENTIALS.unpack(value)[0]
            for level, kind, value in extra
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS)
        ]
        if senders != [pid]:
            return False
        lines = data.split(b"\n")
        self.ready = self.ready or b"READY=1" in lines
        return self.ready and (b"READY=1" in lines or b"WATCHDOG=1" in lines)


def _send(pid: int, number: signal.Signals) -> None:
    """Signal as systemd does: a stopped process is woken to die (kill_and_sigcont)."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        if number is not signal.SIGKILL:
            os.kill(pid, signal.SIGCONT)


def _result(returncode: int) -> str:
    if returncode == 0:
        return "success"
    return "exit-code" if returncode > 0 else "signal"
