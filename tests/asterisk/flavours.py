"""Names the two Asterisks that tests run on, and how a program of an unpacked Debian starts.

The packages are of other Debian releases than the host's, so each program is started by the
folder's own loader; ``--library-path`` is not inherited, what Asterisk starts uses the host's.
"""

import os
import platform
from dataclasses import dataclass
from pathlib import Path


class AsteriskUnavailableError(RuntimeError):
    """No Asterisk can be had here; the message is one sentence with its remedy."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """One Asterisk release as Debian packages it.

    Attributes:
        name: Its major version: ``22`` or ``16``.
        suite: Debian's release that carries it.
        packages: What is fetched, with everything they depend on.
    """

    name: str
    suite: str
    packages: tuple[str, ...]


FLAVOURS = {
    "22": Flavour("22", "forky", ("asterisk", "sip-tester")),
    "16": Flavour("16", "bullseye", ("asterisk",)),
}


@dataclass(frozen=True, slots=True)
class Installation:
    """Where an Asterisk lies and how its programs are started.

    Attributes:
        modules: Folder of the loadable modules.
        data: Asterisk's own ``astdatadir``.
        asterisk: Command line of Asterisk without arguments.
        sipp: Command line of SIPp; empty where the tree has none.
    """

    modules: Path
    data: Path
    asterisk: tuple[str, ...]
    sipp: tuple[str, ...] = ()


def multiarch() -> str:
    """Name Debian's library folder of this machine, ``x86_64-linux-gnu``."""
    return f"{platform.machine()}-linux-gnu"


def loader_of(root: Path) -> Path:
    """Find an unpacked tree's own dynamic loader.

    Links are passed over: an absolute one would lead out of the tree to the host's loader.
    """
    for folder in (f"usr/lib/{multiarch()}", f"lib/{multiarch()}", "usr/lib64", "lib64"):
        for pattern in ("ld-linux-*.so.*", "ld-2*.so"):
            for path in sorted((root / folder).glob(pattern)):
                if path.is_file() and not path.is_symlink():
                    return path
    msg = f"{root} holds no dynamic loader; remove the folder and fetch again"
    raise AsteriskUnavailableError(msg)


def modules_of(root: Path) -> Path:
    """Find the folder of an installed or unpacked Asterisk's modules."""
    for folder in (f"usr/lib/{multiarch()}", "usr/lib", "usr/lib64", "lib"):
        path = root / folder / "asterisk" / "modules"
        if path.is_dir():
            return path
    msg = f"{root} holds no Asterisk modules; remove the folder and fetch again"
    raise AsteriskUnavailableError(msg)


def unpacked(root: Path) -> Installation:
    """Describe an unpacked tree, its programs started by its own loader."""
    folders = [root / f"lib/{multiarch()}", root / f"usr/lib/{multiarch()}", root / "usr/lib"]
    libraries = ":".join(str(folder) for folder in folders if folder.is_dir())
    start = (str(loader_of(root)), "--library-path", libraries)
    sipp = root / "usr/bin/sipp"
    return Installation(
        modules=modules_of(root),
        data=root / "usr/share/asterisk",
        asterisk=(*start, str(root / "usr/sbin/asterisk")),
        sipp=(*start, str(sipp)) if sipp.exists() else (),
    )


def installed(binary: Path) -> Installation:
    """Describe the machine's own Asterisk, as ``TOLLGUARD_ASTERISK=`` names it."""
    if not os.access(binary, os.X_OK):
        msg = f"TOLLGUARD_ASTERISK names {str(binary)!r}, which is no program that can be started"
        raise AsteriskUnavailableError(msg)
    prefix = binary.resolve().parent.parent.parent
    data = next(
        (p for p in (prefix / "usr/share/asterisk", prefix / "var/lib/asterisk") if p.is_dir()),
        Path("/usr/share/asterisk"),
    )
    return Installation(modules=modules_of(prefix), data=data, asterisk=(str(binary),))
