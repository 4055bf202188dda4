"""The failure table, databases: ledger or store locked, read-only, full, gone or damaged."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.asterisk.failures import OWN_RIGHTS, Cell, Fault, Scene, prove

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("failures-databases")]

LEDGER, STORE = "ledger.db", "tollguard.db"
ROOM_BYTES = 400_000  # what the ledger may still grow while the store is full


@pytest.fixture(scope="module")
def scene(installed: None) -> Iterator[Scene]:
    """Start one for all cells."""
    with Scene() as running:
        yield running


def files(scene: Scene, name: str) -> list[Path]:
    """List a database's files that exist."""
    return [path for suffix in ("", "-wal", "-shm") if (path := scene.file(name + suffix)).exists()]


def locked(name: str) -> Fault:
    """Hold the write lock, as a stopped command would."""

    @contextmanager
    def fault(scene: Scene) -> Iterator[None]:
        db = sqlite3.connect(scene.file(name), isolation_level=None, timeout=10)
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            db.close()

    return fault


def read_only(name: str) -> Fault:
    """Take the right to write from the daemon's user, and start the daemon as one that obeys."""

    @contextmanager
    def fault(scene: Scene) -> Iterator[None]:
        scene.daemon.stop()
        paths = files(scene, name)
        modes = [path.stat().st_mode for path in paths]
        for path in paths:
            path.chmod(0o444)
        scene.daemon.launcher = OWN_RIGHTS
        scene.daemon.start()
        try:
            yield
        finally:
            scene.daemon.stop()
            for path, mode in zip(paths, modes, strict=True):
                path.chmod(mode)
            scene.daemon.launcher = ()
            scene.daemon.start()

    return fault


def gone(name: str) -> Fault:
    """Move the files away, and back at the end."""

    @contextmanager
    def fault(scene: Scene) -> Iterator[None]:
        away = scene.file("away")
        away.mkdir()
        moved = files(scene, name)
        for path in moved:
            path.rename(away / path.name)
        try:
            yield
        finally:
            scene.daemon.kill()
            for path in moved:
                (away / path.name).rename(path)
            away.rmdir()
            scene.daemon.start()

    return fault


@contextmanager
def disk_full(scene: Scene) -> Iterator[None]:
    """Let no file of the daemon's grow."""
    assert scene.dial(scene.next_abroad()) == 200  # a row, so that the log has some length
    with no_file_beyond(scene, size(scene, LEDGER)):
        yield


@contextmanager
def store_full(scene: Scene) -> Iterator[None]:
    """Let the store grow no more, and the ledger still some."""
    with sqlite3.connect(scene.file(STORE), timeout=10) as db:
        db.execute("CREATE TABLE filler AS SELECT randomblob(?) AS x", (ROOM_BYTES,))
    db.close()
    with no_file_beyond(scene, size(scene, STORE)):
        yield
    with sqlite3.connect(scene.file(STORE), timeout=10) as db:
        db.execute("DROP TABLE filler")
    db.close()


@contextmanager
def no_file_beyond(scene: Scene, limit_bytes: int) -> Iterator[None]:
    """Limit the daemon's files (RLIMIT_FSIZE), for which no file system has to be mounted."""
    before = resource.prlimit(scene.daemon.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(scene.daemon.pid, resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.prlimit(scene.daemon.pid, resource.RLIMIT_FSIZE, before)


def size(scene: Scene, name: str) -> int:
    """Return the size of a database's log, which is what grows."""
    return scene.file(f"{name}-wal").stat().st_size


@contextmanager
def malformed_row(scene: Scene) -> Iterator[None]:
    """Plant a suspension of a kind that does not exist, under a new revision."""
    with sqlite3.connect(scene.file(STORE), timeout=10) as db:
        db.execute(
            "INSERT INTO suspension (grp, kind, target, since_at, reason, by_whom, keep_calls)"
            " VALUES ('default', 'moon', '', '2026-01-01T00:00:00.000Z', 'x', 'x', 0)"
        )
        db.execute("UPDATE policy_revision SET revision = revision + 1")
    db.close()
    try:
        yield
    finally:
        with sqlite3.connect(scene.file(STORE), timeout=10) as db:
            db.execute("DELETE FROM suspension WHERE kind = 'moon'")
            db.execute("UPDATE policy_revision SET revision = revision + 1")
        db.close()


@contextmanager
def ledger_damaged(scene: Scene) -> Iterator[None]:
    """Put something else in the ledger's place while the daemon is down."""
    path, kept = scene.file(LEDGER), scene.file("kept")
    with scene.restarted():
        path.rename(kept)
        path.write_bytes(b"no database at all" * 1000)
    try:
        yield
    finally:
        with scene.restarted():
            kept.rename(path)


CELLS = {
    "ledger locked": Cell(locked(LEDGER), told="ledger-not-usable", shown="! ledger:"),
    "ledger read-only": Cell(read_only(LEDGER), told="ledger-not-usable", shown="! ledger:"),
    "ledger gone": Cell(gone(LEDGER), told="ledger-not-usable", shown="! ledger:"),
    "ledger damaged": Cell(ledger_damaged, told="ledger-not-usable", shown="! ledger:"),
    "disk full": Cell(disk_full, told="ledger-not-usable", shown="! ledger:"),
    "store locked": Cell(locked(STORE), abroad=200, told="store-down", shown="! store:"),
    "store read-only": Cell(read_only(STORE), abroad=200, told="store-down", shown="! store:"),
    "store gone": Cell(gone(STORE), abroad=200, told="store-down", shown="! store:"),
    "store full": Cell(store_full, abroad=200, told="store-down", shown="! store:"),
    "malformed row": Cell(malformed_row, abroad=200, told="policy-not-taken", shown="! policy:"),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_table_holds_without_a_database(scene: Scene, name: str) -> None:
    """Without the ledger nothing abroad, without the store everything as before."""
    prove(scene, CELLS[name])
