"""Seeing that somebody else committed, or replaced the file, for microseconds a look."""

import sqlite3
from pathlib import Path

from tollguard.errors import StoreError


def file_identity(path: Path) -> tuple[int, int] | None:
    """Tell which file has the name now: device and inode; None when none has.

    An open SQLite file that lost its name takes rows that nobody will find.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class RevisionWatch:
    """Watches one SQLite file by ``PRAGMA data_version``.

    The pragma's value changes only for commits of *other* connections, so this
    connection is kept for the watch alone and is never written through.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = file_identity(path)
        try:
            # autocommit: a connection inside a transaction would see an old version for ever
            self._connection = sqlite3.connect(
                f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=0
            )
            self._seen = self._version()
        except sqlite3.Error as error:
            msg = f"the store {path} cannot be watched: {error}"
            raise StoreError(msg) from error

    def changed(self) -> bool:
        """Tell whether anybody committed since the last call.

        Raises:
            StoreError: The file does not answer, or is not the one that has the name.
        """
        if file_identity(self._path) != self._identity:
            msg = f"the store {self._path} was replaced or deleted"
            raise StoreError(msg)
        try:
            version = self._version()
        except sqlite3.Error as error:
            msg = f"the store cannot be watched: {error}"
            raise StoreError(msg) from error
        changed, self._seen = version != self._seen, version
        return changed

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _version(self) -> int:
        row: tuple[int] = self._connection.execute("PRAGMA data_version").fetchone()
        return row[0]
