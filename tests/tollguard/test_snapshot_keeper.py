"""The daemon's hand on the snapshot: it sees every change once, and writes until it is written."""

from pathlib import Path

import pytest

from policies.ahead import AheadChange
from policies.kept import Kept, of_store
from policies.policy import Policy, Suspension, SuspensionKind
from tollguard import snapshot_keeper
from tollguard.snapshot_file import look_at_snapshot, write_snapshot
from tollguard.snapshot_keeper import SnapshotKeeper

MADE = Suspension(0, SuspensionKind.ENDPOINT, "6001", 1.0, None, "stolen", "alice(1000)")


def change(mark: str) -> AheadChange:
    return AheadChange(mark, ends=False, suspension=MADE, login="alice(1000)", claim="")


async def test_a_change_is_seen_once(tmp_path: Path) -> None:
    """Another file is looked at, the same one is not."""
    path = tmp_path / "snapshot.json"
    keeper = SnapshotKeeper(path)
    keeper.look_now()
    nothing = await keeper.changed()
    write_snapshot(path, of_store(Policy(3)))
    first, again = await keeper.changed(), await keeper.changed()

    assert (nothing, first, again) == (False, True, False)
    assert keeper.look.kept == of_store(Policy(3))


async def test_what_is_neither_known_nor_entered_is_news(tmp_path: Path) -> None:
    """A change that the store has by now is not taken for a new one."""
    path = tmp_path / "snapshot.json"
    write_snapshot(path, Kept(Policy(3), 2, (change("a"), change("b"), change("c"))))
    keeper = SnapshotKeeper(path)
    none = keeper.news(())
    keeper.look_now()
    keeper.entered((change("b"),))

    assert none == ()
    assert keeper.news((change("a"),)) == (change("c"),)


async def test_the_marks_that_it_remembers_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest is forgotten; the store knows it all the same."""
    monkeypatch.setattr(snapshot_keeper, "MOST_MARKS", 2)
    keeper = SnapshotKeeper(tmp_path / "snapshot.json")
    keeper.entered((change("a"), change("b"), change("c")))

    assert list(keeper._entered) == ["b", "c"]


async def test_a_disk_that_refuses_is_told_and_then_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, until what is in force is written."""
    folder = tmp_path / "no"
    keeper = SnapshotKeeper(folder / "snapshot.json")
    await keeper.keep(of_store(Policy(3)))
    await keeper.keep(of_store(Policy(3)))
    before = (keeper.unkept, bool(keeper.fault))
    folder.mkdir()
    await keeper.keep(of_store(Policy(3)))

    assert before == (True, True)
    assert (keeper.unkept, keeper.fault) == (False, "")
    assert capsys.readouterr().out.count("snapshot-not-written") == 1
    assert look_at_snapshot(folder / "snapshot.json").kept == of_store(Policy(3))


async def test_a_marker_that_cannot_be_set_is_told(tmp_path: Path) -> None:
    """And one that can is set without any policy."""
    lost = SnapshotKeeper(tmp_path / "no" / "snapshot.json")
    await lost.mark(observing=True)
    await SnapshotKeeper(tmp_path / "snapshot.json").mark(observing=True)

    assert "No such file" in lost.fault
    assert (tmp_path / "observe").exists()


async def test_a_newer_file_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told, and looked at by who follows the file."""
    path = tmp_path / "snapshot.json"
    write_snapshot(path, of_store(Policy(9)))
    keeper = SnapshotKeeper(path)
    await keeper.keep(of_store(Policy(3)))

    assert "snapshot-is-newer" in capsys.readouterr().out
    assert await keeper.changed()
