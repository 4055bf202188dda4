"""Reads the AMI captures: a JSON line with the expected events above each frame."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from policies.events import Event

FOLDER = Path(__file__).parent / "ami"


def captures() -> Iterator[tuple[list[dict[str, Any]], bytes]]:
    """Give each captured frame with the events that it stands for, without ``at_s``."""
    for path in sorted(FOLDER.glob("*.txt")):
        for block in path.read_text().split("\n\n"):
            expected, _, frame = block.strip("\n").partition("\n")
            if expected.startswith("["):
                yield json.loads(expected), frame.replace("\n", "\r\n").encode()


def stream(repeat: int = 1) -> bytes:
    """The captures as Asterisk sends them, again and again."""
    return b"".join(frame + b"\r\n\r\n" for _, frame in captures()) * repeat


def as_expected(event: Event) -> dict[str, Any]:
    """Write an event as the captures' JSON does."""
    fields = asdict(event)
    del fields["at_s"]
    return {"type": type(event).__name__, **fields}
