"""`suspend` and `resume` while the store or the daemon is away: nothing acknowledged is lost."""

import json
import time

import pytest

from policies.kept import Kept, of_store
from policies.policy import Mode, Policy, Suspension, SuspensionKind
from tests.tollguard.cli.conftest import Bench
from tests.tollguard.locked import locked
from tests.tollguard.node import ACTOR
from tests.tollguard.test_status_file import status
from tollguard.cli.offline import change_of
from tollguard.snapshot_file import look_at_snapshot, write_snapshot
from tollguard.store.times import to_text

SUSPEND = ("suspend", "endpoint", "6001", "--for", "2h", "--reason", "stolen")


def kept(bench: Bench) -> Kept:
    """Read the snapshot."""
    found = look_at_snapshot(bench.store.parent / "snapshot.json").kept
    assert found is not None
    return found


def test_with_the_daemon_down_the_snapshot_has_it_too(bench: Bench) -> None:
    """The fallback judges by it at once, at the store's own revision."""
    result = bench.run(*SUSPEND)

    assert result.code == 0
    assert result.out.endswith(
        "the daemon is not running on pbx1: the fallback judges by it from now on; running calls"
        " are cut when the daemon starts\n"
    )
    assert kept(bench) == of_store(kept(bench).policy)
    assert kept(bench).policy.revision == 1
    assert [one.target for one in kept(bench).policy.suspensions] == ["6001"]
    assert (bench.store.parent / "observe").exists()


def test_with_the_store_locked_the_snapshot_has_it_alone(bench: Bench) -> None:
    """It says so, with the reason, and keeps who, when and why for the store."""
    bench.run("mode", "enforce")
    with locked(bench.store):
        result = bench.run(*SUSPEND)
    (change,) = kept(bench).ahead

    assert result.code == 0
    assert result.out.startswith("suspended: endpoint 6001, until ")
    assert "(revision 2)\nthe store did not take it: the store " in result.out
    assert "is locked by another process for over 1 s\nit stands in " in result.out
    assert "not running on pbx1: the fallback judges by it from now on" in result.out
    assert (kept(bench).policy.mode, kept(bench).base) == (Mode.ENFORCE, 1)
    assert (change.suspension.reason, change.suspension.by) == ("stolen", change.login)
    assert abs(change.suspension.since_s - time.time()) < 60


@pytest.mark.parametrize("lock", [False, True])
def test_json_says_where_it_is_kept(bench: Bench, lock: bool) -> None:  # noqa: FBT001
    """One object on standard output; the sentences go to standard error."""
    bench.run("mode", "enforce")
    if lock:
        with locked(bench.store):
            result = bench.run("--json", *SUSPEND)
    else:
        result = bench.run("--json", *SUSPEND)
    told = json.loads(result.out)

    assert (told["revision"], told["count"]) == (2, 1)
    assert told["kept_in"] == ("snapshot" if lock else "store")
    assert ("locked" in told["store_fault"]) == lock
    assert "suspended: endpoint 6001" in result.err


def test_the_next_command_enters_it_into_the_store(bench: Bench) -> None:
    """Where no daemon runs: with its audit row, and the revision goes on above both."""
    bench.run("mode", "enforce")
    with locked(bench.store):
        bench.run(*SUSPEND)
    bench.run("suspend", "country", "MC", "--for", "2h", "--reason", "IRSF")
    audit = bench.with_store(lambda store: store.audit())

    assert [(row.action, row.subject) for row in audit] == [
        ("suspend", "endpoint 6001"),
        ("suspend", "country MC"),
        ("mode", "mode"),
    ]
    assert kept(bench) == of_store(kept(bench).policy)
    assert {one.target for one in kept(bench).policy.suspensions} == {"6001", "MC"}
    assert kept(bench).policy.revision == audit[0].revision == 3


def test_what_was_suspended_is_resumed_without_the_store_too(bench: Bench) -> None:
    """And what is not suspended is not resumed, and changes nothing."""
    bench.run(*SUSPEND)
    with locked(bench.store):
        first = bench.run("resume", "endpoint", "6001")
        again = bench.run("resume", "endpoint", "6001")

    assert first.out.startswith("resumed: endpoint 6001 (1 suspension ended, revision 2)\n")
    assert again.out == "not suspended: endpoint 6001\n"
    assert kept(bench).policy.suspensions == ()
    assert [change.ends for change in kept(bench).ahead] == [True]


def test_what_is_suspended_is_listed_without_the_store(bench: Bench) -> None:
    """From the snapshot, which says so; also where the store is there and lacks a change."""
    bench.run(*SUSPEND)
    with locked(bench.store):
        bench.run("suspend", "country", "MC", "--for", "2h", "--reason", "IRSF")
    behind = bench.run("suspend", "--json")
    bench.store.unlink()
    away = bench.run("suspend", "--json")
    (bench.store.parent / "snapshot.json").unlink()
    nothing = bench.run("suspend", "--json")

    assert (behind.code, away.code, nothing.code) == (0, 0, 74)
    for listed in (behind, away):
        assert [row["target"] for row in json.loads(listed.out)] == ["6001", "MC"]
    assert behind.err.startswith("tollguard: the store does not have all of it yet; this is what ")
    assert f"; this is what {bench.store.parent}/snapshot.json holds" in away.err


def test_without_a_snapshot_it_is_the_store_s_error(bench: Bench) -> None:
    """Nothing is made up: a policy that nobody knows could open what is closed."""
    with locked(bench.store):
        result = bench.run(*SUSPEND)

    assert (result.code, result.out) == (74, "")
    assert "is locked by another process" in result.err
    assert not (bench.store.parent / "snapshot.json").exists()


def test_a_snapshot_that_cannot_be_read_is_not_replaced(bench: Bench) -> None:
    """Both reasons are told, and that nothing was done."""
    (bench.store.parent / "snapshot.json").write_text("{")
    with locked(bench.store):
        result = bench.run(*SUSPEND)

    assert result.code == 74
    assert "the snapshot cannot be changed either, so nothing was: snapshot: not JSON" in result.err


def test_other_changes_need_the_store(bench: Bench) -> None:
    """Only what closes can be done without it."""
    bench.run("mode", "enforce")
    with locked(bench.store):
        result = bench.run("mode", "observe")

    assert result.code == 74
    assert kept(bench).policy.mode is Mode.ENFORCE


def test_a_store_that_does_not_fit_the_snapshot_is_not_kept(bench: Bench) -> None:
    """A restored store's policy does not replace a newer one, and it is told."""
    newer = of_store(Policy(revision=9, mode=Mode.ENFORCE))
    write_snapshot(bench.store.parent / "snapshot.json", newer)
    result = bench.run("mode", "observe")

    assert "revision 1, older than the snapshot's 9; see: tollguard store accept" in result.err
    assert kept(bench) == newer


def test_a_snapshot_that_cannot_be_written_is_told(bench: Bench) -> None:
    """The store has the change; the fallback judges by the policy before."""
    (bench.store.parent / "observe").mkdir()
    (bench.store.parent / "observe" / "x").touch()
    result = bench.run("mode", "enforce")

    assert result.code == 0
    assert "was not written, so the fallback judges by the policy before" in result.err


def test_a_change_has_a_mark_of_its_own() -> None:
    """Two of the same words are two changes, each by who asked."""
    made = Suspension(0, SuspensionKind.ENDPOINT, "6001", 1.0, None, "", "")
    first, second = (change_of(made, ACTOR, ends=False) for _ in range(2))

    assert first.mark != second.mark
    assert first.suspension.by == first.login == ACTOR.login


def test_a_running_daemon_that_does_not_take_it_is_told(bench: Bench) -> None:
    """It stands in the snapshot, and the exit code says that it is not in force."""
    bench.run("mode", "enforce")
    path = bench.folder / "run" / "status.json"
    path.parent.mkdir(exist_ok=True)
    live = {"at": to_text(time.time()), "pid": 1, "policy_revision": 5, "node": status().node}
    path.write_text(json.dumps(live))
    with locked(bench.store):
        result = bench.run(*SUSPEND)

    assert result.code != 0
    assert "not in force on pbx1 after 2 s" in result.err
    assert kept(bench).policy.revision == 6
