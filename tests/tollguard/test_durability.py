"""Guarantee 2 seen from outside: what the daemon asks of the disk, traced by strace."""

import asyncio
import re
from collections import Counter
from pathlib import Path

import pytest

from policies.policy import Limits
from tests.tollguard.node import MONACO, Node, make_node
from tests.until import until_sync
from tollguard.ledger_file import read

pytestmark = pytest.mark.strace

CALLS = "fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg"
FINISHED = re.compile(r"^(?P<pid>\d+) +<\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)")
UNFINISHED = " <unfinished ...>"


@pytest.fixture
async def node(tmp_path: Path) -> Node:
    """Give a node whose ledger was made by an earlier run, so that only calls write to it."""
    made = make_node(tmp_path / "n")
    await made.set_policy()
    with made.running():
        assert made.status["ledger_state"] == "ok"
    return made


def strace(node: Node, *options: str) -> list[str]:
    return ["strace", "-f", "-qq", "-o", str(node.folder / "trace"), *options]


def failing_log(node: Node, fault: str) -> list[str]:
    """Trace with every sync of the ledger's log, and of no other file, spoilt."""
    syncs = "fsync,fdatasync"
    log = f"{node.config.ledger.path}-wal"
    return strace(node, "-P", log, "-e", f"trace={syncs}", "-e", f"inject={syncs}:{fault}")


def completed(trace: str) -> list[str]:
    """List system calls in the order in which they returned, each on one line."""
    begun: dict[tuple[str, str], str] = {}
    lines = []
    for line in trace.splitlines():
        pid, _, rest = line.partition(" ")
        name = rest.strip().partition("(")[0]
        resumed = FINISHED.match(line)
        if line.endswith(UNFINISHED):
            begun[pid, name] = line.removesuffix(UNFINISHED)
        elif resumed:
            lines.append(begun.pop((pid, resumed["call"]), "") + resumed["rest"])
        else:
            lines.append(line)
    return lines


def of_log(line: str, *calls: str) -> bool:
    """Tell whether a line is one of these calls on the ledger's log, and succeeded."""
    return "ledger.db-wal>" in line and any(f" {call}(" in line for call in calls)


async def test_the_sync_returned_before_the_verdict_left(node: Node) -> None:
    """The row's bytes, then the sync's return, then the verdict's bytes, in this order."""
    with node.running(strace(node, "-y", "-s", "400", "-e", f"trace={CALLS}")):
        answer = await node.call(MONACO)
    lines = completed((node.folder / "trace").read_text())
    verdict = next(n for n, line in enumerate(lines) if "TOLLGUARD_VERDICT=ALLOW" in line)
    written = [n for n, line in enumerate(lines) if of_log(line, "pwrite64", "write")]
    synced = [
        n for n, line in enumerate(lines) if of_log(line, "fsync", "fdatasync") and "= 0" in line
    ]

    assert answer["TOLLGUARD_VERDICT"] == "ALLOW"
    rows = [n for n in written if n < verdict]
    assert rows
    assert any(rows[-1] < n < verdict for n in synced)
    assert not [line for line in lines[: rows[-1]] if "TOLLGUARD_VERDICT" in line]


async def test_a_failing_sync_denies(node: Node) -> None:
    """When the disk answers a sync with an error, the call is denied and its row is never good."""
    with node.running(failing_log(node, "error=EIO")):
        denied = await node.call(MONACO)
        home = await node.call("0312345678")
        status = node.status
        until_sync(lambda: node.status["ledger_state"] == "failed", 5)
    with node.running():
        allowed = await node.call(MONACO)
    kinds = Counter(entry.kind for entry in read(node.config.ledger.path).entries)

    assert (denied["TOLLGUARD_VERDICT"], denied["TOLLGUARD_REASON"]) == ("DENY", "ledger-failed")
    assert home["TOLLGUARD_VERDICT"] == "ALLOW"
    assert status["gate_port"] > 0
    assert "INJECTED" in (node.folder / "trace").read_text()
    assert allowed["TOLLGUARD_VERDICT"] == "ALLOW"
    assert kinds["reserve"] - kinds["return"] == 1


async def test_a_held_up_commit_allows_no_more_than_the_limit(node: Node) -> None:
    """With each sync held up 300 ms, 50 attempts at once get no more ALLOWs than may be."""
    with node.running(failing_log(node, "delay_enter=300000")):
        # The first row also writes the log's head, which is a second sync.
        first = await node.call(MONACO)
        until_sync(lambda: node.status["ledger_seq"] >= 1, 10)
        answers = await asyncio.gather(*(node.call(MONACO) for _ in range(50)))
    told = Counter((a["TOLLGUARD_VERDICT"], a["TOLLGUARD_REASON"]) for a in answers)
    limit = Limits().chargeable_per_endpoint

    assert first["TOLLGUARD_VERDICT"] in {"ALLOW", "DENY"}
    assert "DELAYED" in (node.folder / "trace").read_text()
    assert 0 < told["ALLOW", "allowed"] <= limit
    assert told["DENY", "too-many-calls"] >= 50 - limit
