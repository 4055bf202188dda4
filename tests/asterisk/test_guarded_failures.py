"""Shows what remains after the daemon was stalled, killed, or only watched."""

from collections.abc import Iterator

import pytest

from tests.asterisk.guarded import Guarded
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("guarded-failures")]

MONACO = "01037793123456"


@pytest.fixture
def guarded(installed: None) -> Iterator[Guarded]:
    """Start a product of its own for each test, with a right to call Monaco."""
    with Guarded() as running:
        running.daemon.enforce("6001")
        assert running.phone.register() == 200
        yield running


def test_a_stalled_daemon_that_goes_on_judges_again(guarded: Guarded) -> None:
    """SIGCONT brings the gate back, and the calls of the meantime left nothing behind."""
    guarded.asterisk.mark_descriptors()
    guarded.daemon.freeze()
    assert guarded.phone.dial(MONACO) == 403
    guarded.daemon.thaw()

    assert guarded.phone.dial(MONACO) == 200
    guarded.asterisk.assert_clean()


def test_a_restarted_daemon_judges_by_the_same_policy(guarded: Guarded) -> None:
    """After kill -9 and a new start the grant still stands, and nothing else was opened."""
    guarded.daemon.kill()
    guarded.daemon.start()

    assert guarded.phone.dial(MONACO) == 200
    assert guarded.phone.dial("01044123456789") == 403


def test_the_row_of_an_allowed_call_survives_kill_9(guarded: Guarded) -> None:
    """The ledger has the international call's row as soon as the trunk has its INVITE."""
    with guarded.phone.call(MONACO, hold_s=0.5) as run:
        until(lambda: guarded.trunk.calls, 10, "the INVITE is at the trunk")
        guarded.daemon.kill()
        rows = guarded.daemon.report("ledger", "show")["entries"]
        run.wait()

    assert [(row["number"], row["endpoint"]) for row in rows] == [(MONACO, "6001")]


def test_explain_needs_no_daemon(guarded: Guarded) -> None:
    """A number is explained by the store's policy while the daemon is down."""
    guarded.daemon.kill()
    told = guarded.daemon.report("explain", MONACO, "--endpoint", "6002")

    assert (told["verdict"], told["reason"]) == ("DENY", "international-not-permitted")
    assert (told["class"], told["e164"], told["country"]) == (
        "international", "+37793123456", "MC",
    )  # fmt: skip
    assert told["steps"]


def test_observe_refuses_nothing_and_changes_nothing(guarded: Guarded) -> None:
    """A fresh install's mode lets an ungranted country through, as dialled."""
    guarded.daemon.run("mode", "observe")

    assert guarded.phone.dial("01044123456789") == 200
    assert guarded.trunk.numbers() == [b"01044123456789"]
