"""The daemon's hand on its snapshot: seeing that a command changed it, and writing it again."""

import asyncio
from pathlib import Path

import structlog

from policies.ahead import AheadChange
from policies.kept import Kept
from tollguard.snapshot_file import Look, look_at_snapshot, mark_observing, write_snapshot

MOST_MARKS = 1_000
WRITTEN = (0, 0, 0)  # the state of no file: what was written is looked at again

log = structlog.get_logger("tollguard.policy")


class SnapshotKeeper:
    """Follows the file and keeps what is in force in it.

    Attributes:
        look: What the last look found.
        fault: Why the file cannot be read or written; empty when it can.
        unkept: What is in force is not in the file yet.
    """

    def __init__(self, path: Path) -> None:
        self.look = Look()
        self.fault = ""
        self.unkept = False
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._entered: dict[str, None] = {}

    async def changed(self) -> bool:
        """Look when the file is another one than last time, and tell whether it is."""
        state = self._state()
        if state == self._seen:
            return False
        self._seen = state
        self.look = await asyncio.to_thread(look_at_snapshot, self._path)
        self._tell("snapshot-unreadable", self.look.fault)
        return True

    def look_now(self) -> Look:
        """Look at the start, blocking."""
        self._seen = self._state()
        self.look = look_at_snapshot(self._path)
        self._tell("snapshot-unreadable", self.look.fault)
        return self.look

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def news(self, known: tuple[AheadChange, ...]) -> tuple[AheadChange, ...]:
        """Give the changes in the file that are neither known nor entered into the store."""
        if self.look.kept is None:
            return ()
        return tuple(
            change
            for change in self.look.kept.ahead
            if change not in known and change.mark not in self._entered
        )

    def entered(self, changes: tuple[AheadChange, ...]) -> None:
        """Remember that the store has these, so that the file may forget them."""
        self._entered |= dict.fromkeys(change.mark for change in changes)
        while len(self._entered) > MOST_MARKS:
            del self._entered[next(iter(self._entered))]

    async def keep(self, kept: Kept) -> None:
        """Write what is in force; a disk that refuses is told, and tried again later."""
        try:
            written = await asyncio.to_thread(
                write_snapshot, self._path, kept, self._entered.keys()
            )
        except OSError as error:
            self.unkept = True
            self._tell("snapshot-not-written", str(error))
            return
        self.unkept, self._seen = False, WRITTEN
        self._tell("", "")
        if not written:
            log.warning("snapshot-is-newer", revision=kept.policy.revision)

    async def mark(self, *, observing: bool) -> None:
        """Set the marker alone, where there is no policy that may be written."""
        try:
            await asyncio.to_thread(mark_observing, self._path, observing=observing)
        except OSError as error:
            self._tell("snapshot-not-written", str(error))

    def _tell(self, event: str, fault: str) -> None:
        if fault and fault != self.fault:
            log.error(event, reason=fault)
        self.fault = fault
