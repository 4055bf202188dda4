"""Seeing that somebody else committed."""

from pathlib import Path

import pytest

from tests.tollguard.store.conftest import ALICE, NOW_S
from tollguard.errors import StoreError
from tollguard.store import Store
from tollguard.store.watch import RevisionWatch


async def test_a_commit_of_another_connection_is_seen_once(store: Store, path: Path) -> None:
    """The first look after a commit says so, the next does not."""
    watch = RevisionWatch(path)
    looks = [watch.changed()]
    await store.set_limits({"max_call_s": 60}, ALICE, now_s=NOW_S)
    looks += [watch.changed(), watch.changed()]
    watch.close()

    assert looks == [False, True, False]


def test_a_store_that_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    """A missing file is one sentence."""
    with pytest.raises(StoreError, match="cannot be watched: unable to open database file"):
        RevisionWatch(tmp_path / "none.db")


def test_a_closed_watch_says_so(path: Path) -> None:
    """A connection that is gone raises a StoreError and not sqlite3's own."""
    watch = RevisionWatch(path)
    watch.close()

    with pytest.raises(StoreError, match="cannot be watched: Cannot operate on a closed"):
        watch.changed()


def test_a_replaced_store_says_so(path: Path) -> None:
    """A file that lost its name, or gave it to another, is not watched on."""
    watch = RevisionWatch(path)
    path.rename(path.with_name("away.db"))
    with pytest.raises(StoreError, match="was replaced or deleted"):
        watch.changed()
    path.touch()
    with pytest.raises(StoreError, match="was replaced or deleted"):
        watch.changed()
    watch.close()
