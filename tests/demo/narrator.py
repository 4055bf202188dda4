"""Tells the story on the terminal and keeps count of what did not hold.

Nothing it prints of the product is canned: a command's output is what the command printed.
"""

import subprocess
import sys
import time
from collections.abc import Callable

from tests.asterisk.guarded import Daemon

WIDTH = 100


class Narrator:
    """The terminal of the demo.

    Attributes:
        failures: What did not hold, in order.
    """

    def __init__(self, daemon: Daemon | None = None) -> None:
        self.failures: list[str] = []
        self._daemon = daemon
        self._step = 0
        self._started_s = time.monotonic()

    def guarded_by(self, daemon: Daemon) -> None:
        """Run commands against this daemon from now on."""
        self._daemon = daemon

    def step(self, title: str, *comments: str) -> None:
        """Begin a step: what happens and why it matters."""
        self._step += 1
        heading = f"── {self._step}. {title} "
        self._print(f"\n{heading}{'─' * (WIDTH - len(heading))}")
        for comment in comments:
            self._print(f"   {comment}")

    def say(self, text: str) -> None:
        """Say something that no command printed."""
        self._print(f"   {text}")

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ``tollguard``, show the command and its real output."""
        assert self._daemon is not None
        shown = " ".join(f'"{part}"' if " " in part else part for part in arguments)
        self._print(f"\n   $ tollguard {shown}")
        done = self._daemon.command(*arguments)
        for line in (done.stdout + done.stderr).rstrip().splitlines():
            self._print(f"     {line}")
        return done

    def check(self, what: str, holds: object, got: object = None) -> None:
        """Say whether something holds; what does not makes the demo fail."""
        if holds:
            self._print(f"   ✓ {what}")
            return
        self.failures.append(what)
        self._print(f"   ✗ {what}" + ("" if got is None else f"; got {got!r}"))

    def within(self, what: str, timeout_s: float, holds: Callable[[], bool]) -> float:
        """Check that something comes true in time; returns how long it took, in seconds."""
        started_s = time.monotonic()
        while not (held := holds()) and time.monotonic() - started_s < timeout_s:
            time.sleep(0.02)
        took_s = time.monotonic() - started_s
        self.check(f"{what} ({took_s:.2f} s)" if held else f"{what} within {timeout_s:g} s", held)
        return took_s

    def end(self) -> int:
        """Say how it went; returns the exit code."""
        took_s = time.monotonic() - self._started_s
        if self.failures:
            self._print(f"\n{len(self.failures)} of the story's claims did not hold:")
            for what in self.failures:
                self._print(f"  ✗ {what}")
            return 1
        self._print(f"\nEvery step held. {took_s:.0f} s.")
        return 0

    def _print(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
