"""The whole daemon, as a process: what it promises while things around it fail."""

import json
import os
import signal
import sqlite3
import time
from pathlib import Path

from policies.kept import load as load_snapshot
from policies.policy import Mode, Policy, SuspensionKind
from tests.agi.asterisk_side import KEY, closed, connect, direct_channel, environment, play
from tests.tollguard.judging import TOKYO
from tests.tollguard.node import (
    ACTOR,
    MONACO,
    Node,
    call_of,
    call_up_to_verdict,
    make_node,
    verdict,
)
from tests.until import until, until_sync, until_told
from tollguard.ledger_file import read
from tollguard.store import Store


def snapshot_of(node: Node) -> Policy:
    """Read what is in the snapshot."""
    return load_snapshot(node.config.snapshot.path.read_bytes()).policy


async def test_calls_are_judged_recorded_and_told(node: Node) -> None:
    """A call is answered, its verdict is stored and logged once, and the node's row beats."""
    with node.running():
        allowed = await node.call(MONACO)
        denied = await node.call(MONACO, endpoint="6002")
    store = await Store.open(node.config.store.url)
    rows = await store.nodes()
    await store.close()
    with sqlite3.connect(node.config.store.url) as db:
        stored = db.execute("SELECT endpoint, verdict, reason FROM verdict ORDER BY id").fetchall()
    db.close()

    assert verdict(allowed) == ("ALLOW", "allowed")
    assert verdict(denied) == ("DENY", "international-not-permitted")
    assert stored == [
        ("6001", "ALLOW", "allowed"),
        ("6002", "DENY", "international-not-permitted"),
    ]
    assert node.log.count("event=verdict") == 2
    assert (rows[0].node, rows[0].mode, rows[0].policy_revision) == ("pbx1", "enforce", 2)
    assert "Traceback" not in node.log


async def test_a_killed_daemon_s_allowed_call_has_its_row(node: Node) -> None:
    """Killed with -9 right after the ALLOW reached the caller, the call's row is in the ledger."""
    node.start()
    node.wait_ready()
    told = await call_up_to_verdict(node.config.gate.port, MONACO)
    os.kill(node.pid, signal.SIGKILL)
    assert node.process is not None
    node.process.wait(10)
    entries = read(node.config.ledger.path).entries

    assert b"TOLLGUARD_VERDICT=ALLOW" in told
    assert [(entry.kind, entry.number) for entry in entries] == [("reserve", MONACO)]
    assert entries[0].token.encode() in told


async def test_a_suspension_is_in_force_and_kept(node: Node) -> None:
    """A suspension judges calls within a second, is in the snapshot, and the node says so."""
    with node.running():
        before = await node.call(MONACO)
        revision = await node.suspend(SuspensionKind.COUNTRY, "MC")
        until_sync(lambda: node.status["policy_revision"] == revision, 5)
        after = await node.call(MONACO)
        store = await Store.open(node.config.store.url)

        async def told() -> bool:
            return (await store.nodes())[0].policy_revision == revision

        # Behind the status: the row waits for the store, and the snapshot for two syncs.
        await until_told(told, 10)
        await until(lambda: snapshot_of(node).revision == revision, 10)
        await store.close()

    assert verdict(before) == ("ALLOW", "allowed")
    assert verdict(after) == ("DENY", "country-suspended")


async def test_a_policy_of_the_last_moment_is_kept(node: Node) -> None:
    """A daemon that ends while the store is busy leaves the policy in force in its snapshot."""
    with node.running():
        revision = await node.suspend(SuspensionKind.COUNTRY, "MC")
        busy = sqlite3.connect(node.config.store.url)
        busy.execute("BEGIN IMMEDIATE")
        until_sync(lambda: node.status["policy_revision"] == revision, 5)
    busy.close()

    assert snapshot_of(node).revision == revision


async def test_a_policy_change_is_in_force_within_the_promised_second(node: Node) -> None:
    """The node's row names the new revision before the second that guarantee 4 promises is over."""
    with node.running():
        store = await Store.open(node.config.store.url)
        revision = (await store.set_mode(Mode.OBSERVE, ACTOR, now_s=time.time())).revision

        promised_s = time.monotonic() + 1.0
        in_force = 0
        while in_force != revision and time.monotonic() < promised_s:
            in_force = (await store.nodes())[0].policy_revision
        await store.close()

    assert in_force == revision


async def test_a_daemon_without_its_store_judges_by_the_snapshot(node: Node) -> None:
    """With the store gone a restart keeps the last policy, says so, and records when it is back."""
    with node.running():
        await node.call(MONACO)
    path = Path(node.config.store.url)
    for name in (path, path.with_name("tollguard.db-wal"), path.with_name("tollguard.db-shm")):
        if name.exists():
            name.rename(name.with_suffix(name.suffix + ".away"))
    with node.running():
        denied = await node.call(MONACO, endpoint="6002")
        allowed = await node.call(MONACO)
        status = node.status
        for name in node.folder.glob("*.away"):
            name.rename(name.with_suffix(""))
        until_sync(lambda: node.status["store_state"] == "ok", 10)
        until_sync(lambda: node.status["verdicts_waiting"] == 0, 10)

    assert verdict(denied) == ("DENY", "international-not-permitted")
    assert verdict(allowed) == ("ALLOW", "allowed")
    assert status["policy_source"] == "snapshot"
    assert status["store_state"] == "failed"
    assert "event=policy-without-store" in node.log
    assert "Traceback" not in node.log


async def test_a_malformed_policy_keeps_the_last_good_one(node: Node) -> None:
    """A row that means nothing changes no verdict, and is told until it is mended."""
    with node.running():
        with sqlite3.connect(node.config.store.url) as db:
            db.execute("UPDATE setting SET value = 'maybe' WHERE name = 'mode'")
            db.execute("UPDATE policy_revision SET revision = revision + 1")
        until_sync(lambda: node.status["policy_fault"], 5)
        kept = await node.call(MONACO, endpoint="6002")
        with db:
            db.execute("UPDATE setting SET value = 'enforce' WHERE name = 'mode'")
        db.close()
        until_sync(lambda: node.status["policy_revision"] == 3, 5)

    assert verdict(kept) == ("DENY", "international-not-permitted")
    assert "event=policy-not-taken" in node.log


async def test_a_replaced_ledger_denies_until_it_is_accepted(node: Node) -> None:
    """A deleted ledger is noticed at the next start and denies until the operator accepts."""
    with node.running():
        await node.call(MONACO)
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (node.folder / name).unlink(missing_ok=True)
    with node.running():
        denied = await node.call(MONACO)
        home = await node.call(TOKYO)
        status = node.status
        store = await Store.open(node.config.store.url)
        await store.accept_ledger(
            "pbx1", status["ledger_id"], 0, "disk was changed", ACTOR, now_s=time.time()
        )
        await store.close()
        until_sync(lambda: node.status["ledger_state"] == "ok", 5)
        accepted = await node.call(MONACO)

    assert verdict(denied) == ("DENY", "ledger-unknown")
    assert verdict(home) == ("ALLOW", "allowed")
    assert status["ledger_state"] == "foreign"
    assert verdict(accepted) == ("ALLOW", "allowed")


async def test_a_damaged_ledger_denies_chargeable_calls_only(node: Node) -> None:
    """A ledger that cannot be opened does not keep the daemon from answering."""
    node.config.ledger.path.write_bytes(b"no database" * 100)
    with node.running():
        answers = [verdict(await node.call(number)) for number in (MONACO, TOKYO, "110")]
        status = node.status

    assert answers == [("DENY", "ledger-failed"), ("ALLOW", "allowed"), ("ALLOW", "emergency")]
    assert status["ledger_state"] == "failed"
    assert "all-chargeable-calls" in status["stops"]


async def test_hostile_sessions_leave_the_next_call_answered(node: Node) -> None:
    """Random bytes, half a request and headers of a megabyte cost the next caller nothing."""
    hostile = [os.urandom(4_096), environment()[:200], b"agi_" + b"x" * (1 << 20), b"\n\n\n", b""]
    with node.running():
        held = []
        for data in hostile:
            reader, writer = await connect(node.config.gate.port)
            writer.write(data)
            held.append((reader, writer))
        answer = await node.call(MONACO)
        for reader, writer in held:
            await closed(reader)
            writer.close()
        again = await node.call(TOKYO)

    assert verdict(answer) == verdict(again) == ("ALLOW", "allowed")
    assert "Traceback" not in node.log


async def test_a_refused_ami_leaves_the_gate_answering(tmp_path: Path) -> None:
    """Without Asterisk's manager the daemon judges, and says within 10 s that it is blind."""
    node = make_node(tmp_path / "n")
    await node.set_policy()
    with node.running():
        answer = await node.call(TOKYO)
        until_sync(lambda: node.status["blind"].startswith("ami-unreachable"), 10)
        status = node.status

    assert verdict(answer) == ("ALLOW", "allowed")
    assert status["ami_state"] == "down"
    assert "event=blind" in node.log
    assert "Traceback" not in node.log


def test_the_status_is_json_of_every_field(node: Node) -> None:
    """status.json is one object, written anew once a second."""
    with node.running():
        first = node.status["at"]
        until_sync(lambda: node.status["at"] != first, 5)
        keys = set(json.loads(node.config.status_path.read_text()))

    assert {"node", "mode", "ami_state", "ledger_state", "store_state", "stops"} <= keys


async def test_folders_that_cannot_be_reached_leave_the_gate_answering(node: Node) -> None:
    """Without a way to store, ledger and run folder it starts from its snapshot, and ends well."""
    with node.running():
        await node.call(MONACO)
    text = (node.folder / "node.toml").read_text()
    for name in ("tollguard.db", "ledger.db"):
        text = text.replace(f"{node.folder}/{name}", f"{node.folder}/{'x' * 300}/{name}")
    (node.folder / "node.toml").write_text(text)
    with node.running():
        denied = await node.call(MONACO, endpoint="6002")
        home = await node.call(TOKYO)
        status = node.status

    assert verdict(denied) == ("DENY", "international-not-permitted")
    assert verdict(home) == ("ALLOW", "allowed")
    assert (status["policy_source"], status["ledger_state"]) == ("snapshot", "failed")
    assert "File name too long" in status["store_reason"]
    assert "Traceback" not in node.log


async def test_a_wrong_gate_key_is_told(node: Node) -> None:
    """A dialplan with another key gets no verdict; the status and the log say so."""
    wrong = direct_channel(KEY[::-1])
    with node.running():
        await play(node.config.gate.port, wrong, start=call_of(TOKYO))
        until_sync(lambda: node.status["wrong_keys"] == 1, 5)
        status = node.status

    assert status["refused"] == {"wrong-key": 1}
    assert status["wrong_keys_since"].startswith("20")
    assert node.log.count("level=warning event=wrong-gate-key count=1") == 1
