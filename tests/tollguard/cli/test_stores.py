"""`store`: making the store, and accepting one that is older than the snapshot."""

import json

from policies.kept import dump, of_store
from policies.policy import Policy
from tests.tollguard.cli.conftest import Bench
from tollguard.snapshot_file import look_at_snapshot, write_snapshot
from tollguard.store.schema import known_migrations


def test_the_store_is_made_and_then_up_to_date(bench: Bench) -> None:
    """The first run says how much it did, the second that there was nothing to do."""
    bench.store.unlink()

    first, second = bench.run("store", "migrate"), bench.run("store", "migrate")

    assert (first.code, first.out) == (
        0,
        f"the store {bench.store} was brought up to date by {len(known_migrations())} migrations\n",
    )
    assert (second.code, second.out) == (0, f"the store {bench.store} is up to date\n")


def test_a_store_that_cannot_be_made_is_told(bench: Bench) -> None:
    """One sentence, exit code 74."""
    bench.store.unlink()
    bench.store.parent.rmdir()

    result = bench.run("store", "migrate")

    assert (result.code, result.err) == (
        74,
        f"tollguard: the store {bench.store} cannot be made: No such file or directory; make"
        f" {bench.store.parent} a folder of the daemon's user, or run this as that user or root\n",
    )


def test_an_older_store_is_accepted(bench: Bench) -> None:
    """Its policy becomes newer than the snapshot's, with who and why; again there is nothing."""
    write_snapshot(bench.store.parent / "snapshot.json", of_store(Policy(revision=5)))

    first = bench.run("store", "accept", "--reason", "restored")
    second = bench.run("store", "accept", "--reason", "restored")
    (row,) = bench.with_store(lambda store: store.audit())

    assert (first.code, first.err) == (0, "")
    assert first.out.splitlines() == [
        "accepted: the store's policy is revision 6, above 5 of this node",
        "the daemon is not running on pbx1: the fallback judges by it from now on, and the daemon"
        " when it starts",
    ]
    assert second.out == (
        "nothing to accept: the store's policy is revision 6, this node's was 6\n"
    )
    assert (row.action, row.revision) == ("store-accept", 6)


def test_without_a_snapshot_an_unused_store_is_accepted(bench: Bench) -> None:
    """A snapshot that cannot be read is told, and the store counts as used from then on."""
    (bench.store.parent / "snapshot.json").write_text("{")

    result = bench.run("store", "accept", "--reason", "new disk")

    assert result.code == 0
    assert "snapshot.json cannot be read" in result.err
    assert "revision 1, above 0 of this node" in result.out


def test_a_snapshot_that_cannot_be_read_is_moved_aside(bench: Bench) -> None:
    """It would keep the daemon from the store that was accepted; what it holds is kept."""
    path = bench.store.parent / "snapshot.json"
    path.write_text("{")
    result = bench.run("store", "accept", "--reason", "new disk")

    assert f"the snapshot that cannot be read is now {path}.unreadable" in result.err
    assert path.with_name("snapshot.json.unreadable").read_text() == "{"
    assert look_at_snapshot(path).fault == ""


def test_a_store_that_nothing_speaks_against_is_not_accepted(bench: Bench) -> None:
    """There is nothing to accept, and nothing is written."""
    bench.run("mode", "enforce")
    result = bench.run("store", "accept", "--reason", "why not")
    audit = bench.with_store(lambda store: store.audit())

    assert result.out == (
        "nothing to accept: the store's policy is revision 1, this node's was 1\n"
    )
    assert [row.action for row in audit] == ["mode"]


def test_a_wild_revision_does_not_overflow(bench: Bench) -> None:
    """A snapshot that no store can have made is one that cannot be read."""
    path = bench.store.parent / "snapshot.json"
    wild = dump(of_store(Policy(revision=5))).replace(b":5", b":%d" % (2**63 - 1))
    path.write_bytes(wild)
    result = bench.run("store", "accept", "--reason", "new disk")

    assert result.code == 0
    assert "accepted: the store's policy is revision 1, above 0" in result.out


def test_programs_get_what_a_migration_did(bench: Bench) -> None:
    """The store and how many steps it took; none the second time."""
    bench.store.unlink()
    first, second = (json.loads(bench.run("store", "migrate", "--json").out) for _ in range(2))

    assert first["store"] == str(bench.store)
    assert first["applied"] > 0
    assert second == {"store": str(bench.store), "applied": 0}
