"""A policy change is seen soon, taken whole, and a bad one is not taken."""

import asyncio
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from policies.judges import decide
from policies.kept import load, of_store
from policies.numbering.plans import plan_for
from policies.policy import Mode, Policy, Site
from policies.situation import Situation
from tests.tollguard.judging import MONACO, SITE, TOKYO, attempt
from tests.tollguard.node import ACTOR
from tests.until import until
from tollguard import policy_watch, store_link
from tollguard.policy_trust import Memory
from tollguard.policy_watch import PolicyWatch
from tollguard.snapshot_file import write_snapshot
from tollguard.store import Store, migrate
from tollguard.store_link import StoreLink

USED = Memory(used=True, ledger_id="ledger", floor=4)


@dataclass
class Watched:
    """A watch with its store's path, and what it applied."""

    path: Path
    watch: PolicyWatch
    link: StoreLink
    applied: list[Policy] = field(default_factory=list)
    woken: list[int] = field(default_factory=list)

    async def apply(self, policy: Policy) -> None:
        """Remember what was applied."""
        self.applied.append(policy)

    async def close(self) -> None:
        """Give both connections back."""
        self.watch.close()
        await self.link.close()


def watched(folder: Path, *, with_store: bool = True) -> Watched:
    folder.mkdir(exist_ok=True)
    path = folder / "tollguard.db"
    if with_store:
        migrate(str(path))
    link = StoreLink(str(path))
    return Watched(path, PolicyWatch(link, SITE, folder / "snapshot.json", path, "pbx1"), link)


async def change_mode(path: Path, mode: Mode) -> int:
    store = await Store.open(str(path))
    try:
        return (await store.set_mode(mode, ACTOR, now_s=time.time())).revision
    finally:
        await store.close()


def kept_policy(folder: Path) -> Policy:
    """Read what is in the snapshot."""
    return load((folder / "snapshot.json").read_bytes()).policy


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_link, "RETRY_S", 0.0)
    monkeypatch.setattr(policy_watch, "RETRY_S", 0.02)


async def test_the_first_policy_is_the_store_s_and_is_kept(tmp_path: Path) -> None:
    """A start reads the store and writes the snapshot."""
    made = watched(tmp_path)
    revision = await change_mode(made.path, Mode.ENFORCE)
    policy = await made.watch.start()
    await made.close()

    assert (policy.revision, policy.mode, made.watch.source) == (revision, Mode.ENFORCE, "store")
    assert kept_policy(tmp_path) == policy


async def test_a_change_is_applied_and_wakes_the_desk(tmp_path: Path) -> None:
    """Another process's commit is seen, its policy applied once, and requests are looked for."""
    made = watched(tmp_path)
    await made.watch.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.watch.run(made.apply, lambda: made.woken.append(1)))
        revision = await change_mode(made.path, Mode.ENFORCE)
        await until(lambda: made.applied, 5)
        running.cancel()
    await made.close()

    assert [policy.revision for policy in made.applied] == [revision]
    assert made.woken


async def test_a_malformed_policy_keeps_the_last_good_one(tmp_path: Path) -> None:
    """What means nothing is told and not taken; mended, it is."""
    made = watched(tmp_path)
    await change_mode(made.path, Mode.ENFORCE)
    good = await made.watch.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.watch.run(made.apply, lambda: None))
        db = sqlite3.connect(made.path)
        with db:
            db.execute("UPDATE setting SET value = 'maybe' WHERE name = 'mode'")
            db.execute("UPDATE policy_revision SET revision = revision + 1")
        await until(lambda: made.watch.fault, 5)
        kept = made.watch.policy
        with db:
            db.execute("UPDATE setting SET value = 'observe' WHERE name = 'mode'")
        db.close()
        await until(lambda: made.applied, 5)
        running.cancel()
    await made.close()

    assert kept == good
    assert made.applied[0].mode is Mode.OBSERVE
    assert made.watch.fault == ""


async def test_without_a_store_the_snapshot_judges(tmp_path: Path) -> None:
    """The last policy is taken with today's site; the store is taken as soon as it appears."""
    write_snapshot(
        tmp_path / "snapshot.json", of_store(Policy(revision=0, site=Site(), mode=Mode.ENFORCE))
    )
    made = watched(tmp_path, with_store=False)
    policy = await made.watch.start()
    source = made.watch.source
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.watch.run(made.apply, lambda: None))
        migrate(str(made.path))
        await until(lambda: made.applied, 5)
        running.cancel()
    await made.close()

    assert (policy.mode, policy.site, source) == (Mode.ENFORCE, SITE, "snapshot")
    assert made.watch.source == "store"


async def test_with_nothing_at_all_it_observes(tmp_path: Path) -> None:
    """Neither store nor snapshot is a fresh install: observe, revision 0."""
    made = watched(tmp_path, with_store=False)
    policy = await made.watch.start()
    await made.close()

    assert policy == Policy(site=SITE)
    assert made.watch.source == "default"


async def test_an_older_store_is_not_taken(tmp_path: Path) -> None:
    """A store restored to before the snapshot's policy changes nothing, and is told."""
    snapshot = Policy(revision=9, site=SITE, mode=Mode.ENFORCE)
    write_snapshot(tmp_path / "snapshot.json", of_store(snapshot))
    made = watched(tmp_path, with_store=False)
    await made.watch.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.watch.run(made.apply, lambda: None))
        migrate(str(made.path))
        await until(lambda: "older than the snapshot's 9" in made.watch.fault, 5)
        running.cancel()
    await made.close()

    assert made.applied == []
    assert made.watch.policy == snapshot


async def test_a_snapshot_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusing disk and a newer snapshot are each a line, and the policy stands."""
    made = watched(tmp_path)
    made.watch._file._path = tmp_path / "no" / "snapshot.json"
    await made.watch.start()
    made.watch._file._path = tmp_path / "newer.json"
    write_snapshot(tmp_path / "newer.json", of_store(Policy(revision=99)))
    await made.watch.keep()
    await made.close()
    told = capsys.readouterr().out

    assert "snapshot-not-written" in told
    assert "snapshot-is-newer" in told


def restored(folder: Path, revision: int) -> Policy:
    """Have a snapshot of a higher revision than the store, whose mode is still observe."""
    snapshot = Policy(revision=revision, site=SITE, mode=Mode.ENFORCE)
    write_snapshot(folder / "snapshot.json", of_store(snapshot))
    return snapshot


async def test_a_start_on_an_older_store_judges_by_the_snapshot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fresh or restored store does not turn enforce into observe; accepted, it is taken."""
    snapshot = restored(tmp_path, 5)
    made = watched(tmp_path)
    first = await made.watch.start()
    fault = made.watch.fault
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.watch.run(made.apply, lambda: None))
        store = await Store.open(str(made.path))
        await store.accept_store(5, "restored", ACTOR, now_s=time.time())
        await store.close()
        await until(lambda: made.applied, 5)
        running.cancel()
    await made.close()

    assert (first, kept_policy(tmp_path)) == (snapshot, snapshot)
    assert fault.startswith("the store's policy is revision 0, older than the snapshot's 5; ")
    assert "tollguard store accept --reason" in fault
    assert "policy-not-taken" in capsys.readouterr().out
    assert (made.watch.policy.revision, made.watch.source, made.watch.fault) == (6, "store", "")


async def test_a_store_as_new_as_the_snapshot_is_taken(tmp_path: Path) -> None:
    """What was in force at the stop is in force at the start."""
    made = watched(tmp_path)
    revision = await change_mode(made.path, Mode.ENFORCE)
    restored(tmp_path, revision)
    await made.watch.start()
    await made.close()

    assert (made.watch.source, made.watch.fault) == ("store", "")


async def test_a_store_replaced_under_the_watch_is_noticed(tmp_path: Path) -> None:
    """Another file under the store's name is read, and an older one is not taken."""
    made = watched(tmp_path)
    old = made.path.read_bytes()
    await change_mode(made.path, Mode.ENFORCE)
    await made.watch.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.watch.run(made.apply, lambda: None))
        for end in ("-wal", "-shm", ""):
            made.path.with_name(made.path.name + end).unlink(missing_ok=True)
        made.path.write_bytes(old)
        await until(lambda: "older than 1 in force" in made.watch.fault, 5)
        running.cancel()
    await made.close()

    assert (made.watch.policy.mode, made.applied) == (Mode.ENFORCE, [])


async def test_another_policy_of_the_same_revision_is_taken(tmp_path: Path) -> None:
    """A store that was swapped for another at the same revision judges."""
    made = watched(tmp_path / "a")
    other = watched(tmp_path / "b")
    await change_mode(made.path, Mode.ENFORCE)
    await change_mode(other.path, Mode.OBSERVE)
    await made.watch.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.watch.run(made.apply, lambda: None))
        other.path.replace(made.path)
        await until(lambda: made.applied, 5)
        running.cancel()
    await made.close()

    assert made.watch.policy.mode is Mode.OBSERVE


@pytest.mark.parametrize("with_store", [False, True])
async def test_a_snapshot_cut_short_leaves_the_fallback(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    with_store: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Where a policy was and none can be believed, chargeable calls are refused, and it is told."""
    restored(tmp_path, 5)
    data = (tmp_path / "snapshot.json").read_bytes()
    (tmp_path / "snapshot.json").write_bytes(data[:-20])
    made = watched(tmp_path, with_store=with_store)
    policy = await made.watch.start()
    await made.close()

    numbers = ("110", TOKYO, MONACO, "0570012345")
    plan, empty = plan_for(SITE), Situation()
    asked = [decide(attempt(number), policy, plan, empty, 0.0) for number in numbers]

    assert [str(decision.verdict) for decision in asked] == ["ALLOW", "ALLOW", "DENY", "DENY"]
    assert made.watch.source == "fallback"
    assert "snapshot.json cannot be read: snapshot: not JSON" in made.watch.fault
    assert "snapshot-unreadable" in capsys.readouterr().out
    assert (tmp_path / "snapshot.json").read_bytes() == data[:-20]


async def test_a_node_that_has_allowed_calls_is_not_new(tmp_path: Path) -> None:
    """With rows in its ledger, an unused store and no snapshot are a loss until accepted."""
    made = watched(tmp_path)
    policy = await made.watch.start(USED)
    fault = made.watch.fault
    await change_mode(made.path, Mode.OBSERVE)
    again = await made.watch.start(USED)
    store = await Store.open(str(made.path))
    await store.accept_store(USED.floor, "lost", ACTOR, now_s=time.time())
    await store.close()
    await made.watch.start(USED)
    await made.close()

    assert (policy.mode, policy.grants) == (Mode.ENFORCE, ())
    assert fault.startswith("the store's policy is revision 0, older than 4, which this node")
    assert again.mode is Mode.ENFORCE
    assert (made.watch.source, made.watch.fault) == ("store", "")


async def test_a_store_that_does_not_load_is_no_fresh_install(tmp_path: Path) -> None:
    """A damaged store leaves the fallback until it is mended; an empty file is as good as none."""
    made = watched(tmp_path, with_store=False)
    made.path.touch()
    await made.watch.start()
    empty = made.watch.source
    made.path.write_bytes(b"x" * 4_096)
    policy = await made.watch.start()
    broken = made.watch.source
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.watch.run(made.apply, lambda: None))
        made.path.unlink()
        migrate(str(made.path))
        await until(lambda: made.applied, 5)
        running.cancel()
    await made.close()

    assert (empty, broken) == ("default", "fallback")
    assert policy.mode is Mode.ENFORCE
    assert made.watch.source == "store"
