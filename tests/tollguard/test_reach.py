"""What is there, what is not, and what cannot be told."""

from pathlib import Path

import pytest

from tollguard.reach import found, found_folder


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
