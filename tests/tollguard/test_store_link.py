"""The store may go and come back; each change is told once."""

from pathlib import Path

import pytest

from policies.policy import Mode
from tests.tollguard.node import ACTOR
from tollguard import store_link
from tollguard.errors import StoreError
from tollguard.store import Store, migrate
from tollguard.store_link import StoreLink


async def revision(store: Store) -> int:
    return await store.revision()


async def test_a_store_that_appears_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is missing each use fails; once it is there, the next use works."""
    monkeypatch.setattr(store_link, "RETRY_S", 0.0)
    link = StoreLink(str(tmp_path / "tollguard.db"))
    with pytest.raises(StoreError, match="does not exist"):
        await link.do(revision)
    fault = link.fault
    migrate(link.url)
    found = await link.do(revision)
    await link.close()

    assert "does not exist" in fault
    assert (found, link.fault) == (0, "")


async def test_it_is_tried_once_a_second_at_most(tmp_path: Path) -> None:
    """A missing store is not opened anew for every verdict."""
    link = StoreLink(str(tmp_path / "tollguard.db"))
    with pytest.raises(StoreError):
        await link.do(revision)
    migrate(link.url)

    with pytest.raises(StoreError, match="does not exist"):
        await link.do(revision)
    await link.close()


async def test_down_and_up_are_told_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Many failures are one line, and the return is one line."""
    monkeypatch.setattr(store_link, "RETRY_S", 0.0)
    link = StoreLink(str(tmp_path / "tollguard.db"))
    migrate(link.url)
    await link.do(revision)
    await link.close()
    (tmp_path / "tollguard.db").rename(tmp_path / "away")
    for _ in range(3):
        with pytest.raises(StoreError):
            await link.do(revision)
    (tmp_path / "away").rename(tmp_path / "tollguard.db")
    for _ in range(3):
        await link.do(revision)
    await link.close()
    told = capsys.readouterr().out

    assert (told.count("store-down"), told.count("store-up")) == (1, 2)


async def test_another_file_in_its_place_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows never go into a file that has no name any more; a missing one is a fault."""
    monkeypatch.setattr(store_link, "RETRY_S", 0.0)
    path = tmp_path / "tollguard.db"
    link = StoreLink(str(path))
    migrate(link.url)
    await link.do(lambda store: store.set_mode(Mode.ENFORCE, ACTOR, now_s=0.0))
    before = await link.do(revision)
    path.unlink()
    with pytest.raises(StoreError, match="does not exist"):
        await link.do(revision)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    migrate(link.url)
    after = await link.do(revision)
    await link.close()

    assert (before, after) == (1, 0)
