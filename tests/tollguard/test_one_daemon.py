"""One daemon a ledger, and none of root's on the service's files."""

import asyncio
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.tollguard.judging import TOKYO
from tests.tollguard.node import LAUNCH, Node, free_port, verdict
from tollguard.errors import AccessError, GateError
from tollguard.one_daemon import OneDaemon, refuse_root

NOBODY = 65_534


def test_the_second_is_told_who_holds_the_ledger(tmp_path: Path) -> None:
    """Its sentence names the process and the file; given back, the lock is free."""
    first, second = OneDaemon(tmp_path / "ledger.db"), OneDaemon(tmp_path / "ledger.db")
    first.take()

    with pytest.raises(GateError, match=rf"pid {os.getpid()} holds {tmp_path}/ledger.lock"):
        second.take()
    first.release()
    second.take()
    second.release()
    second.release()


def test_a_lock_without_its_pid_is_still_a_lock(tmp_path: Path) -> None:
    """A disk that took no pid: the file is named all the same."""
    first, second = OneDaemon(tmp_path / "ledger.db"), OneDaemon(tmp_path / "ledger.db")
    first.take()
    (tmp_path / "ledger.lock").write_text("")

    with pytest.raises(GateError, match=r"another process holds .*ledger\.lock"):
        second.take()
    first.release()


def test_a_folder_that_takes_no_lock_stops_nothing(tmp_path: Path) -> None:
    """The gate answers without a ledger too; a fault of the disk is told by both."""
    one = OneDaemon(tmp_path / "none" / "ledger.db")

    one.take()
    one.release()


def test_a_killed_daemon_leaves_the_lock_free(tmp_path: Path) -> None:
    """The kernel gives it back with the process, so a restart waits for nothing."""
    code = (
        "import pathlib, os, signal, sys; from tollguard.one_daemon import OneDaemon;"
        "OneDaemon(pathlib.Path(sys.argv[1])).take(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "ledger.db")], check=False)

    one = OneDaemon(tmp_path / "ledger.db")
    one.take()
    one.release()

    assert done.returncode == -9
    assert (tmp_path / "ledger.lock").read_text() == f"{os.getpid()}\n"


def _serve(config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LAUNCH, "--config", str(config), "serve"],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


async def test_a_second_daemon_leaves_the_first_alone(node: Node) -> None:
    """On another port too: one sentence, exit status 69, and the first one's status stays."""
    text = (node.folder / "node.toml").read_text()
    other = node.folder / "other.toml"
    other.write_text(text.replace(f"port = {node.config.gate.port}", f"port = {free_port()}"))
    with node.running():
        for file in (node.folder / "node.toml", other):
            done = await asyncio.to_thread(_serve, file)
            told = done.stderr.splitlines()[-1]
            assert (done.returncode, "Traceback" in done.stderr) == (69, False)
            assert f"runs already (pid {node.pid} holds {node.folder}/ledger.lock)" in told
        assert verdict(await node.call(TOKYO)) == ("ALLOW", "allowed")


def test_root_is_refused_on_the_service_s_files(tmp_path: Path) -> None:
    """One sentence says as whom and how; one's own folder, or none, is no matter."""
    refuse_root(tmp_path)
    refuse_root(tmp_path / "none")
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(tmp_path, NOBODY, NOBODY)

    with pytest.raises(AccessError) if is_root else nullcontext() as told:
        refuse_root(tmp_path)
    assert not is_root or "'s and not root's; start the daemon as" in str(told)
