"""What is known of a token: the ledger's row first, then the stored verdict."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from policies.numbering.plans import plan_for
from policies.policy import Trunk
from tests.tollguard.judging import MONACO, SITE, TOKYO, attempt, judging
from tollguard.call_records import CallRecord, CallRecords
from tollguard.ledger import Ledger
from tollguard.ledger_file import Reservation
from tollguard.store import migrate
from tollguard.store_link import StoreLink
from tollguard.verdict_writer import VerdictWriter

NUMBERS = (MONACO, TOKYO, "01044123456789x")


@asynccontextmanager
async def judged(folder: Path) -> AsyncIterator[tuple[CallRecords, dict[str, str]]]:
    """Have calls judged, reserved and stored; give number to token, empty when denied."""
    migrate(str(folder / "store.db"))
    desk, link = judging(folder / "ledger.db"), StoreLink(str(folder / "store.db"))
    writer = VerdictWriter(link, "pbx1", "default")
    tokens = {number: (await desk.judge(attempt(number))).token for number in NUMBERS}
    for one in desk.recorded:
        writer.record(one)
    await writer.drain()
    yield CallRecords(folder / "ledger.db", link), tokens
    await link.close()
    await desk.reservations.close()


async def reserve_another(folder: Path, token: str) -> None:
    """Write one more row into the ledger."""
    ledger = Ledger.open(folder / "ledger.db")
    row = Reservation(token, "6001", MONACO, "MC", "trunk", "1.1", "1.1", 60_000, 3)
    await ledger.reserve(row)
    await ledger.close()


async def test_a_chargeable_call_is_found_in_the_ledger_and_a_free_one_in_the_store(
    tmp_path: Path,
) -> None:
    """Both have their caller, number and country; only the first is chargeable."""
    async with judged(tmp_path) as (records, tokens):
        found = await records.find({tokens[MONACO]: "1.1", tokens[TOKYO]: "1.1"})

    assert {token: replace(one, at_s=0.0) for token, one in found.items()} == {
        tokens[number]: CallRecord(
            tokens[number],
            "1.1",
            "6001",
            number,
            country,
            "trunk",
            chargeable=chargeable,
            limit_ms=14_400_000,
            policy_revision=3,
            at_s=0.0,
        )
        for number, country, chargeable in ((MONACO, "MC", True), (TOKYO, "JP", False))
    }
    assert all(one.age_s() < 60 for one in found.values())


async def test_only_the_newest_rows_are_read_where_that_is_enough(tmp_path: Path) -> None:
    """The ledger grows for years; a token is good for seconds."""
    async with judged(tmp_path) as (records, tokens):
        for n in range(3):
            find_me = {tokens[MONACO]: "9.9"}
            found = [len(await records.find(find_me, newest)) for newest in (0, n + 1)]
            assert found == [1, 1]
            await reserve_another(tmp_path, f"t{n}")
        assert await records.find({tokens[MONACO]: "9.9"}, 3) == {}


async def test_a_record_is_the_gates_event_again(tmp_path: Path) -> None:
    """With its number as it was judged, its caller held responsible, and no age below none."""
    async with judged(tmp_path) as (records, tokens):
        record = (await records.find({tokens[MONACO]: "1.1"}))[tokens[MONACO]]
    event = record.allowed(Trunk("trunk"), plan_for(SITE), 5.0)

    assert (event.at_s, event.token, event.responsible) == (5.0, record.token, ("6001",))
    assert (event.chargeable, event.international, event.country) == (True, True, "MC")
    assert event.number is not None
    assert event.number.country == "MC"
    assert replace(record, at_s=time.time() + 3_600).age_s() == 0.0
    assert (
        replace(record, endpoint=None).allowed(Trunk("trunk"), plan_for(SITE), 5.0).responsible
        == ()
    )


async def test_an_unknown_token_and_that_of_another_call_are_not_found(tmp_path: Path) -> None:
    """A verdict is looked for in its own call alone, and a denied one has no token."""
    async with judged(tmp_path) as (records, tokens):
        assert tokens["01044123456789x"] == ""
        assert await records.find({"unknown": "1.1", tokens[TOKYO]: "9.9"}) == {}


async def test_without_a_ledger_the_stored_verdict_tells(tmp_path: Path) -> None:
    """A ledger that cannot be read is as one that knows nothing; so is a store."""
    async with judged(tmp_path) as (records, tokens):
        records._ledger = tmp_path / "none.db"
        found = await records.find({tokens[MONACO]: "1.1"})
        records._link = StoreLink(str(tmp_path / "none/store.db"))
        nothing = await records.find({tokens[MONACO]: "1.1"})

    assert [(one.country, one.chargeable) for one in found.values()] == [("MC", True)]
    assert nothing == {}
