"""Which ledger may be relied on, as the store remembers it."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tollguard.node import ACTOR
from tests.tollguard.reserving import reservation
from tests.until import until
from tollguard import reservations
from tollguard.errors import LedgerError
from tollguard.reservations import Reservations
from tollguard.store import Store, migrate


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Give an empty store."""
    url = str(tmp_path / "tollguard.db")
    migrate(url)
    opened = await Store.open(url)
    yield opened
    await opened.close()


async def opened(path: Path, store: Store | None = None) -> Reservations:
    desk = Reservations()
    desk.open(path)
    if store is not None:
        await desk.compare(store, "pbx1", time.time())
    return desk


async def test_the_very_first_ledger_is_accepted_by_itself(tmp_path: Path, store: Store) -> None:
    """A node that the store never knew takes its ledger as its own and reserves."""
    desk = await opened(tmp_path / "ledger.db", store)
    seq = await desk.reserve(reservation())
    await desk.compare(store, "pbx1", time.time())
    known = await store.ledger_identity("pbx1")
    await desk.close()

    assert (desk.state, desk.fault, seq, desk.last_seq) == ("ok", "", 1, 1)
    assert known is not None
    assert (known.ledger_id, known.last_seq) == (desk.ledger_id, 1)


async def test_a_new_ledger_waits_for_the_operator(tmp_path: Path, store: Store) -> None:
    """A second ledger of a known node denies with `ledger-unknown` until it is accepted."""
    first = await opened(tmp_path / "first.db", store)
    await first.close()
    desk = await opened(tmp_path / "second.db", store)
    with pytest.raises(LedgerError, match="another ledger") as caught:
        await desk.reserve(reservation())
    state = desk.state
    await store.accept_ledger("pbx1", desk.ledger_id, 0, "new disk", ACTOR, now_s=time.time())
    await desk.compare(store, "pbx1", time.time())
    seq = await desk.reserve(reservation())
    await desk.close()

    assert caught.value.reason == "ledger-unknown"
    assert state == "foreign"
    assert seq == 1


async def test_a_restored_ledger_waits_for_the_operator(tmp_path: Path, store: Store) -> None:
    """A copy with fewer rows than the store has seen is `older`, and denies."""
    desk = await opened(tmp_path / "ledger.db", store)
    await desk.reserve(reservation())
    await desk.compare(store, "pbx1", time.time())
    await desk.close()
    with sqlite3.connect(tmp_path / "ledger.db") as db:
        db.execute("UPDATE sqlite_sequence SET seq = 0")
    db.close()
    restored = await opened(tmp_path / "ledger.db", store)
    with pytest.raises(LedgerError, match="more rows"):
        await restored.reserve(reservation())
    await restored.close()

    assert restored.state == "older"


async def test_without_the_store_only_an_old_acquaintance_is_believed(tmp_path: Path) -> None:
    """A ledger made just now takes no row before the store was asked; one that was there does."""
    fresh = await opened(tmp_path / "ledger.db")
    with pytest.raises(LedgerError) as caught:
        await fresh.reserve(reservation())
    await fresh.close()
    known = await opened(tmp_path / "ledger.db")
    seq = await known.reserve(reservation())
    known.give_back("t1")
    await known.close()

    assert caught.value.reason == "ledger-unknown"
    assert seq == 1


async def test_a_ledger_that_cannot_be_opened_denies(tmp_path: Path, store: Store) -> None:
    """Nothing but the state changes: reserving fails, comparing and giving back do nothing."""
    desk = await opened(tmp_path / "no" / "ledger.db", store)
    with pytest.raises(LedgerError) as caught:
        await desk.reserve(reservation())
    desk.give_back("t1")
    await desk.close()

    assert caught.value.reason == "ledger-failed"
    assert (desk.state, desk.ledger_id, desk.last_seq) == ("failed", "", 0)
    assert "ledger.db" in desk.fault


async def test_a_ledger_is_opened_when_it_can_be(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that comes later is found without a restart, and the store is asked first."""
    monkeypatch.setattr(reservations, "OPEN_AGAIN_S", 0.01)
    path = tmp_path / "later" / "ledger.db"
    desk = await opened(path, store)
    states = []

    async def compare() -> None:
        states.append(desk.state)
        await desk.compare(store, "pbx1", time.time())

    async with asyncio.TaskGroup() as group:
        _ = group.create_task(desk.keep_opening(path, compare))
        desk.reason = ""
        await until(lambda: desk.reason, 5)
        path.parent.mkdir()
    seq = await desk.reserve(reservation())
    await desk.close()

    assert states == ["foreign"]
    assert (desk.state, seq) == ("ok", 1)


@pytest.mark.parametrize("known", [True, False])
async def test_a_late_ledger_without_the_store_is_judged_as_at_a_start(
    tmp_path: Path,
    known: bool,  # noqa: FBT001 - a parameter
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that was there before is believed, a new one is not."""
    monkeypatch.setattr(reservations, "OPEN_AGAIN_S", 0.01)
    path, away = tmp_path / "later" / "ledger.db", tmp_path / "away"
    desk = await opened(path)
    away.mkdir()
    if known:
        first = await opened(away / "ledger.db")
        await first.close()

    async def compare() -> None:
        """The store is away."""

    async with asyncio.TaskGroup() as group:
        _ = group.create_task(desk.keep_opening(path, compare))
        away.rename(path.parent)
    await desk.close()

    assert desk.state == ("ok" if known else "foreign")


async def test_a_file_left_by_a_failed_start_is_still_a_new_ledger(tmp_path: Path) -> None:
    """An empty file is nobody's ledger, whoever made it."""
    (tmp_path / "ledger.db").touch()
    desk = await opened(tmp_path / "ledger.db")
    await desk.close()

    assert desk.state == "foreign"
