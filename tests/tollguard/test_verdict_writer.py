"""Verdicts reach the log at once and the store soon; a full queue is counted."""

import asyncio
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from policies.decision import Step, Verdict
from tests.tollguard.judging import MONACO, attempt, judging
from tests.until import until
from tollguard import logs, store_link, verdict_writer
from tollguard.gate import Judged
from tollguard.store import migrate
from tollguard.store_link import StoreLink
from tollguard.verdict_writer import VerdictWriter


async def one_judged(folder: Path) -> Judged:
    """Judge one call for real."""
    desk = judging(folder / "ledger.db")
    await desk.judge(attempt(MONACO))
    await desk.reservations.close()
    return desk.recorded[0]


def with_step(judged: Judged) -> Judged:
    """Give a judged call a step whose facts need escapes."""
    facts = ("grant", "1"), ("country", 'M"\\\nC')
    step = Step("international", Verdict.DENY, "x", facts, observed=True)
    steps = (*judged.decision.steps, step)
    return judged._replace(decision=replace(judged.decision, steps=steps))


def stored(path: Path) -> list[tuple[str, str, str]]:
    db = sqlite3.connect(path)
    rows = db.execute("SELECT node, dialled, steps FROM verdict").fetchall()
    db.close()
    return rows


async def test_a_verdict_is_stored_with_its_steps(tmp_path: Path) -> None:
    """The running writer stores what was recorded, each judge's step included."""
    path = tmp_path / "tollguard.db"
    migrate(str(path))
    link = StoreLink(str(path))
    writer = VerdictWriter(link, "pbx1", "default")
    async with asyncio.TaskGroup() as group:
        _ = group.create_task(writer.run())
        writer.record(with_step(await one_judged(tmp_path)))
        await until(lambda: writer.waiting == 0, 5)
        writer.end()
    await link.close()
    rows = stored(path)

    assert [(row[0], row[1]) for row in rows] == [("pbx1", MONACO)]
    steps = [(step["judge"], step["facts"], step["observed"]) for step in json.loads(rows[0][2])]
    assert ("international", {"grant": "1", "country": 'M"\\\nC'}, True) in steps
    assert ("emergency", {}, False) in steps


async def test_a_verdict_s_line_is_written_as_all_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text of callers cannot begin a line in it, is cut when long, and nothing is missing."""
    logs.configure()
    judged = await one_judged(tmp_path)
    forged = replace(judged.attempt, dialled="1'\r\nlevel=x" + "9" * 400, source=None)
    VerdictWriter(StoreLink("no.db"), "pbx1", "default").record(judged._replace(attempt=forged))
    line = capsys.readouterr().err
    structlog.get_logger().info(
        "verdict", verdict="ALLOW", reason="allowed", would="ALLOW", would_reason="allowed",
        endpoint="6001", dialled=forged.dialled, number_class="international", country="MC",
        trunk="trunk", source=None, linkedid="1.1", mode="enforce", revision=3,
        took_us=judged.took_us,
    )  # fmt: skip

    assert line == capsys.readouterr().err
    assert len(line) < 700


async def test_verdicts_wait_for_a_store_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be written is written when the store is back, in order and once."""
    monkeypatch.setattr(store_link, "RETRY_S", 0.0)
    monkeypatch.setattr(verdict_writer, "RETRY_S", 0.01)
    path = tmp_path / "tollguard.db"
    link = StoreLink(str(path))
    writer = VerdictWriter(link, "pbx1", "default")
    judged = await one_judged(tmp_path)
    async with asyncio.TaskGroup() as group:
        _ = group.create_task(writer.run())
        writer.record(judged)
        await until(lambda: link.fault not in {"", "not opened"}, 5)
        waiting = writer.waiting
        migrate(str(path))
        await until(lambda: writer.waiting == 0, 5)
        writer.end()
    await link.close()

    assert waiting == 1
    assert len(stored(path)) == 1


async def test_a_full_queue_counts_what_it_drops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond its limit the queue does not grow, and says how many were not kept."""
    monkeypatch.setattr(verdict_writer, "WAITING_VERDICTS", 2)
    writer = VerdictWriter(StoreLink(str(tmp_path / "no.db")), "pbx1", "default")
    judged = await one_judged(tmp_path)
    for _ in range(5):
        writer.record(judged)
    await writer.drain()

    assert (writer.waiting, writer.dropped) == (2, 3)


async def test_the_end_repeats_nothing(tmp_path: Path) -> None:
    """Ended at any moment of a write, each verdict is stored once, and what is left is drained."""
    path = tmp_path / "tollguard.db"
    migrate(str(path))
    link = StoreLink(str(path))
    judged = await one_judged(tmp_path)
    for turns in range(30):
        writer = VerdictWriter(link, f"end-{turns}", "default")
        async with asyncio.TaskGroup() as group:
            _ = group.create_task(writer.run())
            writer.record(judged)
            for _ in range(turns):
                await asyncio.sleep(0.0001)
            writer.end()
        await writer.drain()
    await link.close()

    assert sorted(row[0] for row in stored(path)) == sorted(f"end-{n}" for n in range(30))
