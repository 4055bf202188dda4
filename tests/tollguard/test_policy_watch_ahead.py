"""What is changed without the store is in force at once, and comes into the store by itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from policies.ahead import AheadChange, with_changes
from policies.kept import Kept, of_store
from policies.policy import Mode, Policy, Suspension, SuspensionKind
from tests.tollguard.judging import SITE
from tests.tollguard.locked import locked
from tests.tollguard.node import ACTOR
from tests.tollguard.test_policy_watch import USED, Watched, change_mode, watched
from tests.until import until
from tollguard import policy_watch, store_link
from tollguard.policy_trust import Memory
from tollguard.snapshot_file import change_snapshot, look_at_snapshot, write_snapshot
from tollguard.store import NewSuspension, Store


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_link, "RETRY_S", 0.0)
    monkeypatch.setattr(policy_watch, "RETRY_S", 0.02)


def change(target: str, *, ends: bool = False) -> AheadChange:
    """Make what a command writes when the store is locked."""
    made = Suspension(
        0, SuspensionKind.ENDPOINT, target, time.time(), None, "stolen", "alice(1000)"
    )
    return AheadChange(f"{target}{ends}", ends, made, "alice(1000)", "")


def put_ahead(folder: Path, *changes: AheadChange) -> Kept:
    """Change the snapshot as a command does."""

    def changed(kept: Kept) -> Kept:
        policy = replace(with_changes(kept.policy, changes), revision=kept.policy.revision + 1)
        return Kept(policy, kept.base, (*kept.ahead, *changes))

    return change_snapshot(folder / "snapshot.json", changed)


def targets(policy: Policy) -> list[str]:
    return [one.target for one in policy.suspensions]


@asynccontextmanager
async def running(made: Watched) -> AsyncIterator[None]:
    """Run both parts of the watch; each policy is kept, as the daemon does."""

    async def apply(policy: Policy) -> None:
        await made.apply(policy)
        await made.watch.keep()

    async with asyncio.TaskGroup() as group:
        parts = [
            group.create_task(made.watch.run(apply, lambda: None)),
            group.create_task(made.watch.run_snapshot(apply)),
        ]
        try:
            yield
        finally:
            for part in parts:
                part.cancel()


async def audit_of(path: Path) -> list[tuple[str, str, str, int]]:
    store = await Store.open(str(path))
    try:
        rows = await store.audit()
    finally:
        await store.close()
    return [(row.action, row.subject, row.login, row.revision) for row in reversed(rows)]


async def test_it_is_in_force_while_the_store_is_locked_and_entered_afterwards(
    tmp_path: Path,
) -> None:
    """The suspension judges at once; the store gets it with who and why, and goes on above it."""
    made = watched(tmp_path)
    await change_mode(made.path, Mode.ENFORCE)
    await made.watch.start()
    async with running(made):
        with locked(made.path):
            kept = put_ahead(tmp_path, change("6001"))
            await until(lambda: made.applied, 5)
            first = made.applied[0]
        await until(lambda: made.watch.source == "store" and not made.watch.fault, 10)
        await until(lambda: look_at_snapshot(tmp_path / "snapshot.json").kept != kept, 5)
    await made.close()

    assert (targets(first), first.revision, first.mode) == (["6001"], 2, Mode.ENFORCE)
    assert (targets(made.watch.policy), made.watch.policy.revision) == (["6001"], 3)
    assert made.watch.policy.suspensions[0].id == 1
    assert look_at_snapshot(tmp_path / "snapshot.json").kept == of_store(made.watch.policy)
    assert (await audit_of(made.path))[1:] == [("suspend", "endpoint 6001", "alice(1000)", 3)]


async def test_what_others_did_meanwhile_is_kept(tmp_path: Path) -> None:
    """A store that moved on is merged: neither side's suspension is lost."""
    made = watched(tmp_path)
    await change_mode(made.path, Mode.ENFORCE)
    await made.watch.start()
    put_ahead(tmp_path, change("6001"))
    store = await Store.open(str(made.path))
    new = NewSuspension(SuspensionKind.COUNTRY, "MC", None, "IRSF")
    await store.suspend(new, ACTOR, now_s=time.time())
    await store.set_mode(Mode.OBSERVE, ACTOR, now_s=time.time())
    await store.close()
    again = watched(tmp_path, with_store=False)
    policy = await again.watch.start()
    await again.close()
    await made.close()

    assert sorted(targets(policy)) == ["6001", "MC"]
    assert (policy.mode, policy.revision, again.watch.source) == (Mode.OBSERVE, 4, "store")


async def test_a_start_with_a_store_that_only_reads_judges_by_both(tmp_path: Path) -> None:
    """The store's newest policy with the change on top, until it can be entered."""
    made = watched(tmp_path)
    await change_mode(made.path, Mode.OBSERVE)
    await made.watch.start()
    await made.close()
    put_ahead(tmp_path, change("6001"))
    await change_mode(made.path, Mode.ENFORCE)
    again = watched(tmp_path, with_store=False)
    with locked(made.path):
        policy = await again.watch.start()
        fault = again.watch.fault
    kept = look_at_snapshot(tmp_path / "snapshot.json").kept
    await again.close()

    assert (targets(policy), policy.mode, policy.revision) == (["6001"], Mode.ENFORCE, 2)
    assert "not in the store yet" in fault
    assert kept is not None
    assert [one.mark for one in kept.ahead] == ["6001False"]


async def test_a_crash_after_the_store_has_it_enters_it_once(tmp_path: Path) -> None:
    """The store has the row and the snapshot still says ahead: nothing is doubled or lost."""
    made = watched(tmp_path)
    await made.watch.start()
    kept = put_ahead(tmp_path, change("6001"))
    store = await Store.open(str(made.path))
    await store.enter(kept.ahead, above=kept.policy.revision, now_s=time.time())
    await store.close()
    again = watched(tmp_path, with_store=False)
    policy = await again.watch.start()
    await again.close()
    await made.close()

    assert (targets(policy), policy.revision) == (["6001"], 2)
    assert look_at_snapshot(tmp_path / "snapshot.json").kept == of_store(policy)
    assert len(await audit_of(made.path)) == 1


async def test_an_older_store_does_not_get_it_unasked(tmp_path: Path) -> None:
    """A restored store is refused as before; accepted, it gets what was ahead and is taken."""
    snapshot = of_store(Policy(revision=9, site=SITE, mode=Mode.ENFORCE))
    write_snapshot(tmp_path / "snapshot.json", snapshot)
    put_ahead(tmp_path, change("6001"))
    made = watched(tmp_path)
    policy = await made.watch.start()
    fault, audit = made.watch.fault, await audit_of(made.path)
    async with running(made):
        store = await Store.open(str(made.path))
        await store.accept_store(10, "restored", ACTOR, now_s=time.time())
        await store.close()
        await until(lambda: made.watch.source == "store", 5)
    await made.close()

    assert (targets(policy), policy.revision) == (["6001"], 10)
    assert "revision 0, older than the snapshot's 9" in fault
    assert audit == []
    assert (targets(made.watch.policy), made.watch.policy.revision) == (["6001"], 12)


async def test_a_higher_revision_in_the_file_is_taken(tmp_path: Path) -> None:
    """As when a command found no daemon and kept the store's policy itself."""
    made = watched(tmp_path, with_store=False)
    write_snapshot(tmp_path / "snapshot.json", of_store(Policy(revision=1, site=SITE)))
    await made.watch.start()
    async with running(made):
        newer = Policy(revision=2, site=SITE, mode=Mode.ENFORCE)
        write_snapshot(tmp_path / "snapshot.json", of_store(newer))
        await until(lambda: made.applied, 5)
    await made.close()

    assert (made.watch.policy, made.watch.source) == (newer, "snapshot")


@pytest.mark.parametrize("data", [None, b"{"])
async def test_a_snapshot_lost_under_the_daemon_is_written_again(
    tmp_path: Path, data: bytes | None
) -> None:
    """The fallback needs it, and the daemon knows the policy."""
    made = watched(tmp_path)
    await change_mode(made.path, Mode.ENFORCE)
    await made.watch.start()
    path = tmp_path / "snapshot.json"
    async with running(made):
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        await until(lambda: look_at_snapshot(path).kept == of_store(made.watch.policy), 5)
    await made.close()

    assert made.watch.snapshot_fault == ""


async def test_a_snapshot_put_back_ends_the_fallback(tmp_path: Path) -> None:
    """An operator who finds the lost file again needs no restart."""
    made = watched(tmp_path, with_store=False)
    await made.watch.start(USED)
    before = made.watch.source
    found = of_store(Policy(revision=4, site=SITE, mode=Mode.OBSERVE))
    async with running(made):
        write_snapshot(tmp_path / "snapshot.json", found)
        await until(lambda: made.applied, 5)
    await made.close()

    assert (before, made.watch.source) == ("fallback", "snapshot")
    assert made.watch.policy == found.policy


async def store_of_this_node(made: Watched, revision: int) -> None:
    """Have a store that has had to do with the ledger, at a revision."""
    store = await Store.open(str(made.path))
    await store.note_ledger("pbx1", USED.ledger_id, 1, now_s=time.time())
    for _ in range(revision):
        await store.set_mode(Mode.OBSERVE, ACTOR, now_s=time.time())
    await store.close()


async def test_an_observing_site_that_lost_only_its_snapshot_goes_on_observing(
    tmp_path: Path,
) -> None:
    """Its store is readable and fits its ledger: there is nothing to fall back from."""
    made = watched(tmp_path)
    await store_of_this_node(made, USED.floor)
    policy = await made.watch.start(USED)
    await made.close()

    assert (policy.mode, made.watch.source, made.watch.fault) == (Mode.OBSERVE, "store", "")
    assert (tmp_path / "observe").exists()


async def test_an_old_backup_beside_an_unreadable_snapshot_is_not_taken(tmp_path: Path) -> None:
    """By what the damaged file still tells, or without that until an operator accepts it."""
    made = watched(tmp_path)
    await store_of_this_node(made, 2)
    path = tmp_path / "snapshot.json"
    write_snapshot(path, of_store(Policy(revision=5, site=SITE, mode=Mode.ENFORCE)))
    whole = path.read_bytes()
    memory, found = replace(USED, floor=0), []
    for data in (whole[:-20], whole[:8], whole[:-20].replace(b'"base":5', b'"base":2')):
        path.write_bytes(data)
        again = watched(tmp_path, with_store=False)
        await again.watch.start(memory)
        await again.close()
        found.append((again.watch.source, again.watch.fault.partition(";")[0]))
    await made.close()

    assert found == [
        (
            "fallback",
            "the store's policy is revision 2, older than 5, which this node judged by before",
        ),
        (
            "fallback",
            "whether the store's policy is the newest cannot be told without the snapshot",
        ),
        ("store", ""),
    ]


async def test_a_bad_snapshot_taken_away_frees_the_store(tmp_path: Path) -> None:
    """`store accept` moves it aside, and the daemon takes the store without a restart."""
    made = watched(tmp_path)
    path = tmp_path / "snapshot.json"
    path.write_bytes(b"{")
    await made.watch.start(Memory())
    before = made.watch.source
    async with running(made):
        path.rename(tmp_path / "snapshot.json.unreadable")
        await until(lambda: made.watch.source == "store", 5)
    await made.close()

    assert before == "fallback"
