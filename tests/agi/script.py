"""Runs `tollguard-agi` as Asterisk does, over its standard input and output."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.agi.asterisk_side import ENVIRONMENT, Channel, lines_of

SCRIPT = Path(sys.executable).with_name("tollguard-agi")
WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of the script left.

    Attributes:
        set_in_order: Each variable that it set, in order.
        commands: How many commands it sent, each of which came in one line.
        told: What it wrote to standard error.
        status: Its exit status.
    """

    set_in_order: tuple[tuple[str, str], ...]
    commands: int
    told: str
    status: int

    @property
    def variables(self) -> dict[str, str]:
        """What the dialplan sees afterwards."""
        return dict(self.set_in_order)


def environment_of(arguments: Sequence[str], **changed: str) -> bytes:
    """Write the environment of a script, which lacks the two lines of FastAGI's."""
    fixed = [(key, changed.get(key, value)) for key, value in ENVIRONMENT[2:-2]]
    given = [(f"agi_arg_{place}", text) for place, text in enumerate(arguments, 1)]
    return lines_of((*fixed, *given))


def start() -> "subprocess.Popen[bytes]":
    """Start the script with nothing said to it yet."""
    return subprocess.Popen(
        [SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def play(begin: bytes, channel: Channel | None = None) -> Outcome:
    """Run it to its end, with a channel that answers what it asks."""
    playing = channel or Channel({"${CHANNEL(pjsip,remote_addr)}": "192.0.2.7:5060"})
    commands = 0
    with start() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(begin)
        process.stdin.flush()
        while command := process.stdout.readline():
            commands += 1
            process.stdin.write(playing.answer(command))
            process.stdin.flush()
        told = process.stderr.read().decode()
        status = process.wait(WAIT_S)
    return Outcome(tuple(playing.set_in_order), commands, told, status)
