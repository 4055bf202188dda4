"""Which tokens are asked about, for how long, and what they prove."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from policies.events import LegDialled
from policies.situation import VOID_AGE_S
from tests.tollguard.judging import MONACO, attempt, judging
from tests.until import until
from tollguard import gap_tokens
from tollguard.call_records import CallRecord, CallRecords
from tollguard.gap_tokens import GapTokens
from tollguard.store_link import StoreLink

FAR_S = 3_600.0


def leg(token: str, at_s: float = 0.0) -> LegDialled:
    """Make a leg with a token, dialled now or then."""
    at_s = at_s or time.monotonic()
    return LegDialled(at_s, "2.1", "1.1", "PJSIP/trunk-00000001", "1.1", "1@trunk", token)


@asynccontextmanager
async def looking(folder: Path, started_s: float) -> AsyncIterator[tuple[GapTokens, str]]:
    """Run over a ledger that has a row of this moment; hands its token out."""
    desk = judging(folder / "ledger.db")
    token = (await desk.judge(attempt(MONACO))).token
    link = StoreLink(str(folder / "none.db"))
    gap = GapTokens(CallRecords(folder / "ledger.db", link), started_s)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(gap.run())
        yield gap, token
        running.cancel()
    await desk.reservations.close()


async def answered(gap: GapTokens, one: LegDialled) -> CallRecord | None:
    """Ask, and wait for what is told."""
    told: list[CallRecord | None] = []
    gap.ask(one, told.append)
    await until(lambda: told, 5)
    return told[0]


async def test_what_was_reserved_before_the_start_is_told_until_it_is_used(tmp_path: Path) -> None:
    """A row of our own time is not: memory knows what became of that."""
    now_s = time.monotonic()
    async with looking(tmp_path, now_s + 1) as (gap, token):
        record = await answered(gap, leg(token))
        gap.spend(token)
        used = await answered(gap, leg(token))
    async with looking(tmp_path, now_s - 1) as (gap, own_token):
        own = await answered(gap, leg(own_token))

    assert record is not None
    assert record.token == token
    assert (used, own) == (None, None)


async def test_only_a_young_daemon_asks_and_only_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token is good for ten seconds, so after them none can be of before the start."""
    monkeypatch.setattr(gap_tokens, "ASKED_MAX", 1)
    now_s = time.monotonic()
    gap = GapTokens(CallRecords(tmp_path / "none.db", StoreLink("none")), now_s)
    gap.spend("used")
    wanted = [gap.wants(leg(token)) for token in ("t1", "", "used")]
    gap.ask(leg("t1"), lambda _record: None)

    assert wanted == [True, False, False]
    assert not gap.wants(leg("t2"))
    assert not gap.wants(leg("t2", now_s + VOID_AGE_S))
    assert gap._spent == set()
    late = GapTokens(CallRecords(tmp_path / "none.db", StoreLink("none")), now_s - VOID_AGE_S)
    late.spend("t1")
    assert late._spent == set()


class SlowRecords(CallRecords):
    """A ledger on a disk that hangs."""

    async def find(self, calls: Mapping[str, str], newest: int = 0) -> dict[str, CallRecord]:
        """Know it, but far too late."""
        await asyncio.sleep(FAR_S)
        return await super().find(calls, newest)


async def test_a_disk_that_hangs_leaves_the_leg_unaccounted(tmp_path: Path) -> None:
    """The leg lives no longer than the wait, which is told."""
    gap = GapTokens(SlowRecords(tmp_path / "none.db", StoreLink("none")), time.monotonic() + 1)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(gap.run())
        assert await answered(gap, leg("t1")) is None
        running.cancel()
