"""Replacing a file so that a reader, or a crash, sees the old one or the new one and no third."""

import os
from pathlib import Path


def replace_file(path: Path, data: bytes, *, mode: int = 0o640, durable: bool = True) -> None:
    """Write ``data`` beside ``path`` and rename it over.

    Args:
        path: The file; its folder exists.
        data: The whole content.
        mode: Permission bits of the new file, whatever the umask is.
        durable: Wait for the disk. Not needed for what is written each second.

    Raises:
        OSError: The folder is missing, read-only or full; the old file stands.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.fchmod(file, mode)
        _write_all(file, data)
        if durable:
            os.fsync(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    finally:
        os.close(file)
    beside.replace(path)
    if durable:
        sync_folder(path.parent)


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def sync_folder(folder: Path) -> None:
    """Make the names of a folder's files durable.

    Raises:
        OSError: It does not exist or the disk failed.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
