"""The last policy survives, and never goes back."""

import stat
from pathlib import Path

from policies.policy import Policy
from policies.snapshot import MAX_BYTES
from tollguard.snapshot_file import look_at_snapshot, read_snapshot, write_snapshot


def test_a_written_policy_is_read_back(tmp_path: Path) -> None:
    """What was written is what is read, and others than owner and group cannot read it."""
    path = tmp_path / "snapshot.json"

    written = write_snapshot(path, Policy(revision=7))

    assert written
    assert read_snapshot(path) == Policy(revision=7)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_lower_revision_never_replaces_a_higher_one(tmp_path: Path) -> None:
    """A store restored from a backup cannot undo a suspension in the snapshot."""
    path = tmp_path / "snapshot.json"
    write_snapshot(path, Policy(revision=7))

    written = write_snapshot(path, Policy(revision=6))

    assert not written
    assert read_snapshot(path) == Policy(revision=7)


def test_absent_is_told_from_unreadable(tmp_path: Path) -> None:
    """No file is no fault; one that cannot be read or believed is, with the reason."""
    path = tmp_path / "snapshot.json"
    absent = look_at_snapshot(path)
    path.write_bytes(b"{")
    damaged = look_at_snapshot(path)
    path.unlink()
    path.mkdir()
    unreadable = look_at_snapshot(path)

    assert absent == (None, "")
    assert damaged[0] is None
    assert damaged[1].startswith(f"{path} cannot be read: snapshot: not JSON")
    assert unreadable == (None, f"{path} cannot be read: Is a directory")


def test_a_snapshot_that_is_too_long_is_told_so(tmp_path: Path) -> None:
    """It is not read as one that was cut off."""
    path = tmp_path / "snapshot.json"
    path.write_bytes(b" " * (MAX_BYTES + 2))

    policy, fault = look_at_snapshot(path)

    assert policy is None
    assert fault.endswith(f"{MAX_BYTES + 1} bytes are more than {MAX_BYTES}")


def test_what_cannot_be_believed_is_none(tmp_path: Path) -> None:
    """A missing and a damaged snapshot are no policy; a damaged one is replaced."""
    path = tmp_path / "snapshot.json"
    missing = read_snapshot(path)
    path.write_bytes(b'{"revision": 9')

    assert missing is None
    assert read_snapshot(path) is None
    assert write_snapshot(path, Policy(revision=1))
