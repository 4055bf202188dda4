"""What is known of a token: the ledger's row first, then the stored verdict."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.tollguard.judging import MONACO, TOKYO, attempt, judging
from tollguard.call_records import CallRecord, CallRecords
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


async def test_a_chargeable_call_is_found_in_the_ledger_and_a_free_one_in_the_store(
    tmp_path: Path,
) -> None:
    """Both have their caller, number and country; only the first is chargeable."""
    async with judged(tmp_path) as (records, tokens):
        found = await records.find({tokens[MONACO]: "1.1", tokens[TOKYO]: "1.1"})

    assert found == {
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
        )
        for number, country, chargeable in ((MONACO, "MC", True), (TOKYO, "JP", False))
    }


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
