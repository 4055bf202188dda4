"""The failure table, snapshot: missing, cut off or from the future, with the store and without."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.asterisk.failures import Cell, Fault, Scene, prove

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("failures-snapshot")]

Damage = Callable[[Path], object]


@pytest.fixture(scope="module")
def scene(installed: None) -> Iterator[Scene]:
    """Start one for all cells."""
    with Scene() as running:
        assert running.dial(running.next_abroad()) == 200  # this node has allowed calls before
        yield running


def truncate(path: Path) -> None:
    """Leave the first half."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def later_revision(path: Path) -> None:
    """Say that it is of a revision that the store has not reached."""
    tree = json.loads(path.read_text())
    tree["policy"]["revision"] += 1_000
    path.write_text(json.dumps(tree))


def later_format(path: Path) -> None:
    """Say that a later version wrote it."""
    tree = json.loads(path.read_text())
    tree["format"] += 1
    path.write_text(json.dumps(tree))


def start_with(damage: Damage, *, store: bool) -> Fault:
    """Start the daemon with a damaged snapshot, and with the store or with garbage in its place."""

    @contextmanager
    def fault(scene: Scene) -> Iterator[None]:
        snapshot, database, kept = map(scene.file, ("snapshot.json", "tollguard.db", "kept"))
        right = snapshot.read_bytes()
        with scene.restarted():
            damage(snapshot)
            if not store:
                database.rename(kept)
                database.write_bytes(b"no database at all" * 1000)
        try:
            yield
        finally:
            with scene.restarted():
                if not store:
                    kept.rename(database)
                snapshot.write_bytes(right)

    return fault


@contextmanager
def down_with(scene: Scene, damage: Damage) -> Iterator[None]:
    """Have the daemon down and the snapshot damaged: what the dialplan's fallback meets."""
    snapshot = scene.file("snapshot.json")
    right = snapshot.read_bytes()
    with scene.restarted():
        damage(snapshot)
        yield
        snapshot.write_bytes(right)


def down(damage: Damage) -> Fault:
    """Give the fault of one damage."""
    return lambda scene: down_with(scene, damage)


def lost(damage: Damage, *, abroad: int = 403) -> Cell:
    """Start with neither store nor, mostly, snapshot."""
    return Cell(
        start_with(damage, store=False),
        abroad=abroad,
        told="policy-not-taken|policy-without-store",
        shown="! policy:",
    )


CELLS = {
    "missing": Cell(start_with(Path.unlink, store=True), abroad=200),
    "truncated": Cell(start_with(truncate, store=True), abroad=200, told="snapshot-unreadable"),
    "later format": Cell(
        start_with(later_format, store=True), abroad=200, told="snapshot-unreadable"
    ),
    "later revision": Cell(
        start_with(later_revision, store=True),
        abroad=200,
        told="policy-not-taken",
        shown="older than the snapshot's",
    ),
    "missing, no store": lost(Path.unlink),
    "truncated, no store": lost(truncate),
    "later format, no store": lost(later_format),
    "whole, no store": lost(Path.exists, abroad=200),
    "missing, no daemon": Cell(down(Path.unlink), shown="not running"),
    "truncated, no daemon": Cell(down(truncate), shown="not running"),
    "later format, no daemon": Cell(down(later_format), shown="not running"),
    "later revision, no daemon": Cell(down(later_revision), shown="not running"),
    "whole, no daemon": Cell(down(Path.exists), shown="not running"),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_table_holds_without_a_snapshot(scene: Scene, name: str) -> None:
    """Abroad needs a policy that can be believed; emergency and home need none."""
    prove(scene, CELLS[name])
