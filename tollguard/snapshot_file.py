"""``snapshot.json``: the last policy in force, for a daemon that starts without its store."""

from pathlib import Path

from policies.policy import Policy
from policies.snapshot import dump, load
from tollguard.atomic_file import replace_file

MAX_SNAPSHOT_BYTES = 16 << 20
FILE_MODE = 0o640  # Asterisk's group reads it: the fallback script judges by it


def read_snapshot(path: Path) -> Policy | None:
    """Read the last policy; None when there is none that can be believed."""
    try:
        with path.open("rb") as file:
            return load(file.read(MAX_SNAPSHOT_BYTES))
    except (OSError, ValueError):
        return None


def write_snapshot(path: Path, policy: Policy) -> bool:
    """Keep ``policy`` as the last one, durably.

    Returns:
        False, and the file stands, when it holds a higher revision.

    Raises:
        OSError: The disk refused.
    """
    known = read_snapshot(path)
    if known is not None and known.revision > policy.revision:
        return False
    replace_file(path, dump(policy), mode=FILE_MODE)
    return True
