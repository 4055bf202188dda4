"""A row is durable before it is answered, and a row nobody was answered with is never good."""

import asyncio
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from tests.tollguard.locked import locked
from tests.tollguard.reserving import reservation
from tests.until import until
from tollguard.errors import LedgerError
from tollguard.ledger import BATCH_ROWS, WAITING_ROWS, Ledger
from tollguard.ledger_file import read


async def test_reserve_returns_the_row_s_sequence(tmp_path: Path) -> None:
    """A reservation is readable by others the moment it is answered, and sequences grow by one."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)

    first = await ledger.reserve(reservation("a"))
    second = await ledger.reserve(reservation("b"))
    report = read(path)
    await ledger.close()

    assert (first, second) == (1, 2)
    assert [(e.seq, e.kind, e.token) for e in report.entries] == [
        (2, "reserve", "b"),
        (1, "reserve", "a"),
    ]
    assert report.ledger_id == ledger.ledger_id
    assert report.last_seq == ledger.last_seq == 2


async def test_many_at_once_share_commits(tmp_path: Path) -> None:
    """More rows than one batch holds all get their own sequence."""
    ledger = Ledger.open(tmp_path / "ledger.db")
    count = BATCH_ROWS * 2 + 1

    seqs = await asyncio.gather(*(ledger.reserve(reservation(str(n))) for n in range(count)))
    await ledger.close()

    assert sorted(seqs) == list(range(1, count + 1))


async def test_identity_survives_and_sequences_never_come_again(tmp_path: Path) -> None:
    """A reopened ledger has its id and goes on counting, even after its rows were deleted."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    await ledger.reserve(reservation())
    await ledger.close()
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM entry")
    db.close()

    again = Ledger.open(path)
    seq = await again.reserve(reservation("b"))
    await again.close()

    assert ledger.created
    assert not again.created
    assert again.ledger_id == ledger.ledger_id
    assert seq == 2


async def test_a_held_up_commit_is_late_and_its_row_is_voided(tmp_path: Path) -> None:
    """After half a second the caller is told `ledger-late`; a later commit gets a return."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    with locked(path), pytest.raises(LedgerError) as caught:
        await ledger.reserve(reservation())
    await until(lambda: len(read(path).entries) == 2, 5)
    kinds = [entry.kind for entry in read(path).entries]
    await ledger.close()

    assert caught.value.reason == "ledger-late"
    assert kinds == ["return", "reserve"]


async def test_a_row_still_waiting_when_its_caller_left_is_not_written(tmp_path: Path) -> None:
    """A reservation that is given up before the writer takes it never reaches the file."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    with locked(path):
        first = asyncio.ensure_future(ledger.reserve(reservation("first")))  # noqa: TID251 - no group
        await until(lambda: not (ledger._outgoing or ledger._inbox.rows), 1)
        await asyncio.sleep(0)
        second = asyncio.ensure_future(ledger.reserve(reservation("second")))  # noqa: TID251
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
    seq = await first
    await ledger.reserve(reservation("third"))
    tokens = [entry.token for entry in read(path).entries]
    await ledger.close()

    assert seq == 1
    assert tokens == ["third", "first"]


async def test_a_failing_commit_denies_and_the_next_one_is_tried_afresh(tmp_path: Path) -> None:
    """When the table is gone the reserve fails at once, and works again when it is back."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("ALTER TABLE entry RENAME TO away")
    with pytest.raises(LedgerError) as caught:
        await ledger.reserve(reservation())
    fault = ledger.fault
    other.execute("ALTER TABLE away RENAME TO entry")
    other.close()
    seq = await ledger.reserve(reservation("b"))
    await ledger.close()

    assert caught.value.reason == "ledger-failed"
    assert "entry" in fault
    assert seq == 1
    assert ledger.fault == ""


async def test_a_return_that_failed_goes_out_with_the_next_batch(tmp_path: Path) -> None:
    """A give-back is not lost by a failing commit."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    await ledger.reserve(reservation())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("ALTER TABLE entry RENAME TO away")
    ledger.give_back("t1")
    await until(lambda: ledger.fault != "", 5)
    other.execute("ALTER TABLE away RENAME TO entry")
    other.close()
    await until(lambda: len(read(path).entries) == 2, 5)
    kinds = [entry.kind for entry in read(path).entries]
    await ledger.close()

    assert kinds == ["return", "reserve"]


async def test_a_fault_that_is_mended_is_noticed_without_a_call(tmp_path: Path) -> None:
    """The ledger tries its disk again by itself, and no row is left of the try."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    away = path.rename(tmp_path / "away")
    with pytest.raises(LedgerError):
        await ledger.reserve(reservation("a"))
    assert ledger.fault
    away.rename(path)
    await until(lambda: ledger.fault == "", 10)
    entries = read(path).entries
    await ledger.close()

    assert entries == ()


async def test_a_return_waits_for_the_disk_without_spinning(tmp_path: Path) -> None:
    """A row that cannot be written costs a try now and then, and not a processor."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    await ledger.reserve(reservation("a"))
    away = path.rename(tmp_path / "away")
    ledger.give_back("a")
    await until(lambda: ledger.fault != "", 5)
    begin_s, wall_s = time.process_time(), time.monotonic()
    await until(lambda: time.monotonic() - wall_s > 0.5, 5)
    spent_s = time.process_time() - begin_s
    away.rename(path)
    await until(lambda: ledger.last_seq == 2, 10)
    await ledger.close()

    assert spent_s < 0.25


async def test_rows_found_after_a_failed_commit_are_voided(tmp_path: Path) -> None:
    """A row that nobody was answered with, found when the file is opened again, gets its return."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    await ledger.reserve(reservation("good"))
    ledger._writer._good_seq = 0  # as if the commit of "good" had failed after reaching the log
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("ALTER TABLE entry RENAME TO away")
    with pytest.raises(LedgerError):
        await ledger.reserve(reservation("bad"))
    other.execute("ALTER TABLE away RENAME TO entry")
    other.close()
    await ledger.reserve(reservation("next"))
    rows = [(entry.kind, entry.token) for entry in read(path).entries]
    await ledger.close()

    assert rows == [("reserve", "next"), ("return", "good"), ("reserve", "good")]


async def test_a_replaced_file_denies(tmp_path: Path) -> None:
    """A ledger deleted or restored under the daemon is noticed before the next row."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    await ledger.reserve(reservation())
    for name in (path, tmp_path / "ledger.db-wal", tmp_path / "ledger.db-shm"):
        name.unlink(missing_ok=True)
    other = Ledger.open(path)

    with pytest.raises(LedgerError, match="replaced"):
        await ledger.reserve(reservation("b"))
    with pytest.raises(LedgerError, match="another ledger"):
        await ledger.reserve(reservation("c"))
    await other.close()
    await ledger.close()


@pytest.mark.parametrize("again", [False, True])
async def test_a_deleted_log_denies_and_is_opened_anew(tmp_path: Path, again: bool) -> None:  # noqa: FBT001
    """A row in a log without a name would be lost: it is refused, and no row before it is lost."""
    path, log = tmp_path / "ledger.db", tmp_path / "ledger.db-wal"
    ledger = Ledger.open(path)
    await ledger.reserve(reservation("a"))
    log.unlink()
    (tmp_path / "ledger.db-shm").unlink()
    if again:
        log.touch()

    with pytest.raises(LedgerError, match="log was replaced"):
        await ledger.reserve(reservation("b"))
    await ledger.reserve(reservation("c"))
    held = [(entry.kind, entry.token) for entry in read(path).entries]
    await ledger.close()

    assert held == [("reserve", "c"), ("reserve", "a")]


async def test_a_file_that_lost_rows_denies(tmp_path: Path) -> None:
    """The same ledger as it was before is not gone on with."""
    path, log = tmp_path / "ledger.db", tmp_path / "ledger.db-wal"
    ledger = Ledger.open(path)
    await ledger.reserve(reservation("a"))
    await ledger.close()
    old = path.read_bytes()
    ledger = Ledger.open(path)
    await ledger.reserve(reservation("b"))
    log.unlink()
    path.unlink()
    (tmp_path / "ledger.db-shm").unlink()
    path.write_bytes(old)

    with pytest.raises(LedgerError, match="replaced"):
        await ledger.reserve(reservation("c"))
    with pytest.raises(LedgerError, match="lost rows"):
        await ledger.reserve(reservation("d"))
    await ledger.close()


async def test_a_full_inbox_denies(tmp_path: Path) -> None:
    """More waiting rows than the limit are refused at once rather than queued without bound."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    with locked(tmp_path / "ledger.db"):
        for _ in range(WAITING_ROWS + BATCH_ROWS):
            ledger.give_back("t1")
        with pytest.raises(LedgerError, match="wait already"):
            await ledger.reserve(reservation())
    await ledger.close()


async def test_a_closed_ledger_denies(tmp_path: Path) -> None:
    """After the close nothing is taken any more."""
    ledger = Ledger.open(tmp_path / "ledger.db")
    await ledger.close()

    with pytest.raises(LedgerError, match="closed"):
        await ledger.reserve(reservation())


async def test_closing_writes_what_waits(tmp_path: Path) -> None:
    """A give-back handed over just before the close is in the file."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    ledger.give_back("t1")
    await ledger.close()

    assert [entry.kind for entry in read(path).entries] == ["return"]


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be one" * 30])
async def test_a_damaged_file_is_told_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    """A file that is no ledger raises with its path."""
    path = tmp_path / "ledger.db"
    path.write_bytes(content)

    with pytest.raises(LedgerError, match=r"ledger\.db.*not a database"):
        Ledger.open(path)


async def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    """A path whose folder does not exist raises with its path, for the daemon and for readers."""
    path = tmp_path / "nowhere" / "ledger.db"

    with pytest.raises(LedgerError, match=r"nowhere/ledger\.db"):
        Ledger.open(path)
    with pytest.raises(LedgerError, match=r"nowhere/ledger\.db"):
        read(path)


async def test_the_file_is_closed_to_others(tmp_path: Path) -> None:
    """Nobody but the owner and its group may read the ledger or its log."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    await ledger.reserve(reservation())
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) & 0o007 for p in tmp_path.iterdir()}
    await ledger.close()

    assert set(modes.values()) == {0}
