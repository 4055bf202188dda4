"""The durable reservations: a row is on the disk before a chargeable call is allowed.

One thread owns one SQLite connection and does nothing else. It is handed what one turn of the
loop brought, and what waits when a commit returns is the next batch, so there is no batching
window to tune.
Rows are only ever added: an unused reservation is voided by a later row.
"""

import asyncio
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote

from tollguard.atomic_file import sync_folder
from tollguard.errors import LedgerError
from tollguard.ledger_file import (
    SCHEMA,
    VOID_AFTER,
    Reservation,
    Row,
    fault_text,
    identity,
    insert,
    new_identity,
    newest_seq,
    reserve_row,
    return_row,
)

RESERVE_DEADLINE_S = 0.5  # DESIGN "Where things are kept": after that the answer is deny
BATCH_ROWS = 1_000
WAITING_ROWS = 10_000  # ten batches: more cannot be written within the deadline on a slow disk
BUSY_TIMEOUT_S = 2.0
OPEN_DEADLINE_S = 10.0
TRY_AGAIN_S = 1.0  # how soon a mended disk is noticed while nobody calls
# A write that leaves no row: an empty transaction would not touch the disk.
PROBE = "PRAGMA user_version = 1"
THREAD_NAME = "tollguard-ledger"
FILE_MODE = 0o660  # readers in the group need to write the -shm file beside it


@dataclass(slots=True)
class _Waiting:
    """A row on its way; ``seq`` is None for a return, which nobody waits for."""

    row: Row
    token: str
    seq: asyncio.Future[int] | None = None


_Settle = Callable[[Sequence[_Waiting], int, str], None]


@dataclass(slots=True)
class _Inbox:
    """What the loop hands to the writer thread."""

    rows: deque[_Waiting] = field(default_factory=deque)
    ready: threading.Condition = field(default_factory=threading.Condition)
    closing: bool = False


class Ledger:
    """The node's ledger, open for writing. Lives in the loop's thread.

    Attributes:
        path: The file.
        ledger_id: Random, made once with the file. A copy or a restored file keeps it.
        last_seq: Sequence of the newest row known to be on the disk.
        created: This opening gave the file its identity.
        fault: Why the last commit failed; empty while the ledger works.
    """

    def __init__(self, path: Path, writer: "_Writer") -> None:
        self.path = path
        self.created = writer.created
        self.ledger_id = writer.ledger_id
        self.last_seq = writer.first_seq
        self.fault = ""
        self._writer = writer
        self._inbox = writer.inbox
        self._loop = writer.loop
        self._outgoing: list[_Waiting] = []  # of this turn of the loop
        self._deadlines: deque[tuple[float, asyncio.Future[int]]] = deque()  # the oldest first
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def open(cls, path: Path, loop: asyncio.AbstractEventLoop | None = None) -> Self:
        """Open the ledger, make it when there is none, and start its thread.

        Args:
            path: The file.
            loop: Where the ledger will be used; None for the running one. Opening
                blocks for the disk, so after the start a thread does it.

        Raises:
            LedgerError: The file cannot be opened, is no ledger, or is damaged.
        """
        writer = _Writer(path, loop or asyncio.get_running_loop())
        writer.start()
        if not writer.opened.wait(OPEN_DEADLINE_S) or writer.error:
            writer.inbox.closing = True  # it ends when the disk answers at last
            message = f"ledger {str(path)!r}: {writer.error or 'the disk does not answer'}"
            raise LedgerError(message, reason="ledger-failed")
        ledger = cls(path, writer)
        writer.settle = ledger._settle
        return ledger

    def reserve(self, reservation: Reservation) -> asyncio.Future[int]:
        """Write one reservation; it is on the disk when the future has its result.

        Returns:
            The row's sequence to come, after the commit's fsync returned. Else it
            raises `LedgerError`: ``ledger-late`` after 0.5 s, ``ledger-failed`` when
            the commit failed. A row that commits all the same, or whose future was
            cancelled, is voided by a return row.

        Raises:
            LedgerError: Reason ``ledger-failed``: too many wait, or it is closed.
        """
        if len(self._inbox.rows) + len(self._outgoing) >= WAITING_ROWS:
            message = f"ledger: {WAITING_ROWS} rows wait already"
            raise LedgerError(message, reason="ledger-failed")
        loop = self._loop
        seq: asyncio.Future[int] = loop.create_future()
        self._put(_Waiting(reserve_row(reservation), reservation.token, seq))
        # One timer for all: each one's deadline is later than that of those before it.
        deadline_s = loop.time() + RESERVE_DEADLINE_S
        self._deadlines.append((deadline_s, seq))
        if self._timer is None:
            self._timer = loop.call_at(deadline_s, self._expire)
        return seq

    def _expire(self) -> None:
        """Deny those whose deadline has passed, and look again at the next one's."""
        now_s = self._loop.time()
        waiting = self._deadlines
        while waiting and (waiting[0][0] <= now_s or waiting[0][1].done()):
            _, seq = waiting.popleft()
            if not seq.done():
                message = f"ledger: no commit within {RESERVE_DEADLINE_S} s"
                seq.set_exception(LedgerError(message, reason="ledger-late"))
        self._timer = self._loop.call_at(waiting[0][0], self._expire) if waiting else None

    def give_back(self, token: str) -> None:
        """Add the row that voids a reservation; it is written soon, nobody waits."""
        self._put(_Waiting(return_row(token), token))

    async def close(self) -> None:
        """Write what waits, close the file and end the thread."""
        self._hand_over()
        with self._inbox.ready:
            self._inbox.closing = True
            self._inbox.ready.notify()
        await asyncio.to_thread(self._writer.join)

    def _put(self, waiting: _Waiting) -> None:
        if self._inbox.closing:
            message = "ledger: closed"
            raise LedgerError(message, reason="ledger-failed")
        if not self._outgoing:
            self._loop.call_soon(self._hand_over)
        self._outgoing.append(waiting)

    def _hand_over(self) -> None:
        """Wake the writer once for all that this turn of the loop brought."""
        if self._outgoing:
            with self._inbox.ready:
                self._inbox.rows.extend(self._outgoing)
                self._inbox.ready.notify()
            self._outgoing.clear()

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
        while self._deadlines and self._deadlines[0][1].done():
            self._deadlines.popleft()

    def _take_back_late(self, waiting: _Waiting, fault: str) -> None:
        if not fault and not self._inbox.closing:
            self.give_back(waiting.token)


def disk_hangs() -> bool:
    """Tell whether a try to open a ledger still waits for its disk; only while none is open."""
    return any(thread.name == THREAD_NAME for thread in threading.enumerate())


class _Writer(threading.Thread):
    """The thread that does SQLite and nothing else."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name=THREAD_NAME, daemon=True)
        self.inbox = _Inbox()
        self.opened = threading.Event()
        self.error = ""
        self.created = False
        self.ledger_id = ""
        self.first_seq = 0
        self.settle: _Settle | None = None
        self._good_seq = 0
        self._faulty = False
        self._kept: list[_Waiting] = []
        self._path = path
        self.loop = loop
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._log_inode = 0
        self._log_path = path.with_name(f"{path.name}-wal")

    def run(self) -> None:
        """Open, then write batch after batch until told to close."""
        try:
            self._db = self._create()
        except (sqlite3.Error, OSError) as error:
            self.error = fault_text(error)
            return
        finally:
            self.opened.set()
        try:
            while (batch := self._next_batch()) is not None:
                self._write(batch)
        finally:
            self._close()

    def _create(self) -> sqlite3.Connection:
        """Open or make the file; its name is durable before the first row is."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, FILE_MODE))
        sync_folder(self._path.parent)
        db = self._connect()
        try:
            db.executescript(SCHEMA)
            known = identity(db)
            self.created = not known
            self.ledger_id = known or new_identity(db)
            self.first_seq = self._good_seq = newest_seq(db)
            self._log_inode = self._log_path.stat().st_ino
        except (sqlite3.Error, OSError):
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

    def _next_batch(self) -> list[_Waiting] | None:
        """Wait for work; None means the end. While faulty, an empty batch tries the disk again."""
        inbox = self.inbox
        with inbox.ready:
            while not inbox.rows:
                if inbox.closing:
                    return self._take_kept() or None
                if not inbox.ready.wait(TRY_AGAIN_S if self._faulty else None):
                    break
            count = min(len(inbox.rows), BATCH_ROWS)
            return self._take_kept() + [inbox.rows.popleft() for _ in range(count)]

    def _take_kept(self) -> list[_Waiting]:
        kept, self._kept = self._kept, []
        return kept

    def _write(self, taken: list[_Waiting]) -> None:
        batch = [w for w in taken if w.seq is None or not w.seq.done()]
        last_seq, fault = 0, ""
        try:
            last_seq = self._commit([w.row for w in batch])
        except (sqlite3.Error, OSError) as error:
            fault = str(error) or type(error).__name__
            self._close()
            self._keep_returns(batch)
        self._faulty = bool(fault)
        self._report(batch, last_seq, fault)

    def _commit(self, rows: Sequence[Row]) -> int:
        db = self._db = self._db or self._reopen()
        self._check_files()
        if rows:
            last = insert(db, rows)
        else:
            db.execute(PROBE)
            last = newest_seq(db)
        self._good_seq = last
        return last

    def _check_files(self) -> None:
        """Refuse to write where nobody could find it: SQLite goes on in files without a name."""
        if self._path.stat().st_ino != self._inode:
            message = "the file was replaced"
            raise OSError(message)
        try:
            log_inode = self._log_path.stat().st_ino
        except FileNotFoundError:
            log_inode = 0
        if log_inode != self._log_inode:
            message = "its write-ahead log was replaced"
            raise OSError(message)

    def _reopen(self) -> sqlite3.Connection:
        """Connect again after a fault; another ledger in its place is not taken for ours.

        A commit whose fsync failed may be found in the log all the same: its
        reservations were answered with deny, so they are voided before anything else.
        """
        db = self._connect()
        try:
            if identity(db) != self.ledger_id:
                message = "the file is another ledger"
                raise OSError(message)
            if newest_seq(db) < self._good_seq:
                message = "the file lost rows"
                raise OSError(message)
            self._log_inode = self._log_path.stat().st_ino
            db.execute(VOID_AFTER, (self._good_seq,))
        except (sqlite3.Error, OSError):
            db.close()
            raise
        return db

    def _keep_returns(self, batch: Iterable[_Waiting]) -> None:
        """A return whose commit failed goes out with the next batch; the end waits for none."""
        if not self.inbox.closing:
            self._kept = [w for w in batch if w.seq is None]

    def _report(self, batch: list[_Waiting], last_seq: int, fault: str) -> None:
        if self.settle is None or self.loop.is_closed():
            return
        self.loop.call_soon_threadsafe(self.settle, batch, last_seq, fault)

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
