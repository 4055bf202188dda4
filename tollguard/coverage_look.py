"""Answers `tollguard coverage`: asks Asterisk for its dialplan, and looks for ways around the gate.

The walk runs in a thread: a small dialplan takes milliseconds, but one of 100,000 lines takes
seconds, in which the gate has to go on answering.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ami_listener.dialplan import read_dialplan
from ami_listener.errors import AmiError
from ami_listener.settings import AmiSettings
from policies.coverage.destinations import Trunks
from policies.coverage.dialplan import Dialplan
from policies.coverage.findings import Coverage, Finding
from policies.coverage.look import look
from policies.coverage.walk import TooIntricateError
from policies.policy import Policy
from tollguard.dialplan_files import as_dialplan
from tollguard.errors import InputError
from tollguard.shipped import asterisk_conf

# Cuts the result to what a row of the store holds, 2,000,000 characters, with room for escapes.
TEXT_MAX_CHARS = 800_000
SHIPPED = ("extensions.d/tollguard.conf", "asterisk-16/extensions.d/tollguard.conf")


class CoverageLook:
    """Looks at one Asterisk's dialplan, one look at a time."""

    def __init__(self, settings: AmiSettings, policy: Callable[[], Policy]) -> None:
        """Take the eyes user, and what tells the policy in force."""
        self._settings, self._policy = settings, policy
        self._looking = False

    async def look(self) -> dict[str, object]:
        """Look once.

        Returns:
            What `Coverage` holds, as JSON takes it.

        Raises:
            InputError: Asterisk cannot be asked, or its dialplan is too much to look at.
        """
        if self._looking:
            message = "another look at the dialplan is going on; try again in a moment"
            raise InputError(message)
        self._looking = True
        try:
            dialplan = await read_dialplan(self._settings)
            return await asyncio.to_thread(self._judge, dialplan)
        except AmiError as error:
            message = f"the dialplan cannot be looked at: {error}"
            raise InputError(message) from error
        except TooIntricateError as error:
            raise InputError(str(error)) from error
        finally:
            self._looking = False

    def _judge(self, dialplan: Dialplan) -> dict[str, object]:
        trunks = self._policy().site.trunks
        declared = Trunks.declared(
            [trunk.endpoint for trunk in trunks], [trunk.dial for trunk in trunks if trunk.dial]
        )
        return told(look(dialplan, declared, shipped_dialplans(asterisk_conf())))


def shipped_dialplans(folder: Path) -> list[Dialplan]:
    """Read our own dialplan in every flavour that we ship."""
    return [as_dialplan(folder / name) for name in SHIPPED if (folder / name).is_file()]


def told(coverage: Coverage) -> dict[str, object]:
    """Make the result; what is too long for a row is counted and left out."""
    findings, room = [], TEXT_MAX_CHARS
    for finding in coverage.findings:
        described = _described(finding)
        room -= len(str(described))
        if room < 0:
            break
        findings.append(described)
    return {
        "contexts": coverage.contexts,
        "extensions": coverage.extensions,
        "lines": coverage.lines,
        "dials": coverage.dials,
        "gates": coverage.gates,
        "findings": findings,
        "more": coverage.more + len(coverage.findings) - len(findings),
    }


def _described(finding: Finding) -> dict[str, object]:
    return {**asdict(finding), "why": finding.why.value, "path": [asdict(h) for h in finding.path]}
