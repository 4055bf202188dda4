"""``status.json``, once a second: what `tollguard status` shows when the store is the fault."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from tollguard.atomic_file import replace_file

FILE_MODE = 0o640

log = structlog.get_logger("tollguard.status")


@dataclass(frozen=True, slots=True)
class Status:
    """The daemon's state at one moment. Each key of the file is one of these.

    Attributes:
        node: This machine's name.
        pid: The daemon's process.
        at: When it was written; a reader calls it stale after 5 s.
        started_at: When the daemon started.
        version: tollguard's version.
        mode: ``observe`` or ``enforce``.
        policy_revision: The policy in force.
        policy_source: ``store``, ``snapshot``, ``default`` or ``fallback``.
        policy_fault: Why the store's policy is not in force; empty when it is.
        snapshot_fault: Why the snapshot cannot be read or written; empty when it can.
        ami_state: ``up``, ``down`` or ``refused``.
        ami_since: When that began.
        ami_reason: Why, when not up.
        ami_user: The eyes' name in ``manager.conf``.
        hands_state: As ``ami_state``, of the connection that hangs calls up.
        hands_since: When that began.
        hands_reason: Why, when not up.
        hands_user: The hands' name in ``manager.conf``.
        blind: Why nothing is seen; empty when seeing.
        gate_host: Where the gate listens.
        gate_port: Its port; 0 when it does not listen.
        sessions: Gate sessions open now.
        answered: Verdicts that Asterisk confirmed since the start.
        refused: Sessions without a verdict since the start, by reason.
        wrong_keys: Those of them with a wrong key that are recent.
        wrong_keys_since: When the first of these came; empty when there is none.
        ledger_id: The ledger in use; empty when none is.
        ledger_seq: Its newest durable row.
        ledger_state: ``ok``, ``foreign``, ``older`` or ``failed``.
        ledger_reason: Why, when not ok.
        store_state: ``ok`` or ``failed``.
        store_reason: Why, when not ok.
        verdicts_waiting: Not stored yet.
        verdicts_dropped: Never stored: the queue was full.
        findings_dropped: Never stored: too many waited.
        hostile_events: AMI events that broke the rules.
        calls: Legs toward trunks that are dialled or up.
        legs_cut: Legs around the gate that were hung up since the start.
        legs_recorded: Those that were only recorded: observed, or undeclared.
        legs_stood: Legs around the gate that stand: emergencies, and calls at home.
        stops: What is being stopped now, as stable words.
        does_not_stop: What is not, as stable words.
    """

    node: str
    pid: int
    at: str
    started_at: str
    version: str
    mode: str
    policy_revision: int
    policy_source: str
    policy_fault: str
    snapshot_fault: str
    ami_state: str
    ami_since: str
    ami_reason: str
    ami_user: str
    hands_state: str
    hands_since: str
    hands_reason: str
    hands_user: str
    blind: str
    gate_host: str
    gate_port: int
    sessions: int
    answered: int
    refused: dict[str, int]
    wrong_keys: int
    wrong_keys_since: str
    ledger_id: str
    ledger_seq: int
    ledger_state: str
    ledger_reason: str
    store_state: str
    store_reason: str
    verdicts_waiting: int
    verdicts_dropped: int
    findings_dropped: int
    hostile_events: int
    calls: int
    legs_cut: int
    legs_recorded: int
    legs_stood: int
    stops: tuple[str, ...]
    does_not_stop: tuple[str, ...]


def stopped_now(
    mode: str, ledger_fault: str, blind: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name what is being stopped and what is not (DESIGN "Modes").

    Returns:
        Stable kebab-case words; the CLI has a sentence for each.
    """
    always = ("malformed-numbers", "suspensions")
    if mode == "observe":
        return always, ("rules",)
    stops = (*always, "rules", *(("all-chargeable-calls",) if ledger_fault else ()))
    return stops, (("calls-around-the-gate",) if blind else ())


class StatusFile:
    """Writes the file; a disk that refuses is told once, and once when it takes it again."""

    def __init__(self, path: Path, status: Callable[[], Status]) -> None:
        self._path = path
        self._status = status
        self._fault = ""

    def write(self) -> None:
        """Write the state of now; not waiting for the disk."""
        try:
            data = json.dumps(asdict(self._status()), indent=1).encode() + b"\n"
            replace_file(self._path, data, mode=FILE_MODE, durable=False)
        except OSError as error:
            self._told(str(error))
        else:
            self._told("")

    def remove(self) -> None:
        """Take it away at the end, so that nobody takes the past for the present."""
        with contextlib.suppress(OSError):  # a reader sees that its process has ended
            self._path.unlink()

    def _told(self, fault: str) -> None:
        if fault and not self._fault:
            log.error("status-not-written", path=str(self._path), reason=fault)
        elif self._fault and not fault:
            log.info("status-written-again", path=str(self._path))
        self._fault = fault
