"""Fetches a real Asterisk from Debian into a cache folder, without root and without installing it.

    python -m tests.asterisk.fetch [22|16 …]

Exit codes: 0 all there, 64 wrong usage, 69 cannot be had here.
``TOLLGUARD_ASTERISK=/path/to/asterisk`` uses an installed Asterisk 22 and fetches only SIPp.
``TOLLGUARD_CACHE=`` moves the cache, ``TOLLGUARD_DEBIAN_MIRROR=`` names another mirror.
"""

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.asterisk import archive, private_apt
from tests.asterisk.flavours import (
    FLAVOURS,
    AsteriskUnavailableError,
    Flavour,
    Installation,
    installed,
    unpacked,
)

EX_USAGE = 64
EX_UNAVAILABLE = 69

Tell = Callable[[str], None]


def tell_stderr(line: str) -> None:
    """Show one line of progress."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def cache_folder() -> Path:
    """Return the folder that fetched programs are kept in; it may not exist yet."""
    own = os.environ.get("TOLLGUARD_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tollguard"


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a file lock, so that two test workers do not fetch the same thing at once."""
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def fetched(flavour: Flavour, tell: Tell = tell_stderr) -> Path:
    """Return the unpacked tree of a flavour, fetching it when it is missing or damaged.

    Raises:
        AsteriskUnavailableError: No network, no mirror, no apt; says what to do.
    """
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot make the cache folder {cache}: {error.strerror}; set TOLLGUARD_CACHE="
        raise AsteriskUnavailableError(msg) from error
    tree = cache / f"asterisk-{flavour.name}"
    with lock(cache / f".lock-{flavour.name}"):
        fault = archive.fault_in(tree)
        if fault:
            if tree.exists():
                tell(f"the Asterisk {flavour.name} in {tree} is not whole ({fault}): again")
            fetch_into(tree, flavour, tell)
    return tree


def fetch_into(tree: Path, flavour: Flavour, tell: Tell) -> None:
    """Download, unpack, seal and move into place; a half-done try leaves nothing behind."""
    work = Path(tempfile.mkdtemp(prefix=f".fetch-{flavour.name}-", dir=tree.parent))
    try:
        tell(f"fetching Asterisk {flavour.name} from Debian's {flavour.suite} (once)")
        debs = private_apt.download(work / "apt", flavour.suite, flavour.packages, tell)
        tell(f"unpacking {len(debs)} packages into {tree}")
        archive.unpack(debs, work / "tree")
        archive.seal(work / "tree")
        if tree.exists():
            shutil.rmtree(tree)
        (work / "tree").rename(tree)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def installation(name: str, tell: Tell = tell_stderr) -> Installation:
    """Return an Asterisk that can be started: the operator's own, or a fetched one."""
    own = os.environ.get("TOLLGUARD_ASTERISK")
    if own and name == "22":
        return installed(Path(own))
    return unpacked(fetched(FLAVOURS[name], tell))


def sipp(tell: Tell = tell_stderr) -> tuple[str, ...]:
    """Return SIPp's command line: the machine's own beside an own Asterisk, else the fetched."""
    own = shutil.which("sipp")
    if own and os.environ.get("TOLLGUARD_ASTERISK"):
        return (own,)
    return unpacked(fetched(FLAVOURS["22"], tell)).sipp


def main(arguments: list[str]) -> int:
    """Fetch the flavours named, 22 alone by default; return a sysexits code."""
    names = arguments or ["22"]
    unknown = [name for name in names if name not in FLAVOURS]
    if unknown:
        tell_stderr(f"usage: python -m tests.asterisk.fetch [22|16 …]; not {unknown[0]!r}")
        return EX_USAGE
    try:
        for name in names:
            tell_stderr(f"Asterisk {name}: {installation(name).asterisk[-1]}")
    except AsteriskUnavailableError as error:
        tell_stderr(str(error))
        return EX_UNAVAILABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
