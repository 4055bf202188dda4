"""One tollguard node in a folder of its own: its configuration, secrets, store and daemon."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.policy import Mode, SuspensionKind
from tests.agi.asterisk_side import KEY, direct_channel, environment, play
from tests.until import until_sync
from tollguard.config import Config, load
from tollguard.store import Actor, NewSuspension, Store, migrate

READY_S = 20.0
STOP_S = 10.0
ACTOR = Actor("tester(1000)")
MONACO = "01037793123456"
LAUNCH = "from tollguard.cli import main; main()"
SECRETS = {"gate-key": KEY, "ami-eyes": "eyes-secret", "ami-hands": "hands-secret"}
NODE_TOML = """
[site]
node = "pbx1"
[[trunk]]
endpoint = "trunk"
[gate]
port = {gate_port}
key_file = "{folder}/gate-key"
[ami]
port = {ami_port}
eyes_username = "eyes"
hands_username = "hands"
eyes_secret_file = "{folder}/ami-eyes"
hands_secret_file = "{folder}/ami-hands"
[store]
url = "{folder}/tollguard.db"
[ledger]
path = "{folder}/ledger.db"
[snapshot]
path = "{folder}/snapshot.json"
[run]
directory = "{folder}"
"""


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Node:
    """A configured node; its daemon runs inside `running`.

    Attributes:
        folder: Everything of it.
        config: Loaded from its TOML file.
        process: The running daemon, or the last one.
    """

    folder: Path
    config: Config
    process: subprocess.Popen[bytes] | None = None

    @property
    def arguments(self) -> list[str]:
        """What the tollguard command is given to run this node's daemon."""
        return ["--config", str(self.folder / "node.toml"), "serve"]

    @property
    def log(self) -> str:
        """What the daemon wrote to stderr."""
        return (self.folder / "log").read_text()

    @property
    def status(self) -> dict[str, Any]:
        """What status.json says; empty before it exists."""
        try:
            told: dict[str, Any] = json.loads(self.config.status_path.read_text())
        except FileNotFoundError:
            return {}
        return told

    @property
    def pid(self) -> int:
        """The process that has the gate's port: with strace, not the one that was started."""
        return int(self.status["pid"])

    def start(self, wrapper: Sequence[str] = ()) -> None:
        """Start the daemon, without waiting."""
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *wrapper,
                    sys.executable,
                    "-c",
                    LAUNCH,
                    "--config",
                    self.folder / "node.toml",
                    "serve",
                ],
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            )

    def wait_ready(self) -> None:
        """Wait until status.json says that the gate listens; fail with the log when it ended."""
        process = self.process
        assert process is not None

        def listens() -> bool:
            assert process.poll() is None, self.log
            return bool(self.status.get("gate_port"))

        until_sync(listens, READY_S)

    def stop(self) -> int:
        """End the daemon as systemd would, and return its exit status."""
        process = self.process
        assert process is not None
        if process.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        return process.wait(STOP_S)

    @contextmanager
    def running(self, wrapper: Sequence[str] = ()) -> Iterator[None]:
        """Run the daemon inside the block; it has to end by itself at SIGTERM."""
        self.start(wrapper)
        try:
            self.wait_ready()
            yield
            assert self.stop() == 0, self.log
        finally:
            if self.process is not None and self.process.poll() is None:
                self.process.kill()
                self.process.wait(STOP_S)

    @asynccontextmanager
    async def running_beside(self) -> AsyncIterator[None]:
        """Run the daemon beside what this test's own loop serves, as `running` does."""
        running = self.running()
        await asyncio.to_thread(running.__enter__)
        try:
            yield
        except BaseException as error:
            await asyncio.to_thread(running.__exit__, type(error), error, None)
            raise
        await asyncio.to_thread(running.__exit__, None, None, None)

    async def call(self, number: str, endpoint: str = "6001") -> dict[str, str]:
        """Place one call as Asterisk would; returns the variables that the gate set."""
        start = call_of(number, endpoint)
        channel = await play(self.config.gate.port, direct_channel(), start=start)
        return dict(channel.set_in_order)

    async def set_policy(self, mode: Mode = Mode.ENFORCE) -> None:
        """Set the mode and let 6001 call abroad."""
        store = await Store.open(self.config.store.url)
        try:
            now_s = time.time()
            await store.set_mode(mode, ACTOR, now_s=now_s)
            await store.grant("6001", None, ACTOR, now_s=now_s, until_s=None)
        finally:
            await store.close()

    async def suspend(self, kind: SuspensionKind, target: str) -> int:
        """Suspend as the command does; returns the revision."""
        store = await Store.open(self.config.store.url)
        try:
            new = NewSuspension(kind, target, None, "test")
            return (await store.suspend(new, ACTOR, now_s=time.time())).revision
        finally:
            await store.close()


def call_of(number: str, endpoint: str = "6001") -> bytes:
    """Write the environment of a direct call."""
    return environment(agi_channel=f"PJSIP/{endpoint}-0000002a", agi_arg_2=number)


def verdict(variables: dict[str, str]) -> tuple[str, str]:
    """Give the verdict and its reason of what the gate set."""
    return variables["TOLLGUARD_VERDICT"], variables["TOLLGUARD_REASON"]


async def call_up_to_verdict(port: int, number: str) -> bytes:
    """Call, and return the command that sets the verdict without confirming it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(call_of(number))
    writer.write(direct_channel().answer(await reader.readline()))
    verdict = await reader.readline()
    writer.close()
    return verdict


def make_node(folder: Path, *, ami_port: int | None = None, with_store: bool = True) -> Node:
    """Make a node's files; with a store, it is migrated and empty."""
    folder.mkdir(exist_ok=True)
    for name, secret in SECRETS.items():
        (folder / name).touch(0o600)
        (folder / name).write_text(f"{secret}\n")
    (folder / "log").touch()
    text = NODE_TOML.format(folder=folder, gate_port=free_port(), ami_port=ami_port or free_port())
    (folder / "node.toml").write_text(text)
    config = load(folder / "node.toml")
    if with_store:
        migrate(config.store.url)
    return Node(folder, config)
