"""``snapshot.json``: the last policy in force, for a daemon that starts without its store."""

from pathlib import Path

from policies.policy import Policy
from policies.snapshot import MAX_BYTES, dump, load
from tollguard.atomic_file import replace_file

FILE_MODE = 0o640  # the group operates tollguard; nobody else is told what is open


def look_at_snapshot(path: Path) -> tuple[Policy | None, str]:
    """Read the last policy.

    Returns:
        The policy and an empty text; None and why it cannot be read; or None and
        an empty text where there is no file.
    """
    try:
        with path.open("rb") as file:
            # one byte more, so that a longer one is told from one that was cut off
            return load(file.read(MAX_BYTES + 1)), ""
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror}"
    except ValueError as error:
        return None, f"{path} cannot be read: {error}"


def read_snapshot(path: Path) -> Policy | None:
    """Read the last policy; None when there is none that can be believed."""
    return look_at_snapshot(path)[0]


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
