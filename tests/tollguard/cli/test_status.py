"""`status`: what is and is not being stopped, and the exit code that says how well."""

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ami_listener.settings import Patience
from tests.tollguard.cli.conftest import Bench
from tollguard.cli.status import AGAIN_S
from tollguard.store.times import to_text

REMEDY = (
    " remedy: asterisk -rx 'manager reload'; if that does not help, tollguard config secrets"
    " --rotate …, then manager reload and restart tollguard"
)
GOOD: dict[str, Any] = {
    "node": "pbx1",
    "pid": os.getpid(),
    "started_at": "2026-11-24T02:00:00.000Z",
    "version": "0.1.0",
    "mode": "enforce",
    "policy_revision": 7,
    "policy_source": "store",
    "policy_fault": "",
    "ami_state": "up",
    "ami_since": "2026-11-24T02:00:00.000Z",
    "ami_reason": "",
    "ami_user": "tollguard-eyes",
    "hands_state": "up",
    "hands_since": "2026-11-24T02:00:00.000Z",
    "hands_reason": "",
    "hands_user": "tollguard-hands",
    "blind": "",
    "gate_host": "127.0.0.1",
    "gate_port": 573,
    "sessions": 0,
    "answered": 12,
    "refused": {"wrong-key": 2},
    "wrong_keys": 0,
    "wrong_keys_since": "",
    "ledger_id": "a" * 32,
    "ledger_seq": 9,
    "ledger_state": "ok",
    "ledger_reason": "",
    "store_state": "ok",
    "store_reason": "",
    "verdicts_waiting": 0,
    "verdicts_dropped": 0,
    "findings_dropped": 0,
    "hostile_events": 0,
    "legs_cut": 0,
    "legs_recorded": 0,
    "legs_stood": 0,
    "calls": 1,
    "stops": ["malformed-numbers", "suspensions", "rules"],
    "does_not_stop": [],
}


def _written(bench: Bench, **changes: object) -> None:
    data = {**GOOD, "at": to_text(time.time()), **changes}
    (bench.folder / "run" / "status.json").write_text(json.dumps(data))


def test_a_healthy_daemon_is_told_in_whole(bench: Bench) -> None:
    """First what is stopped, then the parts; exit code 0."""
    _written(bench, at="2999-01-01T00:00:00.000Z")
    _written(bench)

    result = bench.run("status")
    lines = result.out.splitlines()

    assert (result.code, result.err) == (0, "")
    assert lines[2].startswith("written  20")
    assert [line for line in lines if not line.startswith("written")] == [
        "enforcing: calls that the policy refuses are stopped before they reach a trunk",
        f"node     pbx1 (pid {os.getpid()}, 0.1.0)",
        "since    2026-11-24 11:00:00",
        "mode     enforce",
        "policy   revision 7 (store)",
        "gate     127.0.0.1:573, 12 answered",
        "refused  2 wrong-key",
        "AMI      up",
        "hands    up",
        "calls    1",
        "ledger   ok, row 9",
        "store    ok",
    ]


def test_observing_says_that_nothing_is_stopped(bench: Bench) -> None:
    """The first line leaves no doubt, and observing is no warning."""
    _written(bench, mode="observe")

    result = bench.run("status")

    assert result.code == 0
    assert result.out.splitlines()[0] == (
        "observing: nothing is stopped but malformed numbers and what you suspended yourself"
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"blind": "connection lost"},
            "! blind: connection lost; registrations are stale, calls are not seen",
        ),
        (
            {"ami_state": "refused", "ami_reason": "ami-refused: Authentication failed"},
            "! AMI refused the user tollguard-eyes; it is tried again every 60 s;" + REMEDY,
        ),
        (
            {"hands_state": "refused", "hands_reason": "ami-refused: Authentication failed"},
            "! the hands are refused: running calls cannot be cut; AMI refused the user"
            " tollguard-hands; it is tried again every 60 s;" + REMEDY,
        ),
        (
            {"hands_state": "down", "hands_reason": "ami-unreachable: x\x1b[2J"},
            "! the hands are down: running calls cannot be cut; ami-unreachable: x\\x1b[2J",
        ),
        (
            {"wrong_keys": 2, "wrong_keys_since": "2026-11-24T03:00:00.000Z"},
            "! 2 gate sessions were refused for a wrong key since 2026-11-24 12:00:00: Asterisk"
            " cannot read {folder}/asterisk-gate-key, or it holds another key than"
            " {folder}/credentials/gate-key: compare them, or make both anew with tollguard config"
            " secrets --rotate … and restart tollguard; or somebody on this machine tries the gate",
        ),
        ({"ledger_reason": "disk full"}, "! ledger: disk full; chargeable calls are denied"),
        ({"store_reason": "locked"}, "! store: locked; the policy in memory goes on judging"),
        ({"policy_fault": "row 3"}, "! policy: row 3; the last good one goes on judging"),
        (
            {"policy_fault": "row 3", "policy_source": "fallback"},
            "! policy: row 3; no policy can be believed: chargeable calls are denied",
        ),
        (
            {"verdicts_dropped": 3},
            "! 3 verdicts were not stored (they are in the journal)",
        ),
        ({"findings_dropped": 3}, "! 3 findings were not stored"),
        ({"legs_cut": 2}, "! 2 calls around the gate were hung up: tollguard findings"),
        ({"legs_recorded": 1}, "! 1 calls around the gate were recorded: tollguard findings"),
        ({"hostile_events": 3}, "! 3 forged or broken AMI events were ignored"),
    ],
)
def test_a_part_at_fault_is_a_warning(bench: Bench, changes: dict[str, object], line: str) -> None:
    """Its sentence stands below the first line, and the exit code is 1."""
    _written(bench, **changes)

    result = bench.run("status")

    assert result.code == 1
    assert result.out.splitlines()[1] == line.replace("{folder}", str(bench.folder))


def test_a_ledger_at_fault_is_told_first(bench: Bench) -> None:
    """The first line says that chargeable calls are stopped."""
    _written(bench, ledger_reason="x", stops=["rules", "all-chargeable-calls"])

    assert bench.run("status").out.splitlines()[0] == (
        "enforcing: every chargeable call is stopped, because the ledger takes no row"
    )


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"at": 3}', "\x00", '{"at": "noon"}'])
def test_without_a_status_nothing_guards(bench: Bench, content: str | None) -> None:
    """No file, or one that says nothing, is a failure: exit code 2."""
    if content is not None:
        (bench.folder / "run" / "status.json").write_text(content)

    result = bench.run("status")

    assert result.code == 2
    assert result.out.splitlines()[:2] == [
        "NOT GUARDING: the fallback, else the dialplan's fail mode answers; emergency calls pass,"
        " chargeable ones are denied",
        "! the daemon is not running: no status was written",
    ]


def test_an_old_status_is_not_believed(bench: Bench) -> None:
    """Older than five seconds means stalled or killed."""
    _written(bench, at=to_text(time.time() - 60))

    result = bench.run("status")

    assert result.code == 2
    assert result.out.splitlines()[1] == (
        "! the daemon is not running or stalled: its status is 60 s old"
    )


def test_a_daemon_that_ended_and_was_not_waited_for_has_ended(bench: Bench) -> None:
    """Its process is still there for signals, as after a stop until its parent looks."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    assert os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT) is not None
    _written(bench, pid=child.pid)
    result = bench.run("status")
    child.wait()

    assert result.code == 2
    assert "the daemon has ended without saying so" in result.out


@pytest.mark.parametrize("pid", ["ended", 0, "42", None])
def test_a_killed_daemon_guards_nothing(bench: Bench, pid: object) -> None:
    """A fresh status whose writer is gone is told at once, not when it has become old."""
    if pid == "ended":
        ended = subprocess.Popen(["true"])
        ended.wait()
        pid = ended.pid
    _written(bench, pid=pid)

    result = bench.run("status")

    assert result.code == 2
    assert result.out.startswith("NOT GUARDING")
    assert "has ended" in result.out.splitlines()[1]


def test_a_daemon_of_another_user_is_believed(bench: Bench) -> None:
    """Not being allowed to signal the process means that it is there."""
    _written(bench, pid=1)

    assert bench.run("status").code == 0


def test_a_gate_that_does_not_listen_is_a_failure(bench: Bench) -> None:
    """Nobody is asked then."""
    _written(bench, gate_port=0)

    result = bench.run("status")

    assert (result.code, result.out.splitlines()[1]) == (2, "! the gate does not listen")


def test_it_works_without_the_store(bench: Bench) -> None:
    """The store may be gone: status.json is enough."""
    _written(bench)
    bench.store.unlink()

    assert bench.run("status").code == 0


def test_programs_get_everything(bench: Bench) -> None:
    """JSON holds the file and what is made of it; CSV the same on one line."""
    _written(bench, blind="gone")

    row = json.loads(bench.run("status", "--json").out)
    head, line = bench.run("status", "--csv").out.splitlines()

    assert row["health"] == "warn"
    assert row["findings"] == ["blind: gone; registrations are stale, calls are not seen"]
    assert {key: row[key] for key in GOOD if key != "blind"} == {
        key: value for key, value in GOOD.items() if key != "blind"
    }
    assert head.split(",")[:3] == ["health", "headline", "findings"]
    assert line.startswith("warn,")


def test_a_status_that_may_not_be_read_is_told_as_such(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody outside the group learns that, and not that nothing guards: exit code 77."""
    _written(bench)
    path = bench.folder / "run" / "status.json"
    if os.geteuid() == 0:  # whom no mode keeps out

        def refuse(file: Path, mode: str) -> object:
            if file == path:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return really_open(file, mode)

        really_open = Path.open
        monkeypatch.setattr(Path, "open", refuse)
    path.chmod(0)
    result = bench.run("status")

    assert (result.code, result.out) == (77, "")
    assert result.err == (
        f"tollguard: {path} cannot be read: Permission denied; join the group tollguard\n"
    )


def test_a_status_that_cannot_be_read_otherwise_says_why(bench: Bench) -> None:
    """A disk's or path's fault is a failure with the system's reason."""
    (bench.folder / "run").rmdir()
    (bench.folder / "run").touch()

    result = bench.run("status")

    assert result.code == 2
    assert result.out.splitlines()[1] == "! its status cannot be read: Not a directory"


def test_the_pause_after_a_refusal_is_told_truly() -> None:
    """The sentence names the pause that the daemon makes."""
    assert Patience().refused_s == AGAIN_S


def test_the_first_line_is_true_without_a_policy(bench: Bench) -> None:
    """Where none can be believed, it is not the operator's policy that refuses."""
    _written(bench, policy_source="fallback", policy_fault="lost")
    head = bench.run("status").out.replace("\n  ", " ").splitlines()[0]

    assert head.startswith("enforcing without a policy: nothing abroad nor otherwise chargeable")


def test_the_first_line_is_true_for_an_observing_site_without_its_daemon(bench: Bench) -> None:
    """The fail mode of such a site denies nothing that costs."""
    _written(bench, at="2026-01-01T00:00:00.000Z")
    (bench.folder / "state" / "observe").touch()
    head = bench.run("status").out.splitlines()[0]

    assert head.startswith("NOT GUARDING: ")
    assert head.endswith("this site observes, so both let pass all but malformed numbers")


def test_a_snapshot_at_fault_is_told_beside_a_good_store(bench: Bench) -> None:
    """It is a warning: the fallback could not judge by it."""
    _written(bench, snapshot_fault="snapshot.json cannot be read: Is a directory")
    result = bench.run("status")

    assert result.code == 1
    assert "! snapshot: snapshot.json cannot be read: Is a directory" in result.out
