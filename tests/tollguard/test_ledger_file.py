"""What the ledger's file tells a reader."""

import sqlite3
from pathlib import Path

import pytest

from tests.tollguard.reserving import reservation
from tollguard.errors import LedgerError
from tollguard.ledger import Ledger
from tollguard.ledger_file import Entry, find, read, return_row


async def test_the_newest_rows_come_first_and_no_more_than_asked_for(tmp_path: Path) -> None:
    """A report of two rows holds the two newest, whole."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    for name in "abc":
        await ledger.reserve(reservation(name))
    report = read(path, limit=2)
    await ledger.close()

    assert [entry.token for entry in report.entries] == ["c", "b"]
    assert report.entries[0] == Entry(
        seq=3,
        kind="reserve",
        token="c",
        at=report.entries[0].at,
        endpoint="6001",
        number="01037793123456",
        country="MC",
        trunk="trunk",
        uniqueid="1.1",
        linkedid="1.1",
        limit_ms=14_400_000,
        policy_revision=3,
    )


async def test_reading_needs_no_daemon_and_changes_nothing(tmp_path: Path) -> None:
    """A closed ledger is read, and its bytes stay."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    await ledger.reserve(reservation())
    await ledger.close()
    before = path.read_bytes()
    report = read(path)

    assert (report.ledger_id, report.last_seq) == (ledger.ledger_id, 1)
    assert path.read_bytes() == before


def test_what_is_no_ledger_is_told(tmp_path: Path) -> None:
    """A database without the ledger's tables raises with its path."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE x (y)")
    db.close()

    with pytest.raises(LedgerError, match=r"other\.db"):
        read(path)


def test_a_return_says_only_whose_it_is() -> None:
    """The row that voids a reservation holds its token and a time."""
    kind, token, at, *rest = return_row("t1")

    assert (kind, token, bool(at)) == ("return", "t1", True)
    assert [value for value in rest if value] == []


async def test_a_token_s_reservation_is_found_unless_it_was_given_back(tmp_path: Path) -> None:
    """Each known token has its row, or None when it was voided; others are not there."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path)
    for name in "ab":
        await ledger.reserve(reservation(name))
    ledger.give_back("b")
    await ledger.close()
    found = find(path, ("a", "b", "c"))

    assert {token: entry and entry.endpoint for token, entry in found.items()} == {
        "a": "6001",
        "b": None,
    }
