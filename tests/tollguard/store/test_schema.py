"""Making and upgrading the store."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.tollguard.closed import closed
from tollguard.errors import StoreDeniedError, StoreError
from tollguard.store.schema import known_migrations, migrate, store_path

ALL = ("0001_policy", "0002_facts", "0003_audit_append_only", "0004_legs")


def test_migrating_makes_the_store_and_repeating_changes_nothing(tmp_path: Path) -> None:
    """The first run applies every migration in order, the second none."""
    url = f"sqlite://{tmp_path / 'a b%c.db'}"

    assert migrate(url) == ALL
    assert migrate(url) == ()


def test_every_migration_file_is_known() -> None:
    """The migrations that this version asks for are those it brings."""
    assert known_migrations() == frozenset(ALL)


def test_a_url_and_a_bare_path_name_the_same_file() -> None:
    """Both spellings of the store's place lead to one path."""
    assert store_path("sqlite:///var/x.db") == store_path("/var/x.db") == Path("/var/x.db")


def test_the_file_is_for_owner_and_group_alone(tmp_path: Path) -> None:
    """Whatever the umask is, the group may write and others may not even read."""
    file = tmp_path / "t.db"
    before = os.umask(0o077)
    try:
        migrate(str(file))
    finally:
        os.umask(before)

    assert stat.S_IMODE(file.stat().st_mode) == 0o660


def test_write_ahead_logging_is_on(path: Path) -> None:
    """Readers never wait for a writer, because the journal is a WAL."""
    connection = sqlite3.connect(path)
    mode = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()

    assert mode == ("wal",)


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    """A store that cannot be made is one sentence with its path."""
    file = tmp_path / "none" / "t.db"

    with pytest.raises(StoreError, match=f"{file} cannot be made: No such file or directory; make"):
        migrate(str(file))


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """A foreign file is left alone and named."""
    file = tmp_path / "t.db"
    file.write_text("not a database, but longer than a header" * 50)

    with pytest.raises(StoreError, match="cannot be migrated: file is not a database"):
        migrate(str(file))


def test_two_processes_do_not_migrate_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process holds yoyo's lock, a sentence asks to try again."""
    file = tmp_path / "t.db"
    migrate(str(file))
    connection = sqlite3.connect(file)
    connection.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, '2026-01-01', 1)")
    connection.commit()
    connection.close()
    monkeypatch.setattr("tollguard.store.schema.LOCK_WAIT_S", 0.05)

    with pytest.raises(StoreError, match="being migrated by another process; try again"):
        migrate(str(file))


def test_a_store_that_the_user_may_not_make_says_who_may(tmp_path: Path) -> None:
    """Exit status 77, for a file that is there as well."""
    file = tmp_path / "t.db"
    file.touch()

    with closed(file), pytest.raises(StoreDeniedError, match=r"closed to this user; .*as root"):
        migrate(str(file))
