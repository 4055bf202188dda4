"""A daemon's answer is what this version asks for, or one sentence."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from tests.tollguard.node import ACTOR
from tests.until import until_told
from tollguard.cli.asking import ask, sight_fault
from tollguard.errors import AsteriskError
from tollguard.store import CALLS_LIST, RequestRow, Store, migrate


async def test_an_answer_of_another_version_is_told(tmp_path: Path) -> None:
    """After an upgrade the daemon that still runs may answer in another form."""
    url = str(tmp_path / "tollguard.db")
    migrate(url)
    store = await Store.open(url)

    async def claimed() -> tuple[RequestRow, ...]:
        return await store.claim_requests("pbx1", now_s=time.time())

    async with asyncio.TaskGroup() as group:
        asking = group.create_task(_sentence(store))
        (request,) = await until_told(claimed, 5)
        await store.answer_request(request.id, json.dumps([]), ok=True, now_s=time.time())
    await store.close()

    assert asking.result() == "the daemon is of another version; restart tollguard"


async def _sentence(store: Store) -> str:
    with pytest.raises(AsteriskError) as caught:
        await ask(store, "pbx1", (CALLS_LIST, {}), ACTOR, 5.0)
    return str(caught.value)


def test_a_daemon_that_sees_has_no_fault() -> None:
    """Only a reason makes a sentence."""
    assert sight_fault({"blind": "", "since": ""}, "Asia/Tokyo") == ""
    assert "ami-lost" in sight_fault({"blind": "ami-lost"}, "Asia/Tokyo")
