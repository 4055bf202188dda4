"""One SQLite connection with one lock: every call to the store is one transaction.

aiosqlite's connection is shared by all tasks, and two tasks inside one transaction would
commit or roll back each other's rows.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosql
import aiosqlite

from tollguard.errors import StoreDeniedError, StoreError
from tollguard.reach import found, way_in
from tollguard.store.schema import known_migrations, store_path

# How long a locked store may hold a command or the daemon's writer up (DESIGN "CLI and daemon").
BUSY_WAIT_S = 1.0
SQL_FOLDER = Path(__file__).parent / "sql"
MIGRATE = "run: tollguard store migrate"
NOT_OPENED = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)


def cut(text: str, size: int) -> str:
    """Shorten untrusted text to its column's size; a lone surrogate is escaped."""
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= size else text[: size - 1] + "…"


@dataclass(slots=True)
class Database:
    """An open connection, its lock and the named queries of ``sql/``."""

    path: Path
    connection: aiosqlite.Connection
    lock: asyncio.Lock
    queries: Any  # aiosql makes its methods from the .sql files
    closed: bool = False

    @asynccontextmanager
    async def transaction(self, *, write: bool) -> AsyncIterator[aiosqlite.Connection]:
        """Hold one transaction; it is committed unless the block raises.

        Raises:
            StoreError: It was closed, is locked for `BUSY_WAIT_S`, full, damaged or refused a row.
        """
        async with self.lock:
            if self.closed:
                msg = f"the store {self.path} was closed"
                raise StoreError(msg)
            committed = False
            try:
                await self.connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                yield self.connection
                await self.connection.commit()
                committed = True
            except sqlite3.Error as error:
                raise _error(self.path, error) from error
            finally:
                if not committed:
                    # queued behind a statement that was cancelled while it ran
                    await self.connection.rollback()

    async def close(self) -> None:
        """Close it after the running transaction; its thread would keep the process alive."""
        async with self.lock:
            self.closed = True
            await self.connection.close()


async def open_database(url: str) -> Database:
    """Open an existing store and check that it is of this version.

    Raises:
        StoreDeniedError: The user may not write it.
        StoreError: It is missing, out of reach, of another version, locked or damaged.
    """
    path = store_path(url)
    _find(path)
    opening = aiosqlite.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=BUSY_WAIT_S,
    )
    try:
        connection = await opening
    except sqlite3.Error as error:
        # aiosqlite leaves its thread ending; one that outlives the loop prints a traceback
        opening._thread.join(BUSY_WAIT_S)  # noqa: SLF001 - there is no public way to wait
        raise _error(path, error) from error
    try:
        await _check_version(path, connection)
    except StoreError:
        await connection.close()
        raise
    connection.row_factory = sqlite3.Row
    queries = aiosql.from_path(SQL_FOLDER, "aiosqlite", kwargs_only=True)
    return Database(path, connection, asyncio.Lock(), queries)


def _find(path: Path) -> None:
    try:
        there = found(path)
    except PermissionError as error:
        msg = f"the store {path} is closed to this user; {way_in(path)}"
        raise StoreDeniedError(msg) from error
    except OSError as error:
        msg = f"the store {path} cannot be reached: {error.strerror}"
        raise StoreError(msg) from error
    if there is None:
        msg = f"the store {path} does not exist; {MIGRATE}"
        raise StoreError(msg)


async def _check_version(path: Path, connection: aiosqlite.Connection) -> None:
    try:
        await connection.execute("PRAGMA synchronous=FULL")
        rows = await connection.execute_fetchall("SELECT migration_id FROM _yoyo_migration")
    except sqlite3.Error as error:
        if "no such table" in str(error):
            msg = f"the store {path} is empty; {MIGRATE}"
            raise StoreError(msg) from error
        raise _error(path, error) from error
    applied = {str(row[0]) for row in rows}
    if known_migrations() - applied:
        msg = f"the store {path} is of an older version; {MIGRATE}"
        raise StoreError(msg)
    if applied - known_migrations():
        msg = f"the store {path} is of a newer version; upgrade tollguard"
        raise StoreError(msg)


def _error(path: Path, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in NOT_OPENED and _is_closed(path):
        return StoreDeniedError(f"the store {path} is closed to this user; {way_in(path)}")
    return StoreError(_sentence(path, code, error))


def _is_closed(path: Path) -> bool:
    """Tell whether it is for want of rights: SQLite says it of a read-only disk as well."""
    rights = os.R_OK | os.W_OK
    for place in (path, path.parent):
        if os.access(place, os.F_OK) and not os.access(place, rights, effective_ids=True):
            return not os.statvfs(place).f_flag & os.ST_RDONLY
    return False


def _sentence(path: Path, code: int, error: sqlite3.Error) -> str:
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return f"the store {path} is locked by another process for over {BUSY_WAIT_S:g} s"
    if code == sqlite3.SQLITE_FULL:
        return f"the store {path} cannot grow: its disk is full"
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return f"the store {path} is damaged ({error}); restore a backup"
    if code in NOT_OPENED:
        return (
            f"the store {path} cannot be opened for writing: {error};"
            " run this as the daemon's user or root, and see that its folder is there"
        )
    return f"the store {path} refused: {error}"
