"""One daemon a ledger: a second one would take its port, its status and its devices away.

The lock is the kernel's, so it is free the moment its daemon has ended, by ``kill -9`` too.
"""

import contextlib
import fcntl
import os
from pathlib import Path

import structlog

from tollguard.errors import AccessError, GateError
from tollguard.reach import found_folder, user_name

FILE_MODE = 0o640
MAX_PID_BYTES = 32

log = structlog.get_logger("tollguard.daemon")


def refuse_root(folder: Path) -> None:
    """Refuse to run as root on a folder of the service's user.

    Root's files there would be closed to the service, and a user that is left for another loses
    the right to a low port.

    Raises:
        AccessError: Who runs this is root, and the folder is somebody else's.
    """
    owner = found_folder(folder)
    if os.geteuid() or owner is None or owner.st_uid == 0:
        return
    name = user_name(owner.st_uid)
    remedy = f"start the daemon as {name}: systemctl start tollguard"
    msg = f"{folder} is {name}'s and not root's; {remedy}"
    raise AccessError(msg)


class OneDaemon:
    """Holds the lock beside a ledger."""

    def __init__(self, ledger: Path) -> None:
        self._path = ledger.with_suffix(".lock")
        self._file = -1

    def take(self) -> None:
        """Take the lock, or go on without where its file cannot be made: nor can a ledger then.

        Raises:
            GateError: Another daemon has it.
        """
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except OSError as error:
            log.error("lock-not-taken", path=str(self._path), reason=error.strerror)
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(file, MAX_PID_BYTES, 0).decode(errors="replace").strip()
            os.close(file)
            raise GateError(_taken(self._path, holder)) from error
        self._file = file
        with contextlib.suppress(OSError):  # a full disk takes the pid away, not the lock
            os.ftruncate(file, 0)
            os.pwrite(file, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Give it back; safe without it."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def _taken(path: Path, holder: str) -> str:
    who = f"pid {holder}" if holder.isdigit() else "another process"
    return f"a daemon of this ledger runs already ({who} holds {path}); stop it first"
