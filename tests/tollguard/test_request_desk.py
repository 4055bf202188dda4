"""Requests are claimed once and answered, whatever they ask."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from policies.policy import SuspensionKind
from tests.tollguard.judging import MONACO, TOKYO
from tests.tollguard.node import ACTOR
from tests.tollguard.test_calls_cutter import Cutting, cutting, suspending
from tests.until import until
from tollguard import request_desk, store_link
from tollguard.request_desk import RequestDesk
from tollguard.store import (
    CALLS_CUT,
    CALLS_HANGUP,
    CALLS_LIST,
    COVERAGE,
    RequestRow,
    Store,
    migrate,
)
from tollguard.store_link import StoreLink


async def looked() -> dict[str, object]:
    """Stand for a look at a dialplan that has no holes."""
    return {"findings": []}


async def answer_of(made: Cutting, folder: Path, kind: str, arguments: str) -> RequestRow:
    """Ask as the command does, let the desk run, and return the answered row."""
    url = str(folder / "tollguard.db")
    migrate(url)
    store = await Store.open(url)
    asked = await store.ask("pbx1", kind, arguments, ACTOR, now_s=time.time(), for_s=60)
    link = StoreLink(url)
    desk = RequestDesk(link, made.cutter, "pbx1", lambda: ("", "T"), looked)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(desk.run())
        desk.wake()
        row = None
        while row is None or row.answered_at is None:
            await asyncio.sleep(0)
            row = await store.request(asked)
        running.cancel()
    await link.close()
    await store.close()
    return row


async def test_calls_are_listed(tmp_path: Path) -> None:
    """Each leg toward a trunk is one object with the columns of the command."""
    async with cutting(tmp_path) as made:
        made.leg("2.1", MONACO, "6001")
        row = await answer_of(made, tmp_path, CALLS_LIST, "{}")
    told = json.loads(row.result or "")
    (call,) = told["calls"]

    assert row.ok
    assert (told["blind"], told["since"]) == ("", "T")
    assert (call["uniqueid"], call["endpoint"], call["country"], call["state"]) == (
        "2.1",
        "6001",
        "MC",
        "ringing",
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"uniqueid": "2.2"}, ["2.2"]),
        ({"endpoint": "6001"}, ["2.1", "2.2"]),
        ({"country": "MC"}, ["2.1"]),
        ({"all": "international"}, ["2.1"]),
        ({"uniqueid": "9.9"}, []),
    ],
)
async def test_calls_are_hung_up(
    tmp_path: Path, arguments: dict[str, str], expected: list[str]
) -> None:
    """One call, an endpoint's, a country's or all abroad; never 110."""
    async with cutting(tmp_path) as made:
        made.leg("2.1", MONACO, "6001")
        made.leg("2.2", TOKYO, "6001")
        made.leg("2.3", "110", "6001")
        row = await answer_of(made, tmp_path, CALLS_HANGUP, json.dumps(arguments))

        assert row.ok
        assert json.loads(row.result or "") == {"ended": expected, "blind": "", "since": "T"}
        assert sorted(made.pbx.hung_up) == expected


@pytest.mark.parametrize("arguments", [{"country": "MC"}, {"all": "international"}])
async def test_a_hang_up_means_what_a_suspension_means(
    tmp_path: Path, arguments: dict[str, str]
) -> None:
    """A number with a digit too many is hung up with the calls to where it could lead."""
    async with cutting(tmp_path) as made:
        made.leg("2.1", f"{MONACO}00001", "6001")
        await answer_of(made, tmp_path, CALLS_HANGUP, json.dumps(arguments))

        assert made.pbx.hung_up == ["2.1"]


@pytest.mark.parametrize(
    ("kind", "arguments", "sentence"),
    [
        ("dance", "{}", "does not know the request 'dance'"),
        (CALLS_HANGUP, '{"all": "everything"}', "cannot tell which calls"),
        (CALLS_CUT, '{"kind": "moon"}', "cannot tell which suspension"),
        (CALLS_HANGUP, "no json", "calls-hangup: "),
    ],
)
async def test_what_cannot_be_done_is_answered_too(
    tmp_path: Path, kind: str, arguments: str, sentence: str
) -> None:
    """An unknown request, and one that means nothing, get a sentence instead of silence."""
    async with cutting(tmp_path) as made:
        row = await answer_of(made, tmp_path, kind, arguments)

    assert row.ok is False
    assert sentence in (row.result or "")


async def test_a_refused_hangup_is_said(tmp_path: Path) -> None:
    """When Asterisk hangs up fewer than were meant, the answer is not ok."""
    async with cutting(tmp_path) as made:
        made.pbx.fake.answers["Hangup"] = {"Response": "Error", "Message": "No such channel"}
        made.leg("2.1", MONACO, "6001")
        row = await answer_of(made, tmp_path, CALLS_HANGUP, '{"country": "MC"}')

    assert row.ok is False
    assert "0 of 1" in (row.result or "")


async def test_requests_wait_for_a_store_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the store gone the desk tries again, and answers when it is back."""
    monkeypatch.setattr(store_link, "RETRY_S", 0.0)
    monkeypatch.setattr(request_desk, "RETRY_S", 0.01)
    async with cutting(tmp_path) as made, asyncio.TaskGroup() as group:
        url = str(tmp_path / "later.db")
        link = StoreLink(url)
        desk = RequestDesk(link, made.cutter, "pbx1", lambda: ("", "T"), looked)
        running = group.create_task(desk.run())
        desk.wake()
        await until(lambda: "does not exist" in link.fault, 5)
        migrate(url)
        await until(lambda: link.fault == "", 5)
        running.cancel()
        await link.close()

    assert link.fault == ""


async def test_a_look_at_the_dialplan_is_answered(tmp_path: Path) -> None:
    """The look's own result is the answer."""
    async with cutting(tmp_path) as made:
        row = await answer_of(made, tmp_path, COVERAGE, "{}")

    assert row.ok
    assert json.loads(row.result or "") == {"findings": [], "blind": "", "since": "T"}


async def test_a_long_look_delays_no_hang_up(tmp_path: Path) -> None:
    """A call is hung up while a look at the dialplan still goes on."""
    done = asyncio.Event()

    async def long_look() -> dict[str, object]:
        await done.wait()
        return {"findings": []}

    async with cutting(tmp_path) as made, asyncio.TaskGroup() as group:
        made.leg("2.1", MONACO, "6001")
        url = str(tmp_path / "tollguard.db")
        migrate(url)
        store, link = await Store.open(url), StoreLink(url)
        now_s = time.time()
        asked = await store.ask("pbx1", COVERAGE, "{}", ACTOR, now_s=now_s, for_s=60)
        await store.ask("pbx1", CALLS_HANGUP, '{"uniqueid": "2.1"}', ACTOR, now_s=now_s, for_s=60)
        desk = RequestDesk(link, made.cutter, "pbx1", lambda: ("", "T"), long_look)
        running = group.create_task(desk.run())
        desk.wake()
        await until(lambda: made.pbx.hung_up == ["2.1"], 5)
        row = await store.request(asked)
        done.set()
        while row is None or row.answered_at is None:
            await asyncio.sleep(0)
            row = await store.request(asked)
        running.cancel()
        await link.close()
        await store.close()

    assert row.ok


async def test_what_a_suspension_cut_is_told(tmp_path: Path) -> None:
    """The answer waits for the cut, and names what was not cut with its reason."""
    async with cutting(tmp_path) as made:
        made.pbx.fake.answers["Hangup"] = {"Response": "Error", "Message": "Permission denied"}
        made.leg("2.1", MONACO, "6001")
        made.leg("2.2", TOKYO, "6001")
        made.desk.gate.use(suspending(SuspensionKind.COUNTRY, "MC"))
        arguments = json.dumps({"revision": 4, "kind": "country", "target": "MC"})
        row = await answer_of(made, tmp_path, CALLS_CUT, arguments)

    assert row.ok
    assert json.loads(row.result or "") == {
        "cut": [],
        "not_cut": {"2.1": "Permission denied"},
        "blind": "",
        "since": "T",
    }
