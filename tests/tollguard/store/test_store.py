"""The store as one object."""

import sqlite3
from pathlib import Path

from policies.policy import Mode
from tests.tollguard.store.conftest import ALICE, NOW_S
from tollguard.store import Store


async def test_policy_rows_are_filed_under_the_group(path: Path) -> None:
    """Rows made through a store opened for a group carry that group."""
    store = await Store.open(str(path), "acme")
    try:
        await store.grant("6001", None, ALICE, now_s=NOW_S, until_s=None)
    finally:
        await store.close()
    connection = sqlite3.connect(path)
    groups = connection.execute("SELECT grp FROM permission").fetchall()
    connection.close()

    assert groups == [("acme",)]


async def test_the_revision_grows_by_one_a_change(store: Store) -> None:
    """Each change makes the next number, also when the value stays the same."""
    revisions = [await store.revision()]
    for _count in range(2):
        await store.set_mode(Mode.ENFORCE, ALICE, now_s=NOW_S)
        revisions.append(await store.revision())

    assert revisions == [0, 1, 2]
