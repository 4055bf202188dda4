"""Looking whether something is there, where `Path.exists` would raise on a folder closed to us."""

import os
import stat
from pathlib import Path


def found(path: Path) -> os.stat_result | None:
    """Look at a path.

    Returns:
        None when nothing is there.

    Raises:
        OSError: It cannot be told: the folder may not be searched, the name is impossible.
    """
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def found_folder(path: Path) -> os.stat_result | None:
    """Look at a folder; None when there is none or it cannot be told."""
    try:
        looked = found(path)
    except OSError:
        return None
    return looked if looked and stat.S_ISDIR(looked.st_mode) else None
