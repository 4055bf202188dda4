"""Which policy a command takes: the one that judges, and not the one that is written down."""

import sqlite3

import pytest

from policies.kept import of_store
from policies.policy import Mode, Policy
from tests.tollguard.cli.conftest import Bench
from tollguard.cli.judging import policy_in_force
from tollguard.cli.shell import Shell
from tollguard.snapshot_file import write_snapshot


def taken(bench: Bench) -> tuple[int, Mode, str]:
    """Name the policy that would judge."""
    policy, source = policy_in_force(Shell(config_file=str(bench.config)))
    return policy.revision, policy.mode, source


def test_the_store_s_is_taken_where_nothing_speaks_against_it(bench: Bench) -> None:
    """As the daemon does at its start."""
    bench.run("mode", "enforce")

    assert taken(bench) == (1, Mode.ENFORCE, "store")


def test_an_older_store_s_is_not(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """The snapshot's is, and it is told."""
    kept = of_store(Policy(revision=9, mode=Mode.ENFORCE))
    write_snapshot(bench.store.parent / "snapshot.json", kept)

    assert taken(bench) == (9, Mode.ENFORCE, "snapshot")
    assert "older than the snapshot's 9; judged by the snapshot" in capsys.readouterr().err


def test_without_store_and_snapshot_it_is_fresh(bench: Bench) -> None:
    """Unless something of a policy is left."""
    bench.store.unlink()
    fresh = taken(bench)
    (bench.store.parent / "snapshot.json").write_text("{")

    assert (fresh[2], taken(bench)[2]) == ("default", "fallback")


def test_a_locked_store_is_not_waited_for_ever(bench: Bench) -> None:
    """The snapshot's policy is taken meanwhile."""
    bench.run("mode", "enforce")
    db = sqlite3.connect(bench.store, isolation_level=None)
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("PRAGMA journal_mode=DELETE")
    db.execute("BEGIN EXCLUSIVE")
    found = taken(bench)
    db.close()

    assert found == (1, Mode.ENFORCE, "snapshot")
