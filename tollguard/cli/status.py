"""`tollguard status`: first what is and what is not being stopped, then the parts.

It reads ``status.json`` first, so it works when the store is the fault.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Any

import click

from tollguard.cli.lazy import examples
from tollguard.cli.options import report_options
from tollguard.cli.output import (
    Column,
    Report,
    print_fields,
    print_json,
    print_report,
    printable,
    say,
)
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.cli.spans import show_short
from tollguard.config import Config
from tollguard.errors import AccessError
from tollguard.i18n import _, ngettext

STALE_S = 5.0
# ami_listener.settings.Patience.refused_s, whose import would cost more than this command
AGAIN_S = 60.0
UP, REFUSED = "up", "refused"
MAX_STATUS_BYTES = 1 << 20


class Health(IntEnum):
    """The exit code of `status`."""

    OK = 0
    WARN = 1
    FAIL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the operator should know."""

    health: Health
    text: str


@click.command(
    help=_(
        "Say what is and what is not being stopped, and how the parts are."
        " Exits 0 when all is well, 1 with a warning, 2 when nothing guards the calls."
    ),
    epilog=examples("tollguard status", "tollguard status --json"),
)
@report_options
@pass_shell
def status(shell: Shell) -> int:
    """Print the state of the daemon; the exit code is its health."""
    data, findings = _look(shell)
    health = max((finding.health for finding in findings), default=Health.OK)
    _print(shell, data, findings, health)
    return int(health)


def _look(shell: Shell) -> tuple[dict[str, Any], list[Finding]]:
    """Read the status and say what the operator should know.

    Raises:
        AccessError: Reading it is for the group alone: nothing is known then.
    """
    path = shell.config.status_path
    try:
        data = read_status(path)
    except PermissionError as error:
        text = _("{path} cannot be read: {reason}; join the group tollguard")
        raise AccessError(text.format(path=path, reason=error.strerror)) from error
    except OSError as error:
        text = _("its status cannot be read: {reason}")
        return {}, [Finding(Health.FAIL, text.format(reason=error.strerror))]
    shell.check_node([str(data["node"])] if "node" in data else [])
    return data, _judge(data, time.time(), shell.config)


def read_status(path: Path) -> dict[str, Any]:
    """Read status.json; empty when there is none or it is not what the daemon writes.

    Raises:
        OSError: It may be there but cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = json.loads(file.read(MAX_STATUS_BYTES))
    except (FileNotFoundError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def age_s(data: Mapping[str, Any], now_s: float) -> float | None:
    """Say how old a status is; None when it does not tell."""
    # not by tollguard.store.times: that would import SQLite and asyncio, a third of the run
    try:
        return now_s - datetime.fromisoformat(data["at"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None


def _judge(data: Mapping[str, Any], now_s: float, config: Config) -> list[Finding]:
    age = age_s(data, now_s)
    if age is None:
        return [Finding(Health.FAIL, _("the daemon is not running: no status was written"))]
    if abs(age) > STALE_S:
        text = _("the daemon is not running or stalled: its status is {seconds:.0f} s old")
        return [Finding(Health.FAIL, text.format(seconds=age))]
    if has_ended(data.get("pid")):
        return [Finding(Health.FAIL, _("the daemon has ended without saying so"))]
    return [*_faults(data), *_hands(data), *_keys(data, config), *_losses(data)]


def has_ended(pid: object) -> bool:
    """Tell whether the process that wrote the status is gone: killed, so the file was left."""
    if type(pid) is not int or pid <= 0:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # there, and another user's
    return _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Tell whether a process has ended and nobody has asked for its exit code yet."""
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False  # not shown to us
    # The state follows the name, which stands in parentheses and may hold some: proc(5).
    return told.rpartition(b")")[2].split()[:1] == [b"Z"]


def _faults(data: Mapping[str, Any]) -> list[Finding]:
    found = []
    if not data.get("gate_port"):
        found.append(Finding(Health.FAIL, _("the gate does not listen")))
    if data.get("ami_state") == REFUSED:
        found.append(Finding(Health.WARN, _refusal(data.get("ami_user"))))
    for key, text in (
        ("blind", _("blind: {reason}; registrations are stale, calls are not seen")),
        ("ledger_reason", _("ledger: {reason}; chargeable calls are denied")),
        ("store_reason", _("store: {reason}; the policy in memory goes on judging")),
        ("policy_fault", _judging(data)),
        ("snapshot_fault", _("snapshot: {reason}; without the daemon no policy judges")),
    ):
        if data.get(key):
            found.append(Finding(Health.WARN, text.format(reason=data[key])))
    return found


def _judging(data: Mapping[str, Any]) -> str:
    if data.get("policy_source") == "fallback":
        return _("policy: {reason}; no policy can be believed: chargeable calls are denied")
    return _("policy: {reason}; the last good one goes on judging")


def _hands(data: Mapping[str, Any]) -> list[Finding]:
    state = data.get("hands_state", UP)
    if state == UP:
        return []
    text = _("the hands are {state}: running calls cannot be cut; {reason}")
    reason = _refusal(data.get("hands_user")) if state == REFUSED else data.get("hands_reason")
    return [Finding(Health.WARN, text.format(state=state, reason=reason))]


def _refusal(user: object) -> str:
    text = _(
        "AMI refused the user {user}; it is tried again every {seconds:g} s; remedy:"
        " asterisk -rx 'manager reload'; if that does not help, tollguard config secrets"
        " --rotate …, then manager reload and restart tollguard"
    )
    return text.format(user=user, seconds=AGAIN_S)


def _keys(data: Mapping[str, Any], config: Config) -> list[Finding]:
    count = data.get("wrong_keys") or 0
    if not count:
        return []
    text = ngettext(
        "{count} gate session was refused for a wrong key since {since}: Asterisk cannot read"
        " {path}, or it holds another key than {ours}: compare them, or make both anew with"
        " tollguard config secrets --rotate … and restart tollguard; or somebody on this machine"
        " tries the gate",
        "{count} gate sessions were refused for a wrong key since {since}: Asterisk cannot read"
        " {path}, or it holds another key than {ours}: compare them, or make both anew with"
        " tollguard config secrets --rotate … and restart tollguard; or somebody on this machine"
        " tries the gate",
        count,
    )
    since = show_short(str(data.get("wrong_keys_since")), config.site.time_zone)
    theirs, ours = config.gate.asterisk_key_file, config.gate.key_file
    return [Finding(Health.WARN, text.format(count=count, since=since, path=theirs, ours=ours))]


def _losses(data: Mapping[str, Any]) -> list[Finding]:
    found = []
    for key, text in (
        ("verdicts_dropped", _("{count} verdicts were not stored (they are in the journal)")),
        ("findings_dropped", _("{count} findings were not stored")),
        ("legs_cut", _("{count} calls around the gate were hung up: tollguard findings")),
        ("legs_recorded", _("{count} calls around the gate were recorded: tollguard findings")),
        ("hostile_events", _("{count} forged or broken AMI events were ignored")),
    ):
        if data.get(key):
            found.append(Finding(Health.WARN, text.format(count=data[key])))
    return found


def _unguarded(shell: Shell) -> str:
    """Say what becomes of calls while no daemon answers them."""
    try:
        # tollguard.snapshot_file.MARKER, whose import would cost more than this command
        observing = shell.config.snapshot.path.with_name("observe").exists()
    except OSError:
        observing = False
    if observing:
        return _(
            "NOT GUARDING: the fallback, else the dialplan's fail mode answers; this site observes,"
            " so both let pass all but malformed numbers"
        )
    return _(
        "NOT GUARDING: the fallback, else the dialplan's fail mode answers;"
        " emergency calls pass, chargeable ones are denied"
    )


def _headline(data: Mapping[str, Any]) -> str:
    if data.get("mode") == "observe":
        return _(
            "observing: nothing is stopped but malformed numbers and what you suspended yourself"
        )
    if data.get("policy_source") == "fallback":
        return _(
            "enforcing without a policy: nothing abroad nor otherwise chargeable passes, because"
            " none can be believed"
        )
    if "all-chargeable-calls" in data.get("stops", ()):
        return _("enforcing: every chargeable call is stopped, because the ledger takes no row")
    return _("enforcing: calls that the policy refuses are stopped before they reach a trunk")


def _print(shell: Shell, data: Mapping[str, Any], findings: list[Finding], health: Health) -> None:
    headline = _unguarded(shell) if health is Health.FAIL else _headline(data)
    texts = [finding.text for finding in findings]
    row = {"health": health.name.lower(), "headline": headline, "findings": texts, **data}
    match shell.form:
        case Form.JSON:
            print_json(row)
        case Form.CSV:
            flat = {key: json.dumps(v) if isinstance(v, dict) else v for key, v in row.items()}
            print_report(shell, Report((Column("health", ""),), [flat], [], ""))
        case Form.TABLE:
            say(headline)
            for text in texts:
                say(f"! {printable(text)}")
            print_fields(_fields(data, shell.config.site.time_zone))


def _fields(data: Mapping[str, Any], zone: str) -> list[tuple[str, str]]:
    if not data:
        return []
    get = data.get
    refused = ", ".join(f"{count} {why}" for why, count in get("refused", {}).items())
    return [
        (_("node"), f"{get('node')} (pid {get('pid')}, {get('version')})"),
        (_("written"), show_short(str(get("at")), zone)),
        (_("since"), show_short(str(get("started_at")), zone)),
        (_("mode"), str(get("mode"))),
        (_("policy"), f"revision {get('policy_revision')} ({get('policy_source')})"),
        (_("gate"), f"{get('gate_host')}:{get('gate_port')}, {get('answered')} answered"),
        (_("refused"), refused),
        (_("AMI"), f"{get('ami_state')} {get('ami_reason') or ''}".strip()),
        (_("hands"), f"{get('hands_state') or ''} {get('hands_reason') or ''}".strip()),
        (_("calls"), str(get("calls"))),
        (_("ledger"), f"{get('ledger_state')}, row {get('ledger_seq')}"),
        (_("store"), str(get("store_state"))),
    ]
