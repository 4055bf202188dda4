"""Which files a wheel of tollguard holds; `make wheel` asserts it on each build."""

import sys
import zipfile
from pathlib import Path

PACKAGES = ("policies", "agi", "ami_listener", "tollguard")
ROOT = Path(__file__).resolve().parents[2]
# Folder in the checkout → folder in the wheel.
CARRIED = {"asterisk-conf": "tollguard/_asterisk_conf", "deploy": "tollguard/_deploy"}
NEVER = ("/tests/", "tests/", "docs/", "/__pycache__/", ".env")


def expected(root: Path) -> frozenset[str]:
    """List every file that a wheel built from ``root`` carries, its metadata apart."""
    code = {
        file.relative_to(root).as_posix()
        for package in PACKAGES
        for file in (root / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    carried = {
        f"{inside}/{file.relative_to(root / folder).as_posix()}"
        for folder, inside in CARRIED.items()
        for file in (root / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    return frozenset(code | carried)


def actual(wheel: Path) -> frozenset[str]:
    """List the files in a wheel, its metadata apart."""
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(name for name in archive.namelist() if ".dist-info/" not in name)


def complaints(found: frozenset[str], wanted: frozenset[str]) -> list[str]:
    """Say what is missing, what is too much, and what may never be inside."""
    told = [f"missing: {name}" for name in sorted(wanted - found)]
    told += [f"not in the checkout: {name}" for name in sorted(found - wanted)]
    told += [f"never to be shipped: {name}" for name in sorted(found) if name.startswith(NEVER)]
    for needed in ("tollguard/store/sql/", "tollguard/store/migrations/", *CARRIED.values()):
        if not any(name.startswith(needed) for name in found):
            told.append(f"nothing of {needed}")
    return told


def main(wheel: Path) -> int:
    """Print the complaints about one wheel; the exit status is whether there were any."""
    told = complaints(actual(wheel), expected(ROOT))
    for line in told:
        sys.stderr.write(f"{wheel.name}: {line}\n")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
