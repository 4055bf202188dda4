"""What is there, what is not, and what cannot be told."""

import os
from pathlib import Path

import pytest

from tollguard.reach import found, found_folder, group_name, user_name, way_in


def test_what_is_there_is_found(tmp_path: Path) -> None:
    """A folder and a file are told apart; nothing is None, below a file too."""
    file = tmp_path / "file"
    file.touch()

    assert found(file) == file.stat()
    assert found_folder(tmp_path) == tmp_path.stat()
    assert found_folder(file) is None
    assert found(tmp_path / "none") is None
    assert found(file / "below") is None


def test_what_cannot_be_told_is_an_error(tmp_path: Path) -> None:
    """The system's reason is kept, but a folder is only wanted or not."""
    path = tmp_path / ("x" * 300)

    with pytest.raises(OSError, match="File name too long"):
        found(path)
    assert found_folder(path) is None


def test_who_was_deleted_keeps_the_number() -> None:
    """Users and groups are named where the system knows them."""
    assert (user_name(0), group_name(0)) == ("root", "root")
    assert (user_name(54_321), group_name(54_321)) == ("54321", "54321")


def test_the_way_in_is_the_group_that_we_are_not_in(tmp_path: Path) -> None:
    """Of the file, or of its folder where the file itself cannot be looked at; else root."""
    file = tmp_path / "file"
    file.touch()
    was_in_it = way_in(file)
    if os.geteuid() == 0:
        os.chown(file, -1, 54_321)
        os.chown(tmp_path, -1, 54_321)
        wanted = "join the group 54321 (adduser USER 54321, log in again), or run it as root"
        assert (way_in(file), way_in(tmp_path / "none")) == (wanted, wanted)

    assert was_in_it == "run it as root"
    assert way_in(tmp_path / ("x" * 300) / "none") == "run it as root"
