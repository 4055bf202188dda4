"""`store`: making the store."""

from tests.tollguard.cli.conftest import Bench


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
