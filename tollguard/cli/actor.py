"""Who runs this command, for the audit, and whose files it may touch."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from tollguard.reach import found_folder
from tollguard.store.rows import Actor

LOGIN_UID = Path("/proc/self/loginuid")
# The kernel's word for a process that no login started (4294967295 is -1 unsigned).
NO_LOGIN = 4_294_967_295


def current_actor(
    login_uid: Path = LOGIN_UID, environment: Mapping[str, str] = os.environ
) -> Actor:
    """Name the login that this process descends from; ``SUDO_USER`` is only a claim."""
    uid = _login_uid(login_uid)
    claim = environment.get("SUDO_USER", "")
    if uid is None:
        return Actor(f"{_name_of(os.getuid())}({os.getuid()}), no login", claim)
    return Actor(f"{_name_of(uid)}({uid})", claim)


def _login_uid(path: Path) -> int | None:
    try:
        uid = int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if uid == NO_LOGIN else uid


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "uid"


def become_owner(folder: Path) -> None:
    """Run by root, become the owner of the store's folder before a file is touched.

    Otherwise SQLite's ``-wal`` file could belong to root, and the daemon would lose its store.
    A folder that root owns, that does not exist or cannot be reached, changes nothing.
    """
    if os.geteuid() != 0:
        return
    owner = found_folder(folder)
    if owner is None or owner.st_uid == 0:
        return
    os.setgroups([owner.st_gid])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
