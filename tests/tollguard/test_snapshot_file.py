"""The last policy survives, never goes back, and loses no change made without the store."""

import fcntl
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from policies.ahead import AheadChange, with_changes
from policies.kept import MAX_BYTES, Kept, dump, of_store
from policies.policy import Mode, Policy, Suspension, SuspensionKind
from policies.snapshot import SnapshotError
from tollguard import snapshot_file
from tollguard.snapshot_file import (
    change_snapshot,
    look_at_snapshot,
    mark_observing,
    write_snapshot,
)

MADE = Suspension(0, SuspensionKind.ENDPOINT, "6001", 1.0, None, "stolen", "alice(1000)")
CHANGE = AheadChange("0f", ends=False, suspension=MADE, login="alice(1000)", claim="")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the snapshot's path in an empty folder."""
    return tmp_path / "snapshot.json"


def policy(revision: int, mode: Mode = Mode.ENFORCE) -> Kept:
    return of_store(Policy(revision=revision, mode=mode))


def ahead(kept: Kept) -> Kept:
    """Put the change on top of what is kept."""
    changed = with_changes(kept.policy, [CHANGE])
    return Kept(replace(changed, revision=kept.policy.revision + 1), kept.base, (CHANGE,))


def test_a_written_policy_is_read_back(path: Path) -> None:
    """What was written is what is read; whoever may enter the folder can read it."""
    written = write_snapshot(path, policy(7))

    assert written
    assert look_at_snapshot(path).kept == policy(7)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_lower_revision_never_replaces_a_higher_one(path: Path) -> None:
    """A store restored from a backup cannot undo a suspension in the snapshot."""
    write_snapshot(path, policy(7))
    written = write_snapshot(path, policy(6))

    assert not written
    assert look_at_snapshot(path).kept == policy(7)


def test_a_change_that_the_store_does_not_have_is_not_overwritten(path: Path) -> None:
    """Not by a higher revision either, until who writes knows it or the store has it."""
    write_snapshot(path, policy(7))
    changed = change_snapshot(path, ahead)
    lost = write_snapshot(path, policy(9))
    kept = write_snapshot(path, Kept(changed.policy, 7, (CHANGE,)))
    entered = write_snapshot(path, policy(9), {CHANGE.mark})

    assert (lost, kept, entered) == (False, True, True)
    assert look_at_snapshot(path).kept == policy(9)


def test_a_change_is_made_on_what_is_there(path: Path) -> None:
    """The suspension stands in the file; what changes nothing writes nothing."""
    write_snapshot(path, policy(7))
    changed = change_snapshot(path, ahead)
    before = path.stat().st_ino
    same = change_snapshot(path, lambda kept: kept)

    assert changed.policy.suspensions == (MADE,)
    assert look_at_snapshot(path).kept == changed == same
    assert path.stat().st_ino == before


@pytest.mark.parametrize("data", [None, b"{"])
def test_nothing_is_made_of_a_policy_that_cannot_be_read(path: Path, data: bytes | None) -> None:
    """A change on an unknown policy could open what is closed, so it is refused."""
    if data is not None:
        path.write_bytes(data)
    with pytest.raises((SnapshotError, FileNotFoundError)):
        change_snapshot(path, ahead)

    assert path.exists() == (data is not None)


def test_absent_is_told_from_unreadable(path: Path) -> None:
    """No file is no fault; one that cannot be read or believed is, with the reason."""
    absent = look_at_snapshot(path)
    path.write_bytes(b"{")
    damaged = look_at_snapshot(path)
    path.unlink()
    path.mkdir()
    unreadable = look_at_snapshot(path)

    assert (absent.kept, absent.fault) == (None, "")
    assert damaged.kept is None
    assert damaged.fault.startswith(f"{path} cannot be read: snapshot: not JSON")
    assert unreadable.fault == f"{path} cannot be read: Is a directory"


def test_a_damaged_one_still_tells_the_store_s_revision(path: Path) -> None:
    """By its beginning, so that a store that is as new can be told from an older one."""
    path.write_bytes(dump(policy(7))[:-20])

    assert look_at_snapshot(path).base == 7


def test_a_snapshot_that_is_too_long_is_told_so(path: Path) -> None:
    """It is not read as one that was cut off."""
    path.write_bytes(b" " * (MAX_BYTES + 2))
    look = look_at_snapshot(path)

    assert look.kept is None
    assert look.fault.endswith(f"{MAX_BYTES + 1} bytes are more than {MAX_BYTES}")


def test_what_cannot_be_believed_is_none(path: Path) -> None:
    """A missing and a damaged snapshot are no policy; a damaged one is replaced."""
    missing = look_at_snapshot(path).kept
    path.write_bytes(b'{"revision": 9')

    assert missing is None
    assert look_at_snapshot(path).kept is None
    assert write_snapshot(path, policy(1))


def test_the_marker_stands_while_the_site_observes(path: Path) -> None:
    """The dialplan sees by it whether to let pass what it would refuse."""
    marker = path.with_name("observe")
    write_snapshot(path, policy(1, Mode.OBSERVE))
    observing, mode = marker.exists(), stat.S_IMODE(marker.stat().st_mode)
    write_snapshot(path, policy(2))
    enforcing = marker.exists()
    mark_observing(path, observing=True)
    mark_observing(path, observing=True)

    assert (observing, mode, enforcing, marker.exists()) == (True, 0o644, False, True)


@pytest.mark.parametrize(
    ("before", "after"), [(Mode.OBSERVE, Mode.ENFORCE), (Mode.ENFORCE, Mode.OBSERVE)]
)
@pytest.mark.parametrize("step", ["replace_file", "mark_observing"])
def test_a_crash_between_never_leaves_the_marker_beside_an_enforcing_policy(
    path: Path, monkeypatch: pytest.MonkeyPatch, before: Mode, after: Mode, step: str
) -> None:
    """Whichever of the two files is not written, what enforces has no marker."""
    write_snapshot(path, policy(1, before))

    def killed(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(snapshot_file, step, killed)
    with pytest.raises(KeyboardInterrupt):
        write_snapshot(path, policy(2, after))
    kept = look_at_snapshot(path).kept

    assert kept is not None
    assert kept.policy.mode is Mode.OBSERVE or not path.with_name("observe").exists()


def test_who_holds_the_lock_is_waited_for_and_not_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that was stopped in the middle holds nobody up for long."""
    monkeypatch.setattr(snapshot_file, "LOCK_WAIT_S", 0.05)
    folder = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with pytest.raises(TimeoutError, match="is being written by another process"):
        write_snapshot(path, policy(1))
    os.close(folder)

    assert write_snapshot(path, policy(1))
