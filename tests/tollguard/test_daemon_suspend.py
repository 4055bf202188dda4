"""`suspend` with the store locked or the daemon killed: in force at once, and never lost."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from policies.policy import Mode
from tests.tollguard.judging import TOKYO
from tests.tollguard.locked import locked
from tests.tollguard.node import MONACO, Node
from tests.until import until_sync
from tollguard.snapshot_file import look_at_snapshot
from tollguard.store import Store

COMMAND = Path(sys.executable).with_name("tollguard")
SUSPEND = ("suspend", "endpoint", "6001", "--for", "2h", "--reason", "stolen")


def start_cli(node: Node, *words: str) -> "subprocess.Popen[str]":
    """Start the command as an operator does."""
    return subprocess.Popen(
        [COMMAND, "--lang", "en", "--config", node.folder / "node.toml", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def cli(node: Node, *words: str) -> tuple[int, str, str]:
    """Run the command to its end."""
    process = start_cli(node, *words)
    out, err = await asyncio.to_thread(process.communicate, timeout=60)
    return process.returncode, out, err


async def audit_of(node: Node) -> list[tuple[str, str]]:
    """Read what was done, oldest first."""
    store = await Store.open(node.config.store.url)
    try:
        return [(row.action, row.subject) for row in reversed(await store.audit())]
    finally:
        await store.close()


async def test_a_locked_store_does_not_hold_a_suspension_up(node: Node) -> None:
    """The running daemon refuses the endpoint's calls, and the store gets it when it is free."""
    with node.running():
        with locked(node.config.store.url):
            code, out, err = await cli(node, "--json", *SUSPEND)
            refused = await node.call(TOKYO)
            emergency = await node.call("110")
        until_sync(lambda: node.status["policy_source"] == "store", 20)
        until_sync(lambda: not node.status["policy_fault"], 20)
        status = node.status
        still = await node.call(TOKYO)
    told = json.loads(out)

    assert (code, told["kept_in"], told["revision"]) == (0, "snapshot", 3)
    assert "in force on pbx1 after" in err
    assert refused["TOLLGUARD_REASON"] == still["TOLLGUARD_REASON"] == "endpoint-suspended"
    assert emergency["TOLLGUARD_VERDICT"] == "ALLOW"
    assert status["policy_revision"] == 4
    assert (await audit_of(node))[-1] == ("suspend", "endpoint 6001")


async def test_what_was_suspended_while_the_daemon_was_dead_judges_its_first_call(
    node: Node,
) -> None:
    """Although the store was locked the whole time, at the start too."""
    with node.running():
        pass
    with locked(node.config.store.url):
        code, out, _err = await cli(node, *SUSPEND)
        with node.running():
            refused = await node.call(TOKYO)
            abroad = await node.call(MONACO, endpoint="6002")

    assert code == 0
    assert "the daemon is not running on pbx1" in out
    assert refused["TOLLGUARD_REASON"] == "endpoint-suspended"
    assert abroad["TOLLGUARD_VERDICT"] == "DENY"


@pytest.mark.parametrize("after_s", [0.0, 0.3, 0.9, 1.3, 2.0])
async def test_a_kill_between_the_steps_loses_nothing_that_was_acknowledged(
    node: Node, after_s: float
) -> None:
    """Command and daemon are killed at any moment; what was said to be suspended is, once."""
    node.start()
    node.wait_ready()
    with locked(node.config.store.url):
        process = start_cli(node, *SUSPEND)
        await asyncio.sleep(after_s)
        process.kill()
        out, _err = process.communicate()
    assert node.process is not None
    node.process.kill()
    node.process.wait()
    node.config.status_path.unlink()
    with node.running():
        until_sync(lambda: node.status["policy_source"] == "store", 20)
        until_sync(lambda: not node.status["policy_fault"], 20)
        answer = await node.call(TOKYO)
    done = [entry for entry in await audit_of(node) if entry[0] == "suspend"]
    kept = look_at_snapshot(node.config.snapshot.path).kept

    assert kept is not None
    assert (kept.ahead, kept.policy.mode) == ((), Mode.ENFORCE)
    assert len(done) == len(kept.policy.suspensions) == (answer["TOLLGUARD_VERDICT"] == "DENY")
    assert done or "suspended: " not in out


async def test_a_stalled_daemon_leaves_the_fallback_the_new_policy(node: Node) -> None:
    """It does not take the suspension over, which is told; the fallback judges by it."""
    with node.running():
        os.kill(node.pid, signal.SIGSTOP)
        code, _out, err = await cli(node, *SUSPEND)
        kept = look_at_snapshot(node.config.snapshot.path).kept
        os.kill(node.pid, signal.SIGCONT)
        until_sync(lambda: node.status["policy_revision"] == 3, 10)

    assert code == 75
    assert "not in force on pbx1 after 2 s" in err
    assert kept is not None
    assert [one.target for one in kept.policy.suspensions] == ["6001"]


async def test_with_the_daemon_killed_the_snapshot_has_it_before_it_is_said(node: Node) -> None:
    """What the fallback judges by is as new as the store when the command has ended."""
    with node.running():
        pass
    code, _out, _err = await cli(node, *SUSPEND)
    kept = look_at_snapshot(node.config.snapshot.path).kept
    with node.running():
        answer = await node.call(TOKYO)

    assert kept is not None
    assert (code, kept.policy.revision, kept.ahead) == (0, 3, ())
    assert [one.target for one in kept.policy.suspensions] == ["6001"]
    assert answer["TOLLGUARD_REASON"] == "endpoint-suspended"
