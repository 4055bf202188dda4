"""Opening a store, and what is said when it does not answer."""

import asyncio
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest

from tests.tollguard.closed import closed
from tests.tollguard.store.conftest import ALICE, NOW_S
from tollguard.errors import StoreDeniedError, StoreError
from tollguard.store import Store
from tollguard.store.connection import Database, cut, open_database


async def test_a_missing_store_names_the_command(tmp_path: Path) -> None:
    """Without a file, the sentence says how to make one."""
    file = tmp_path / "t.db"

    with pytest.raises(StoreError) as caught:
        await Store.open(str(file))

    assert str(caught.value) == f"the store {file} does not exist; run: tollguard store migrate"


async def test_an_empty_file_names_the_command(tmp_path: Path) -> None:
    """A file without our tables is told from a damaged one."""
    file = tmp_path / "t.db"
    file.touch()

    with pytest.raises(StoreError, match="is empty; run: tollguard store migrate"):
        await Store.open(str(file))


async def test_an_older_store_names_the_command(path: Path) -> None:
    """A store that lacks a migration is not used."""
    _sql(path, "DELETE FROM _yoyo_migration WHERE migration_id = '0002_facts'")

    with pytest.raises(StoreError, match="of an older version; run: tollguard store migrate"):
        await Store.open(str(path))


async def test_a_newer_store_is_not_touched(path: Path) -> None:
    """A store of a later tollguard asks for an upgrade."""
    _sql(
        path,
        "INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc)"
        " VALUES ('x', '9999_later', '2027-01-01')",
    )

    with pytest.raises(StoreError, match="of a newer version; upgrade tollguard"):
        await Store.open(str(path))


async def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """A file that is no database asks for a backup."""
    file = tmp_path / "t.db"
    file.write_text("this is no database at all" * 100)

    with pytest.raises(StoreError, match=r"is damaged .*; restore a backup"):
        await Store.open(str(file))


async def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    """A folder where the file should be cannot be opened."""
    with pytest.raises(
        StoreError, match=r"cannot be opened for writing.*; run this as the daemon's user or root"
    ):
        await Store.open(str(tmp_path))


async def test_a_store_closed_to_the_user_says_who_may(path: Path) -> None:
    """Exit status 77; by its folder and by its own mode."""
    open_folder = Path(tempfile.mkdtemp())
    open_folder.chmod(0o777)
    moved = shutil.copy(path, open_folder / "t.db")

    for file in (path, Path(moved)):
        with closed(file), pytest.raises(StoreDeniedError, match=r"closed to this user; .*as root"):
            await Store.open(str(file))
    shutil.rmtree(open_folder)
    assert StoreDeniedError.exit_code == 77


def test_a_store_that_cannot_be_opened_leaves_no_traceback(tmp_path: Path) -> None:
    """The thread that was to serve it is over before the loop is, every time."""
    for _attempt in range(20):
        with pytest.raises(StoreError):
            asyncio.run(Store.open(str(tmp_path)))


async def test_a_locked_store_is_waited_for_one_second_and_told(store: Store, path: Path) -> None:
    """A writer that another process keeps out gives up with a sentence, and works afterwards."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError) as caught:
            await store.set_limits({"max_call_s": 60}, ALICE, now_s=NOW_S)
    finally:
        holder.close()

    assert str(caught.value) == f"the store {path} is locked by another process for over 1 s"
    change = await store.set_limits({"max_call_s": 60}, ALICE, now_s=NOW_S)
    assert change.revision == 1


async def test_readers_do_not_wait_for_a_writer(store: Store, path: Path) -> None:
    """While another process writes, reading goes on."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        assert await store.revision() == 0
    finally:
        holder.close()


async def test_a_reader_of_an_exclusively_locked_store_is_told(path: Path) -> None:
    """A store that somebody took for himself alone is one sentence after a second."""
    copy = path.with_name("alone.db")
    shutil.copy(path, copy)
    holder = sqlite3.connect(copy, isolation_level=None)
    holder.execute("PRAGMA journal_mode=DELETE")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(StoreError, match="is locked by another process for over 1 s"):
            await Store.open(str(copy))
    finally:
        holder.close()


async def test_a_full_disk_is_told(path: Path) -> None:
    """A file that may not grow says that its disk is full."""
    database = await open_database(str(path))
    try:
        pages = await database.connection.execute_fetchall("PRAGMA page_count")
        await database.connection.execute(f"PRAGMA max_page_count = {next(iter(pages))[0]}")
        with pytest.raises(StoreError, match="cannot grow: its disk is full"):
            async with database.transaction(write=True) as connection:
                await connection.execute("CREATE TABLE big AS SELECT zeroblob(1000000) AS b")
    finally:
        await database.close()


async def test_a_refused_row_is_told_and_rolled_back(path: Path) -> None:
    """A CHECK that fails undoes the whole transaction and names the refusal."""
    database = await open_database(str(path))
    try:
        with pytest.raises(StoreError, match="refused: CHECK constraint failed"):
            await _two_updates(database)
        async with database.transaction(write=False) as connection:
            assert await database.queries.revision(connection) == 0
    finally:
        await database.close()


async def test_a_cancelled_writer_leaves_no_transaction_open(store: Store) -> None:
    """Cancelling in the middle rolls back, and the next writer gets in."""
    task = asyncio.ensure_future(  # noqa: TID251 - the test cancels it itself
        store.set_limits({"max_call_s": 60}, ALICE, now_s=NOW_S)
    )
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    change = await store.set_limits({"max_call_s": 61}, ALICE, now_s=NOW_S)
    assert change.revision == 1


def test_long_text_is_cut_with_an_ellipsis() -> None:
    """Text fits its column afterwards, and short text is untouched."""
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"


def test_a_lone_surrogate_is_escaped() -> None:
    """What UTF-8 cannot hold does not fail a whole batch."""
    assert cut("a\udcffb", 20) == "a\\udcffb"


async def _two_updates(database: Database) -> None:
    async with database.transaction(write=True) as connection:
        await connection.execute("UPDATE policy_revision SET revision = 5")
        await connection.execute("UPDATE policy_revision SET revision = -1")


def _sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


async def test_a_store_that_cannot_be_reached_says_why(tmp_path: Path) -> None:
    """A folder that may not be searched, or has an impossible name, is one sentence."""
    file = tmp_path / ("x" * 300) / "t.db"

    with pytest.raises(StoreError) as caught:
        await Store.open(str(file))

    assert str(caught.value) == f"the store {file} cannot be reached: File name too long"
