"""Looking whether something is there, where `Path.exists` would raise on a folder closed to us."""

import grp
import os
import pwd
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


def user_name(uid: int) -> str:
    """Name a user; one that was deleted by its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """Name a group; one that was deleted by its number."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def way_in(path: Path) -> str:
    """Say what opens a path that is closed to us: the group of it or of its folder, or root."""
    for place in (path, path.parent):
        try:
            gid = place.stat().st_gid
        except OSError:
            continue
        if gid and gid not in os.getgroups():
            group = group_name(gid)
            return f"join the group {group} (adduser USER {group}, log in again), or run it as root"
        break
    return "run it as root"
