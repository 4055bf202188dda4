"""Unpacks Debian archives and seals the tree, so that a half or damaged one is never used."""

import hashlib
import json
import subprocess
from pathlib import Path

from tests.asterisk.flavours import AsteriskUnavailableError, loader_of, modules_of

SEAL = "tollguard-seal.json"


def unpack(debs: list[Path], tree: Path) -> None:
    """Unpack archives into one folder, one after another: they share folders and links.

    Raises:
        AsteriskUnavailableError: dpkg-deb refused one, or nothing was given.
    """
    if not debs:
        msg = "apt brought no package; look at the mirror named by TOLLGUARD_DEBIAN_MIRROR="
        raise AsteriskUnavailableError(msg)
    tree.mkdir()
    for deb in debs:
        unpack_one(deb, tree)


def unpack_one(deb: Path, tree: Path) -> None:
    """Unpack one archive."""
    done = subprocess.run(
        ["dpkg-deb", "-x", str(deb), str(tree)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        msg = f"{deb.name} cannot be unpacked: {done.stderr.strip()}; free disk space, try again"
        raise AsteriskUnavailableError(msg)


def checked_files(tree: Path) -> list[Path]:
    """List what must be whole: the programs, the loader, the C library and every module."""
    programs = [tree / "usr/sbin/asterisk", tree / "usr/bin/sipp", loader_of(tree)]
    libraries = sorted(tree.glob("**/libc.so.6")) + sorted(tree.glob("**/libcrypto.so.*"))
    modules = sorted(modules_of(tree).glob("*.so"))
    return [path for path in programs + libraries + modules if path.is_file()]


def digest(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def seal(tree: Path) -> None:
    """Write the list of checked files with their digests; last of all, so a seal means whole."""
    files = {str(path.relative_to(tree)): digest(path) for path in checked_files(tree)}
    (tree / SEAL).write_text(json.dumps(files, indent=1))


def fault_in(tree: Path) -> str:
    """Say what is wrong with a tree; empty when it is whole."""
    try:
        files = json.loads((tree / SEAL).read_text())
    except FileNotFoundError:
        return "no seal"
    except ValueError:
        return "the seal is damaged"
    for name, expected in files.items():
        path = tree / name
        if not path.is_file():
            return f"{name} is missing"
        if digest(path) != expected:
            return f"{name} was changed"
    return "" if files else "the seal is empty"
