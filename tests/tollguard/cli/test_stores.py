"""`store`: making the store, and accepting one that is older than the snapshot."""

from policies.kept import of_store
from policies.policy import Policy
from tests.tollguard.cli.conftest import Bench
from tollguard.snapshot_file import write_snapshot


def test_the_store_is_made_and_then_up_to_date(bench: Bench) -> None:
    """The first run says how much it did, the second that there was nothing to do."""
    bench.store.unlink()

    first, second = bench.run("store", "migrate"), bench.run("store", "migrate")

    assert (first.code, first.out) == (
        0,
        f"the store {bench.store} was brought up to date by 3 migrations\n",
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
        "the daemon is not running on pbx1: it takes effect when the daemon starts",
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
