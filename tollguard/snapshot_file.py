"""``snapshot.json``: the last policy in force, for the fallback and a daemon without its store.

The daemon and the commands both write it, each under a lock of its folder. Beside it stands the
file ``observe`` while the site observes, which the dialplan looks for when nobody answers.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from policies.kept import MAX_BYTES, Kept, base_of_damaged, dump, load
from policies.policy import Mode
from tollguard.atomic_file import replace_file, sync_folder

# Asterisk's user reads it for the fallback. Who may enter the folder is the folder's affair.
FILE_MODE = 0o644
MARKER = "observe"
LOCK_WAIT_S = 1.0
LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the snapshot found.

    Attributes:
        kept: Its content; None when there is no file or it cannot be read.
        fault: Why it cannot be read; empty when it can or is not there.
        base: Of a damaged file, the store's revision that it was made of, where
            its beginning still tells.
    """

    kept: Kept | None = None
    fault: str = ""
    base: int | None = None


def look_at_snapshot(path: Path) -> Look:
    """Read the last policy; never raises."""
    data = b""
    try:
        with path.open("rb") as file:
            # one byte more, so that a longer one is told from one that was cut off
            data = file.read(MAX_BYTES + 1)
        return Look(load(data))
    except FileNotFoundError:
        return Look()
    except OSError as error:
        return Look(fault=f"{path} cannot be read: {error.strerror}")
    except ValueError as error:
        return Look(fault=f"{path} cannot be read: {error}", base=base_of_damaged(data))


def write_snapshot(path: Path, kept: Kept, entered: AbstractSet[str] = frozenset()) -> bool:
    """Keep a policy as the last one, durably.

    Args:
        path: The file.
        kept: What to keep.
        entered: Marks of changes that the store has by now.

    Returns:
        False, and the file stands, when it holds a higher revision, or a change
        that neither ``kept`` nor the store has.

    Raises:
        OSError: The disk refused, or another process holds the lock.
    """
    with _locked(path):
        known = look_at_snapshot(path).kept
        if known is not None and _is_newer(known, kept, entered):
            return False
        _replace(path, kept)
    return True


def _is_newer(known: Kept, kept: Kept, entered: AbstractSet[str]) -> bool:
    has = entered | {change.mark for change in kept.ahead}
    lost = any(change.mark not in has for change in known.ahead)
    return lost or known.policy.revision > kept.policy.revision


def change_snapshot(path: Path, change: Callable[[Kept], Kept]) -> Kept:
    """Change what is kept, with nobody between the reading and the writing.

    Returns:
        What is kept now; the file is not touched when the change gives the same.

    Raises:
        SnapshotError: There is no snapshot that can be believed.
        OSError: The disk refused, or another process holds the lock.
    """
    with _locked(path):
        with path.open("rb") as file:
            known = load(file.read(MAX_BYTES + 1))
        kept = change(known)
        if kept != known:
            _replace(path, kept)
    return kept


def _replace(path: Path, kept: Kept) -> None:
    """Write the file; the marker never stands beside a policy that enforces."""
    observing = kept.policy.mode is Mode.OBSERVE
    if not observing:
        mark_observing(path, observing=False)
    replace_file(path, dump(kept), mode=FILE_MODE)
    if observing:
        mark_observing(path, observing=True)


def mark_observing(path: Path, *, observing: bool) -> None:
    """Make or remove the file ``observe`` beside the snapshot, durably.

    Raises:
        OSError: The disk refused.
    """
    marker = path.with_name(MARKER)
    if observing == marker.exists():
        return
    if observing:
        replace_file(marker, b"", mode=FILE_MODE)
    else:
        marker.unlink(missing_ok=True)
        sync_folder(path.parent)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the folder's lock; who may not read the folder cannot hold it up."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(folder, path)
        yield
    finally:
        os.close(folder)


def _lock(folder: int, path: Path) -> None:
    until = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                msg = f"{path} is being written by another process for over {LOCK_WAIT_S:g} s"
                raise TimeoutError(msg) from error
            time.sleep(LOOK_S)
        else:
            return
