"""A replaced file is the old one or the new one."""

import resource
import signal
import stat
from pathlib import Path

import pytest

from tollguard.atomic_file import replace_file, sync_folder


def test_the_new_content_has_the_mode_asked_for(tmp_path: Path) -> None:
    """A file is replaced whole, with its permission bits, and nothing is left beside it."""
    path = tmp_path / "status.json"
    path.write_text("old")

    replace_file(path, b"new", mode=0o604)

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_written_each_second_need_not_wait_for_the_disk(tmp_path: Path) -> None:
    """Without ``durable`` the content is the same."""
    path = tmp_path / "status.json"

    replace_file(path, b"x" * 100_000, durable=False)

    assert path.stat().st_size == 100_000


def test_a_file_too_large_for_the_disk_leaves_the_old_one(tmp_path: Path) -> None:
    """When the kernel refuses to write, the old file stands and nothing is beside it."""
    path = tmp_path / "snapshot.json"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            replace_file(path, b"x" * 2_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    """A folder that is not there raises rather than being made."""
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "no" / "file", b"")
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "no")
