"""A wall clock for one process that a test can step: Debian's libfaketime, not installed.

Only what is started with its environment sees it, and its monotonic clock is left alone.
"""

import shutil
import tempfile
from pathlib import Path

from tests.asterisk import private_apt
from tests.asterisk.archive import unpack_one
from tests.asterisk.fetch import Tell, cache_folder, lock, tell_stderr
from tests.asterisk.flavours import AsteriskUnavailableError

PACKAGE = "libfaketime"
# The library is loaded into this machine's own programs, so its C library must not be newer.
SUITE_WITHOUT_NAME = "bookworm"


def suite() -> str:
    """Name this machine's Debian release; another system gets one that is old enough."""
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            named = line.partition("=")[2].strip('"')
            break
    else:
        return SUITE_WITHOUT_NAME
    is_debian = "ID=debian" in Path("/etc/os-release").read_text().splitlines()
    return named if is_debian else SUITE_WITHOUT_NAME


def library(tell: Tell = tell_stderr) -> Path:
    """Return libfaketime's file, fetching the package when it is not there yet.

    Raises:
        AsteriskUnavailableError: It cannot be had here; says what to do.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    tree = cache / f"{PACKAGE}-{suite()}"
    with lock(cache / f".lock-{PACKAGE}"):
        if not tree.exists():
            fetch_into(tree, tell)
    found = sorted(tree.glob("usr/lib/*/faketime/libfaketime.so.1"))
    if not found:
        msg = f"{tree} holds no libfaketime; remove the folder and try again"
        raise AsteriskUnavailableError(msg)
    return found[0]


def fetch_into(tree: Path, tell: Tell) -> None:
    """Download and unpack; a half-done try leaves nothing behind."""
    work = Path(tempfile.mkdtemp(prefix=f".fetch-{PACKAGE}-", dir=tree.parent))
    try:
        debs = private_apt.download(work / "apt", suite(), (PACKAGE,), tell)
        for deb in debs:
            if deb.name.startswith(f"{PACKAGE}_"):
                unpack_one(deb, work / "tree")
        (work / "tree").rename(tree)
    finally:
        shutil.rmtree(work, ignore_errors=True)


class Clock:
    """The wall clock of every process that is started with its environment.

    Attributes:
        environment: What such a process needs.
    """

    def __init__(self, folder: Path) -> None:
        """Show the right time for now."""
        self._file = folder / "clock"
        self.step(0)
        self.environment = {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1",  # a step is seen at once
            "FAKETIME_DISABLE_SHM": "1",
        }

    def step(self, by_s: int) -> None:
        """Be off by so many seconds from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{by_s:+d}\n")
        new.replace(self._file)
