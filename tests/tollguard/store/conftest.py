"""An empty store of this version in the test's own folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tollguard.store import Actor, Store, migrate

ALICE = Actor("alice(1000)", "bob")
NOW_S = 1_795_500_000.125


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a migrated store."""
    file = tmp_path / "tollguard.db"
    migrate(str(file))
    return file


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    """Give an open store."""
    opened = await Store.open(str(path))
    yield opened
    await opened.close()
