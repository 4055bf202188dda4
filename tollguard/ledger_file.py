"""The ledger's file: its tables, its rows, and reading them without touching it."""

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from urllib.parse import quote

from tollguard.errors import LedgerError
from tollguard.store.times import to_text

RESERVE = "reserve"
RETURN = "return"

SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS identity (ledger_id TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('reserve', 'return')),
    token TEXT NOT NULL,
    at TEXT NOT NULL,
    endpoint TEXT,
    number TEXT NOT NULL,
    country TEXT,
    trunk TEXT NOT NULL,
    uniqueid TEXT NOT NULL,
    linkedid TEXT NOT NULL,
    limit_ms INTEGER NOT NULL,
    policy_revision INTEGER NOT NULL
);
COMMIT;
"""
# One statement for many rows: sqlite3 lets Python's interpreter go and takes it again for each
# statement and each row of executemany, which beside a busy loop takes longer than the writing.
ROWS_AT_ONCE = 64
_INTO = """
INSERT INTO entry (kind, token, at, endpoint, number, country, trunk, uniqueid, linkedid,
                   limit_ms, policy_revision)
"""
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
VOID_AFTER = (
    _INTO
    + """SELECT 'return', token, at, NULL, '', NULL, '', '', '', 0, 0
FROM entry WHERE seq > ? AND kind = 'reserve'"""
)
_ENTRIES = """
SELECT seq, kind, token, at, endpoint, number, country, trunk, uniqueid, linkedid,
       limit_ms, policy_revision
FROM entry """
_LAST = _ENTRIES + "ORDER BY seq DESC LIMIT ?"
_OF_TOKENS = _ENTRIES + (  # noqa: S608 - both are constants
    "WHERE seq > ? AND token IN (SELECT value FROM json_each(?)) ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class Reservation:
    """One chargeable call about to be allowed.

    Attributes:
        token: The gate's one-time token; ties the row to the leg.
        endpoint: The principal; None for nobody.
        number: The string that the trunk will be given.
        country: ISO alpha-2 or None.
        trunk: The trunk's endpoint.
        uniqueid: The calling channel.
        linkedid: The call.
        limit_ms: How long it may last.
        policy_revision: The policy that allowed it.
    """

    token: str
    endpoint: str | None
    number: str
    country: str | None
    trunk: str
    uniqueid: str
    linkedid: str
    limit_ms: int
    policy_revision: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as `ledger show` prints it.

    ``kind`` is ``reserve`` or ``return``; of a return only the token says anything.
    """

    seq: int
    kind: str
    token: str
    at: str
    endpoint: str | None
    number: str
    country: str | None
    trunk: str
    uniqueid: str
    linkedid: str
    limit_ms: int
    policy_revision: int


Row = tuple[str, str, str, str | None, str, str | None, str, str, str, int, int]


def reserve_row(wanted: Reservation) -> Row:
    """Make the row of a reservation, as of now."""
    return (
        RESERVE,
        wanted.token,
        to_text(time.time()),
        wanted.endpoint,
        wanted.number,
        wanted.country,
        wanted.trunk,
        wanted.uniqueid,
        wanted.linkedid,
        wanted.limit_ms,
        wanted.policy_revision,
    )


def return_row(token: str) -> Row:
    """Make the row that voids a reservation."""
    return (RETURN, token, to_text(time.time()), None, "", None, "", "", "", 0, 0)


def insert(db: sqlite3.Connection, rows: Sequence[Row]) -> int:
    """Write rows in their order, in one transaction and durably.

    Args:
        db: Without an open transaction; after an error it is to be closed.
        rows: At least one.

    Returns:
        The last one's sequence; those before it have the ones before it.
    """
    if len(rows) <= ROWS_AT_ONCE:
        return _insert(db, rows)
    last = 0
    db.execute("BEGIN IMMEDIATE")
    for n in range(0, len(rows), ROWS_AT_ONCE):
        last = _insert(db, rows[n : n + ROWS_AT_ONCE])
    db.execute("COMMIT")
    return last


def _insert(db: sqlite3.Connection, rows: Sequence[Row]) -> int:
    last = db.execute(_insert_of(len(rows)), tuple(chain.from_iterable(rows))).lastrowid
    assert last is not None  # an INSERT was executed
    return last


@cache
def _insert_of(count: int) -> str:
    """Write the statement for so many rows, at most `ROWS_AT_ONCE`."""
    return _INTO + "VALUES " + ", ".join([_ROW] * count)


def identity(db: sqlite3.Connection) -> str:
    """Read whose ledger it is; empty in a new file."""
    row: tuple[str] | None = db.execute("SELECT ledger_id FROM identity").fetchone()
    return row[0] if row else ""


def new_identity(db: sqlite3.Connection) -> str:
    """Give a new file its random identity."""
    ledger_id = secrets.token_hex(16)
    db.execute("INSERT INTO identity VALUES (?, ?)", (ledger_id, to_text(time.time())))
    return ledger_id


def newest_seq(db: sqlite3.Connection) -> int:
    """Read the highest sequence ever given, of deleted rows too; 0 before the first."""
    row: tuple[int] | None = db.execute(
        "SELECT seq FROM sqlite_sequence WHERE name = 'entry'"
    ).fetchone()
    return row[0] if row else 0


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What `ledger show` prints: whose ledger it is and its newest rows, newest first."""

    ledger_id: str
    last_seq: int
    entries: tuple[Entry, ...]


def fault_text(error: Exception) -> str:
    """Say what is wrong with a ledger, and what to do where its file cannot be opened."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CANTOPEN:
        return str(error)
    return f"{error}; see that its folder is there and that the daemon's user may write in it"


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for reading alone."""
    try:
        db = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            yield db
        finally:
            db.close()
    except sqlite3.Error as error:
        message = f"ledger {str(path)!r}: {fault_text(error)}"
        raise LedgerError(message, reason="ledger-failed") from error


def read(path: Path, limit: int = 50) -> LedgerReport:
    """Read the newest rows without touching the file.

    Args:
        path: The ledger.
        limit: At most so many rows.

    Raises:
        LedgerError: There is none, or it cannot be read.
    """
    with _reading(path) as db:
        entries = tuple(Entry(*row) for row in db.execute(_LAST, (limit,)))
        return LedgerReport(identity(db), newest_seq(db), entries)


def find(path: Path, tokens: Sequence[str], newest: int = 0) -> dict[str, Entry | None]:
    """Find the reservations of tokens; reads the whole file, so not in the loop's thread.

    Args:
        path: The ledger.
        tokens: To be found.
        newest: Read so many of the last rows; 0 for all.

    Returns:
        The reservation of each token that has one; None where it was given back.

    Raises:
        LedgerError: As for `read`.
    """
    with _reading(path) as db:
        after = newest_seq(db) - newest if newest else 0
        rows = [Entry(*row) for row in db.execute(_OF_TOKENS, (after, json.dumps(tokens)))]
    return {row.token: row if row.kind == RESERVE else None for row in rows}
