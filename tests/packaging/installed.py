"""Run by `make wheel` with the installed copy's Python, isolated and from another folder."""

import importlib
import sys
from pathlib import Path

PACKAGES = ("policies", "agi", "ami_listener", "tollguard")


def complaints() -> list[str]:
    """Say what is imported from anywhere but the installation, or not found in it."""
    told = []
    prefix = Path(sys.prefix).resolve()
    for name in PACKAGES:
        place = Path(importlib.import_module(name).__file__ or "").resolve()
        if prefix not in place.parents:
            told.append(f"{name} was imported from {place}, not from {prefix}")
    shipped = importlib.import_module("tollguard.shipped")
    for folder, needed in (
        (shipped.asterisk_conf(), "extensions.d/tollguard.conf"),
        (shipped.deploy(), "tollguard.service"),
    ):
        if prefix not in folder.parents or not (folder / needed).is_file():
            told.append(f"{folder / needed} is not in the installation")
    return told


if __name__ == "__main__":
    problems = complaints()
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    sys.exit(1 if problems else 0)
