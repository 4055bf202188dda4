"""A store that was replaced, restored or lost does not change what judges."""

import time
from pathlib import Path

from policies.policy import SuspensionKind
from tests.tollguard.judging import TOKYO
from tests.tollguard.node import ACTOR, MONACO, Node, make_node
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
