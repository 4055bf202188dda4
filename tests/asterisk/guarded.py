"""Runs the whole product beside a real Asterisk: daemon, SQLite store, ledger and command line.

Everything is what an operator has: one TOML file, secrets in files, the ``tollguard`` command.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from tests.asterisk.etc import Access, Site
from tests.asterisk.instance import Asterisk
from tests.asterisk.ports import free_tcp
from tests.asterisk.sipp import Phone, phone
from tests.asterisk.sippeer import SipPeer
from tests.asterisk.supervisor import Supervisor, Unit
from tests.asterisk.waiting import until

COMMAND = Path(sys.executable).parent / "tollguard"
READY_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0
CLI_TIMEOUT_S = 30.0


class Daemon:
    """tollguard's daemon as a process of its own, with a private folder.

    Attributes:
        folder: Configuration, secrets, store, ledger and run directory.
        config: Its TOML file.
        gate_port: Where its gate listens.
        unit: What it is supervised by; None runs it bare. Like the next two for the next start.
        environment: Added to its own.
        launcher: Words before its command.
        supervisor: What plays systemd; None without a unit or before the start.
    """

    unit: Unit | None = None
    launcher: tuple[str, ...] = ()
    supervisor: Supervisor | None = None

    def __init__(
        self, access: Access, gate_port: int, technology: str = "PJSIP", settings: str = ""
    ) -> None:
        """Write the configuration, ``settings`` at its end, and migrate the store.

        Nothing runs yet.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="tg-guard-", dir="/tmp"))
        self.gate_port = gate_port
        self.environment: dict[str, str] = {}
        self.config = self.folder / "tollguard.toml"
        for name, secret in (
            ("gate-key", access.key),
            ("ami-eyes", access.eyes_secret),
            ("ami-hands", access.hands_secret),
        ):
            path = self.folder / name
            path.write_text(f"{secret}\n")
            path.chmod(0o600)
        (self.folder / "run").mkdir()
        self.config.write_text(toml(self.folder, access, gate_port, technology) + settings)
        self._process: subprocess.Popen[bytes] | None = None
        self.run("store", "migrate")

    @property
    def pid(self) -> int:
        """Return the running daemon's process id; 0 while a supervised one is down."""
        if self.supervisor is not None:
            return self.supervisor.pid
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the daemon, and wait until it judges calls and sees Asterisk.

        Raises:
            AssertionError: It did not get there; carries the end of its journal.
        """
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start the daemon and wait for nothing."""
        if self.unit is not None:
            self.supervisor = self._supervisor(self.unit)
            self.supervisor.start()
            return
        self._process = subprocess.Popen(
            [*self.launcher, COMMAND, "--config", self.config, "serve"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.environment},
        )
        threading.Thread(
            target=self._keep_journal, args=(self._process,), name="journal", daemon=True
        ).start()

    def _keep_journal(self, process: "subprocess.Popen[bytes]") -> None:
        """Write what it says: a pipe, as journald's, has no part in a full disk."""
        assert process.stdout is not None
        with (self.folder / "journal").open("ab", buffering=0) as journal, process.stdout as said:
            for line in said:
                journal.write(line)

    def _supervisor(self, unit: Unit) -> Supervisor:
        return Supervisor(
            unit,
            self.folder / "journal",
            {**self.environment, "TOLLGUARD_CONFIG": str(self.config)},
            {
                "/opt/tollguard/bin/tollguard": str(COMMAND),
                "/run/tollguard": str(self.folder / "run"),
            },
            self.launcher,
        )

    def wait_ready(self) -> None:
        """Wait until the daemon judges calls and sees Asterisk.

        Raises:
            AssertionError: It did not get there; carries the end of its journal.
        """
        try:
            until(self._is_ready, READY_TIMEOUT_S, "the daemon is ready and sees Asterisk")
        except AssertionError as error:
            msg = f"tollguard did not start:\n{self.journal()[-3000:]}"
            raise AssertionError(msg) from error

    def _is_ready(self) -> bool:
        if self._has_ended():
            msg = "the daemon ended"
            raise AssertionError(msg)
        status = self.status()
        return status.get("pid") == self.pid and status["ami_state"] == "up" and not status["blind"]

    def _has_ended(self) -> bool:
        if self.supervisor is not None:
            return self.supervisor.over
        return self._process is None or self._process.poll() is not None

    def status(self) -> dict[str, Any]:
        """Return what the daemon wrote to status.json; empty without a file."""
        path = self.folder / "run/status.json"
        if not path.exists():
            return {}
        read: dict[str, Any] = json.loads(path.read_text())
        return read

    def journal(self) -> str:
        """Return everything the daemon logged."""
        return (self.folder / "journal").read_text(errors="backslashreplace")

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line and return what came of it."""
        return subprocess.run(
            [COMMAND, "--config", self.config, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **self.environment, "LC_ALL": "C.UTF-8"},
            timeout=CLI_TIMEOUT_S,
        )

    def run(self, *arguments: str) -> str:
        """Run a command that must succeed, and return its output."""
        done = self.command(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def enforce(self, *endpoints: str) -> None:
        """Refuse from now on what nobody may; each of the endpoints may call Monaco."""
        self.run("mode", "enforce")
        for name in endpoints:
            self.run("grant", "international", "--endpoint", name, "--countries", "MC")

    def report(self, *arguments: str) -> Any:  # noqa: ANN401 JSON of any shape
        """Run a command with ``--json`` and return what it printed."""
        return json.loads(self.run(*arguments, "--json"))

    def freeze(self) -> None:
        """Stop the process with SIGSTOP: its sockets stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it with SIGKILL, at once; a supervised one is started again."""
        if self.supervisor is not None:
            os.kill(self.supervisor.pid, signal.SIGKILL)
            return
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_TIMEOUT_S)

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code; a supervised one's is 0."""
        if self.supervisor is not None:
            self.supervisor.stop()
            self.supervisor = None
            return 0
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(STOP_TIMEOUT_S)
        return self._process.returncode

    def remove(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def toml(folder: Path, access: Access, gate_port: int, technology: str) -> str:
    """Write the file of a site with one trunk."""
    return f"""[site]
node = "pbx1"
country = "JP"
plan = "jp"

[[trunk]]
endpoint = "trunk"

[gate]
host = "127.0.0.1"
port = {gate_port}
key_file = "{folder}/gate-key"
asterisk_key_file = "{folder}/gate-key"

[ami]
host = "{access.address}"
port = {access.ami_port}
eyes_secret_file = "{folder}/ami-eyes"
hands_secret_file = "{folder}/ami-hands"
technologies = ["{technology}"]

[store]
url = "sqlite://{folder}/tollguard.db"

[ledger]
path = "{folder}/ledger.db"

[snapshot]
path = "{folder}/snapshot.json"

[run]
directory = "{folder}/run"
"""


class Guarded:
    """One PBX that tollguard guards.

    Attributes:
        asterisk: The real one.
        trunk: Its trunk's far end.
        daemon: The product.
        phone: Phone 6001 at 127.0.0.11.
    """

    def __init__(
        self, site: Site | None = None, settings: str = "", unit: Unit | None = None
    ) -> None:
        """Start Asterisk, the trunk and the daemon; the mode is a fresh install's.

        Args:
            site: Taken but for the addresses of trunk and gate.
            settings: More TOML for the daemon.
            unit: What the daemon is supervised by.
        """
        gate_port = free_tcp()
        with ExitStack() as started:
            self.trunk = SipPeer()
            started.callback(self.trunk.stop)
            own = replace(site or Site(), trunk=self.trunk.contact, gate=f"127.0.0.1:{gate_port}")
            self.asterisk = Asterisk(own)
            started.callback(self.asterisk.stop)
            self.phone: Phone = phone(self.asterisk.access, "6001", "127.0.0.11")
            phones = "SIP" if own.flavour == "16" else "PJSIP"
            self.daemon = Daemon(self.asterisk.access, gate_port, phones, settings)
            self.daemon.unit = unit
            started.callback(self.daemon.remove)
            self.daemon.start()
            self.asterisk.mark_descriptors()
            self._started = started.pop_all()

    def __enter__(self) -> Self:
        """Return itself; the ``with`` stops everything."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop everything."""
        self._started.close()

    @contextmanager
    def lent(self) -> Iterator[Self]:
        """Hand it to one test with an empty trunk; afterwards nothing is left in Asterisk."""
        self.trunk.calls.clear()
        self.asterisk.mark_descriptors()
        yield self
        self.asterisk.assert_clean()
