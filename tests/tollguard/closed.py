"""A file that the process may not read, also where root runs the tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65_534


@contextmanager
def closed(path: Path) -> Iterator[None]:
    """Close a file to this process; root, whom no mode stops, is nobody meanwhile."""
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        with not_root():
            yield
    finally:
        path.chmod(mode)


@contextmanager
def not_root() -> Iterator[None]:
    """Be nobody where root runs the tests."""
    uid = os.geteuid()
    if uid == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(uid)
