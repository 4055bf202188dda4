"""A policy change is seen soon, taken whole, and a bad one is not taken."""

import asyncio
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from policies.policy import Mode, Policy, Site
from tests.tollguard.judging import SITE
from tests.tollguard.node import ACTOR
from tests.until import until
from tollguard import policy_watch, store_link
from tollguard.policy_watch import PolicyWatch
from tollguard.snapshot_file import read_snapshot, write_snapshot
from tollguard.store import Store, migrate
from tollguard.store_link import StoreLink


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
    path = folder / "tollguard.db"
    if with_store:
        migrate(str(path))
    link = StoreLink(str(path))
    return Watched(path, PolicyWatch(link, SITE, folder / "snapshot.json", path), link)


async def change_mode(path: Path, mode: Mode) -> int:
    store = await Store.open(str(path))
    try:
        return (await store.set_mode(mode, ACTOR, now_s=time.time())).revision
    finally:
        await store.close()


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
    assert read_snapshot(tmp_path / "snapshot.json") == policy


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
    write_snapshot(tmp_path / "snapshot.json", Policy(revision=0, site=Site(), mode=Mode.ENFORCE))
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
    write_snapshot(tmp_path / "snapshot.json", snapshot)
    made = watched(tmp_path, with_store=False)
    await made.watch.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.watch.run(made.apply, lambda: None))
        migrate(str(made.path))
        await until(lambda: "older than 9" in made.watch.fault, 5)
        running.cancel()
    await made.close()

    assert made.applied == []
    assert made.watch.policy == snapshot


async def test_a_snapshot_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusing disk and a newer snapshot are each a line, and the policy stands."""
    made = watched(tmp_path)
    made.watch._snapshot = tmp_path / "no" / "snapshot.json"
    await made.watch.start()
    made.watch._snapshot = tmp_path / "newer.json"
    write_snapshot(tmp_path / "newer.json", Policy(revision=99))
    await made.watch.keep()
    await made.close()
    told = capsys.readouterr().out

    assert "snapshot-not-written" in told
    assert "snapshot-is-newer" in told
