"""Stand-ins for the process fallback: small scripts that judge rightly, wrongly or not at all.

Asterisk starts them as it starts the real one; each keeps its arguments and its process id.
"""

import os
import signal
from pathlib import Path

_START = """#!/bin/sh
printf '%s|' "$@" > "$0.$$"
while read -r line && [ -n "$line" ]; do :; done
say() { printf '%s\\n' "$1"; read -r answer; }
"""


def told(**variables: str) -> str:
    """Write the commands that set ``TOLLGUARD_…`` variables, in their order."""
    return "".join(
        f"say 'SET VARIABLE TOLLGUARD_{name} \"{value}\"'\n" for name, value in variables.items()
    )


ALLOW = told(NUMBER="0398765432", LIMIT_MS="60000", REASON="allowed", VERDICT="ALLOW")
DENY = told(REASON="fallback-chargeable", VERDICT="DENY")
BROKEN = {
    "is not there": "",
    "exits at once": "exit 1\n",
    "is silent": "while read -r line; do :; done\n",
    "is stopped": "kill -STOP $$\n",
    "says garbage": "printf '\\000\\377 200 result=1\\nALLOW\\n%.0s' 1 2 3 4 5\n",
    "allows without a limit": told(NUMBER="0398765432", VERDICT="ALLOW"),
    "allows with limit 0": told(NUMBER="0398765432", LIMIT_MS="0", VERDICT="ALLOW"),
    "allows without a number": told(LIMIT_MS="60000", VERDICT="ALLOW"),
    "allows two numbers": told(NUMBER="1&PJSIP/trunk/2", LIMIT_MS="1", VERDICT="ALLOW"),
    "sets all but the verdict": told(NUMBER="0398765432", LIMIT_MS="60000"),
    "is silent behind half a verdict": told(NUMBER="0398765432")
    + "while read -r line; do :; done\n",
}


class Script:
    """One stand-in in Asterisk's folder for AGI scripts.

    Attributes:
        path: Where it lies.
    """

    def __init__(self, folder: Path) -> None:
        """Choose its place; there is no script yet."""
        self.path = folder / "agi" / "stand-in"

    def write(self, body: str) -> None:
        """Let it do something else from now on, and forget the runs so far; empty removes it."""
        self.kill()
        for path in (self.path, *self._runs()):
            path.unlink(missing_ok=True)
        if body:
            self.path.write_text(_START + body)
            self.path.chmod(0o755)

    def arguments(self) -> list[list[str]]:
        """List the arguments of each run."""
        return [path.read_text().split("|")[:-1] for path in self._runs()]

    def kill(self) -> None:
        """End what still runs; a stopped process hears nothing else."""
        for path in self._runs():
            pid = int(path.suffix[1:])
            if str(self.path) in _command_of(pid):
                os.kill(pid, signal.SIGKILL)

    def _runs(self) -> list[Path]:
        return sorted(self.path.parent.glob("stand-in.*"))


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
