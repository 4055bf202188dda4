"""Making and upgrading the store's schema, and telling when that is needed."""

import os
import sqlite3
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from urllib.parse import quote

from tollguard.errors import StoreDeniedError, StoreError
from tollguard.reach import way_in

MIGRATIONS = Path(__file__).parent / "migrations"
# The group tollguard operates the store, nobody else reads it (DESIGN "CLI and daemon").
FILE_MODE = 0o660
LOCK_WAIT_S = 10


def store_path(url: str) -> Path:
    """Take the file's path out of ``sqlite:///path`` or a bare path."""
    return Path(url.removeprefix("sqlite://"))


def known_migrations() -> frozenset[str]:
    """Name the migrations that this version brings."""
    return frozenset(
        path.stem for path in MIGRATIONS.iterdir() if path.name[0].isdigit() and "_" in path.stem
    )


def migrate(url: str) -> tuple[str, ...]:
    """Make the store or bring it up to date; safe to repeat, blocking.

    Returns:
        Ids of the migrations that were applied now.

    Raises:
        StoreDeniedError: The user may not write there.
        StoreError: The file cannot be made, is locked, or a migration failed.
    """
    path = store_path(url)
    _make_file(path)
    try:
        _use_wal(path)
        return _apply(path)
    except sqlite3.Error as error:
        msg = f"the store {path} cannot be migrated: {error}"
        raise StoreError(msg) from error


def _make_file(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except PermissionError as error:
        msg = f"the store {path} is closed to this user; {way_in(path)}"
        raise StoreDeniedError(msg) from error
    except OSError as error:
        msg = (
            f"the store {path} cannot be made: {error.strerror};"
            f" make {path.parent} a folder of the daemon's user, or run this as that user or root"
        )
        raise StoreError(msg) from error
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            os.fchmod(descriptor, FILE_MODE)  # the umask took the group's rights away
    finally:
        os.close(descriptor)


def _use_wal(path: Path) -> None:
    connection = sqlite3.connect(path, timeout=1)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _apply(path: Path) -> tuple[str, ...]:
    # yoyo costs 45 ms that no other command should pay
    from yoyo import exceptions, get_backend, read_migrations  # noqa: PLC0415

    backend = get_backend(f"sqlite:///{quote(str(path))}")
    try:
        migrations = read_migrations(str(MIGRATIONS))
        with backend.lock(LOCK_WAIT_S):
            waiting = backend.to_apply(migrations)
            # yoyo prints what SQLite's own check of a new column gives
            with redirect_stdout(StringIO()):
                backend.apply_migrations(waiting)
    except exceptions.LockTimeout as error:
        msg = f"the store {path} is being migrated by another process; try again"
        raise StoreError(msg) from error
    finally:
        backend.connection.close()
    return tuple(migration.id for migration in waiting)
