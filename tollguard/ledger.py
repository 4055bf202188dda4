"""The durable reservations: a row is on the disk before a chargeable call is allowed.

One thread owns one SQLite connection and does nothing else. What waits when a
commit returns is the next batch, so there is no batching window to tune.
Rows are only ever added: an unused reservation is voided by a later row.
"""

import asyncio
import os
import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from urllib.parse import quote

from tollguard.errors import LedgerError

RESERVE_DEADLINE_S = 0.5  # DESIGN "Where things are kept": after that the answer is deny
BATCH_ROWS = 1_000
WAITING_ROWS = 10_000  # ten batches: more cannot be written within the deadline on a slow disk
BUSY_TIMEOUT_S = 2.0
OPEN_DEADLINE_S = 10.0
FILE_MODE = 0o660  # readers in the group need to write the -shm file beside it

RESERVE = "reserve"
RETURN = "return"

_SCHEMA = """
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
_INSERT = """
INSERT INTO entry (kind, token, at, endpoint, number, country, trunk, uniqueid, linkedid,
                   limit_ms, policy_revision)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_VOID_AFTER = """
INSERT INTO entry (kind, token, at, endpoint, number, country, trunk, uniqueid, linkedid,
                   limit_ms, policy_revision)
SELECT 'return', token, at, endpoint, number, country, trunk, uniqueid, linkedid,
       limit_ms, policy_revision
FROM entry WHERE seq > ? AND kind = 'reserve'
"""
_LAST = """
SELECT seq, kind, token, at, endpoint, number, country, trunk, uniqueid, linkedid,
       limit_ms, policy_revision
FROM entry ORDER BY seq DESC LIMIT ?
"""


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
    """One row as `ledger show` prints it; ``kind`` is ``reserve`` or ``return``."""

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


_Row = tuple[str, str, str, str | None, str, str | None, str, str, str, int, int]


@dataclass(slots=True)
class _Waiting:
    """A row on its way; ``seq`` is None for a return, which nobody waits for."""

    row: _Row
    reservation: Reservation
    seq: asyncio.Future[int] | None = None


_Settle = Callable[[Sequence[_Waiting], int, str], None]


@dataclass(slots=True)
class _Inbox:
    """What the loop hands to the writer thread."""

    rows: deque[_Waiting] = field(default_factory=deque)
    ready: threading.Condition = field(default_factory=threading.Condition)
    closing: bool = False


def _row(kind: str, reservation: Reservation) -> _Row:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return (
        kind,
        reservation.token,
        at,
        reservation.endpoint,
        reservation.number,
        reservation.country,
        reservation.trunk,
        reservation.uniqueid,
        reservation.linkedid,
        reservation.limit_ms,
        reservation.policy_revision,
    )


class Ledger:
    """The node's ledger, open for writing. Lives in the loop's thread.

    Attributes:
        path: The file.
        ledger_id: Random, made once with the file. A copy or a restored file keeps it.
        last_seq: Sequence of the newest row known to be on the disk.
        created: This opening made the file.
        fault: Why the last commit failed; empty while the ledger works.
    """

    def __init__(self, path: Path, writer: "_Writer", *, created: bool) -> None:
        self.path = path
        self.created = created
        self.ledger_id = writer.ledger_id
        self.last_seq = writer.first_seq
        self.fault = ""
        self._writer = writer
        self._inbox = writer.inbox

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the ledger, make it when there is none, and start its thread.

        Must be called in the running loop. Blocks for the disk, so only at a start.

        Raises:
            LedgerError: The file cannot be opened, is no ledger, or is damaged.
        """
        created = not path.exists()
        writer = _Writer(path, asyncio.get_running_loop())
        writer.start()
        if not writer.opened.wait(OPEN_DEADLINE_S) or writer.error:
            message = f"ledger {str(path)!r}: {writer.error or 'the disk does not answer'}"
            raise LedgerError(message, reason="ledger-failed")
        ledger = cls(path, writer, created=created)
        writer.settle = ledger._settle
        return ledger

    async def reserve(self, reservation: Reservation) -> int:
        """Write one reservation and wait until it is on the disk.

        Returns:
            The row's sequence, after the commit's fsync returned.

        Raises:
            LedgerError: Reason ``ledger-late`` after 0.5 s, ``ledger-failed`` when the
                commit failed or too many wait. A row that commits all the same is
                voided by a return row.
        """
        if len(self._inbox.rows) >= WAITING_ROWS:
            message = f"ledger: {WAITING_ROWS} rows wait already"
            raise LedgerError(message, reason="ledger-failed")
        seq: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._put(_Waiting(_row(RESERVE, reservation), reservation, seq))
        taken = False
        try:
            async with asyncio.timeout(RESERVE_DEADLINE_S):
                written = await seq
            taken = True
        except TimeoutError as error:
            message = f"ledger: no commit within {RESERVE_DEADLINE_S} s"
            raise LedgerError(message, reason="ledger-late") from error
        finally:
            if not taken:
                self._void(reservation, seq)
        return written

    def give_back(self, reservation: Reservation) -> None:
        """Add the row that voids a reservation; it is written soon, nobody waits."""
        self._put(_Waiting(_row(RETURN, reservation), reservation))

    async def close(self) -> None:
        """Write what waits, close the file and end the thread."""
        with self._inbox.ready:
            self._inbox.closing = True
            self._inbox.ready.notify()
        await asyncio.to_thread(self._writer.join)

    def _put(self, waiting: _Waiting) -> None:
        with self._inbox.ready:
            if self._inbox.closing:
                message = "ledger: closed"
                raise LedgerError(message, reason="ledger-failed")
            self._inbox.rows.append(waiting)
            self._inbox.ready.notify()

    def _void(self, reservation: Reservation, seq: asyncio.Future[int]) -> None:
        """Take back a row nobody waits for any more: now, or when it commits (`_settle`)."""
        if seq.done() and not seq.cancelled() and seq.exception() is None:
            self.give_back(reservation)
        else:
            seq.cancel()

    def _settle(self, batch: Sequence[_Waiting], last_seq: int, fault: str) -> None:
        """Tell the waiting callers what became of their batch. Runs in the loop."""
        self.fault = fault
        first = last_seq - len(batch) + 1
        self.last_seq = max(self.last_seq, last_seq)
        for seq, waiting in enumerate(batch, start=first):
            future = waiting.seq
            if future is None:
                continue
            if future.done():
                self._take_back_late(waiting, fault)
            elif fault:
                future.set_exception(LedgerError(f"ledger: {fault}", reason="ledger-failed"))
            else:
                future.set_result(seq)

    def _take_back_late(self, waiting: _Waiting, fault: str) -> None:
        if not fault and not self._inbox.closing:
            self.give_back(waiting.reservation)


class _Writer(threading.Thread):
    """The thread that does SQLite and nothing else."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name="tollguard-ledger", daemon=True)
        self.inbox = _Inbox()
        self.opened = threading.Event()
        self.error = ""
        self.ledger_id = ""
        self.first_seq = 0
        self.settle: _Settle | None = None
        self._good_seq = 0
        self._path = path
        self._loop = loop
        self._db: sqlite3.Connection | None = None
        self._inode = 0

    def run(self) -> None:
        """Open, then write batch after batch until told to close."""
        try:
            self._db = self._create()
        except (sqlite3.Error, OSError) as error:
            self.error = str(error)
            return
        finally:
            self.opened.set()
        try:
            while batch := self._next_batch():
                self._write(batch)
        finally:
            self._close()

    def _create(self) -> sqlite3.Connection:
        """Open or make the file; its name is durable before the first row is."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, FILE_MODE))
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        db = self._connect()
        try:
            db.executescript(_SCHEMA)
            self.ledger_id = _identity(db) or _new_identity(db)
            self.first_seq = self._good_seq = _last_seq(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _connect(self) -> sqlite3.Connection:
        self._inode = self._path.stat().st_ino
        db = sqlite3.connect(
            f"file:{quote(str(self._path))}?mode=rw",
            uri=True,
            isolation_level=None,
            timeout=BUSY_TIMEOUT_S,
        )
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _next_batch(self) -> list[_Waiting]:
        """Wait for work; empty means the end."""
        inbox = self.inbox
        with inbox.ready:
            while not inbox.rows and not inbox.closing:
                inbox.ready.wait()
            count = min(len(inbox.rows), BATCH_ROWS)
            return [inbox.rows.popleft() for _ in range(count)]

    def _write(self, taken: list[_Waiting]) -> None:
        batch = [w for w in taken if w.seq is None or not w.seq.cancelled()]
        last_seq, fault = 0, ""
        try:
            last_seq = self._commit([w.row for w in batch])
        except (sqlite3.Error, OSError) as error:
            fault = str(error) or type(error).__name__
            self._close()
            self._keep_returns(batch)
        self._report(batch, last_seq, fault)

    def _commit(self, rows: Iterable[_Row]) -> int:
        db = self._db = self._db or self._reopen()
        if self._path.stat().st_ino != self._inode:
            message = "the file was replaced"
            raise OSError(message)
        db.execute("BEGIN IMMEDIATE")
        db.executemany(_INSERT, rows)
        last = _last_seq(db)
        db.execute("COMMIT")
        self._good_seq = last
        return last

    def _reopen(self) -> sqlite3.Connection:
        """Connect again after a fault; another ledger in its place is not taken for ours.

        A commit whose fsync failed may be found in the log all the same: its
        reservations were answered with deny, so they are voided before anything else.
        """
        db = self._connect()
        try:
            if _identity(db) != self.ledger_id:
                message = "the file is another ledger"
                raise OSError(message)
            db.execute(_VOID_AFTER, (self._good_seq,))
        except (sqlite3.Error, OSError):
            db.close()
            raise
        return db

    def _keep_returns(self, batch: Iterable[_Waiting]) -> None:
        """A return whose commit failed goes out with the next batch."""
        with self.inbox.ready:
            if not self.inbox.closing:
                self.inbox.rows.extendleft(w for w in batch if w.seq is None)

    def _report(self, batch: list[_Waiting], last_seq: int, fault: str) -> None:
        if self.settle is None or self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self.settle, batch, last_seq, fault)

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _identity(db: sqlite3.Connection) -> str:
    row: tuple[str] | None = db.execute("SELECT ledger_id FROM identity").fetchone()
    return row[0] if row else ""


def _new_identity(db: sqlite3.Connection) -> str:
    ledger_id = secrets.token_hex(16)
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    db.execute("INSERT INTO identity VALUES (?, ?)", (ledger_id, at))
    return ledger_id


def _last_seq(db: sqlite3.Connection) -> int:
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


def read(path: Path, limit: int = 50) -> LedgerReport:
    """Read the newest rows without touching the file.

    Args:
        path: The ledger.
        limit: At most so many rows.

    Raises:
        LedgerError: There is none, or it cannot be read.
    """
    try:
        db = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            entries = tuple(Entry(*row) for row in db.execute(_LAST, (limit,)))
            return LedgerReport(_identity(db), _last_seq(db), entries)
        finally:
            db.close()
    except sqlite3.Error as error:
        message = f"ledger {str(path)!r}: {error}"
        raise LedgerError(message, reason="ledger-failed") from error
