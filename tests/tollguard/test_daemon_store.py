"""A store that was replaced, restored or lost does not change what judges."""

import time
from pathlib import Path

from policies.policy import Mode, SuspensionKind
from tests.tollguard.judging import TOKYO
from tests.tollguard.node import ACTOR, MONACO, Node, make_node
from tests.tollguard.test_daemon_suspend import cli
from tests.until import until_sync
from tollguard.store import NewSuspension, Store, migrate


def lose_store(node: Node) -> None:
    """Delete the store with its log."""
    for end in ("", "-wal", "-shm"):
        Path(f"{node.config.store.url}{end}").unlink(missing_ok=True)


async def test_a_fresh_store_at_a_start_does_not_end_enforce(tmp_path: Path) -> None:
    """The snapshot judges, nothing counts as in force, and an accepted store is taken."""
    node = make_node(tmp_path / "n")
    await node.set_policy()
    with node.running():
        pass
    lose_store(node)
    migrate(node.config.store.url)
    with node.running():
        refused = await node.call(MONACO, endpoint="6002")
        status = node.status
        store = await Store.open(node.config.store.url)
        new = NewSuspension(SuspensionKind.ENDPOINT, "6001", None, "test")
        await store.suspend(new, ACTOR, now_s=time.time())
        beaten = (await store.nodes())[0].policy_revision
        await store.accept_store(2, "restored", ACTOR, now_s=time.time())
        await store.close()
        until_sync(lambda: node.status["policy_source"] == "store", 5)
        after = await node.call(TOKYO)

    assert refused["TOLLGUARD_REASON"] == "international-not-permitted"
    assert (status["mode"], status["policy_source"]) == ("enforce", "snapshot")
    assert "older than the snapshot's 2" in status["policy_fault"]
    assert beaten == 0
    assert after["TOLLGUARD_REASON"] == "endpoint-suspended"


async def test_without_store_and_snapshot_a_used_node_falls_back(tmp_path: Path) -> None:
    """With rows in the ledger alone, calls abroad are refused and home is reached."""
    node = make_node(tmp_path / "n")
    await node.set_policy()
    with node.running():
        await node.call(MONACO)
    lose_store(node)
    node.config.snapshot.path.unlink()
    with node.running():
        answers = [await node.call(number) for number in (MONACO, TOKYO, "110")]
        status = node.status

    verdicts = [answer["TOLLGUARD_VERDICT"] for answer in answers]
    assert verdicts == ["DENY", "ALLOW", "ALLOW"]
    assert (status["mode"], status["policy_source"]) == ("enforce", "fallback")


async def test_a_change_in_a_fresh_store_does_not_end_the_fallback(tmp_path: Path) -> None:
    """Not while it runs, nor after a restart; an operator who accepts the store does."""
    node = make_node(tmp_path / "n")
    await node.set_policy()
    with node.running():
        await node.call(MONACO)
    lose_store(node)
    node.config.snapshot.path.unlink()
    migrate(node.config.store.url)
    found, fault = [], ""
    for _start in range(2):
        with node.running():
            for _change in range(3):
                await set_mode(node, Mode.OBSERVE)
            answer = await node.call(MONACO)
            found.append((node.status["policy_source"], answer["TOLLGUARD_VERDICT"]))
            fault = node.status["policy_fault"]
    accepted = await cli(node, "store", "accept", "--reason", "new disk")
    again = await cli(node, "store", "accept", "--reason", "new disk")
    with node.running():
        source = node.status["policy_source"]

    assert found == [("fallback", "DENY")] * 2
    assert "does not know this node's ledger, although calls were allowed before" in fault
    assert (accepted[0], accepted[1].startswith("accepted: ")) == (0, True)
    assert again[1].startswith("nothing to accept: ")
    assert source == "store"


async def set_mode(node: Node, mode: Mode) -> None:
    """Change the policy as a command does."""
    store = await Store.open(node.config.store.url)
    await store.set_mode(mode, ACTOR, now_s=time.time())
    await store.close()
