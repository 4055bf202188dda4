"""What `suspend` says of running calls: cut, not cut, or not known, each with its exit code."""

from tests.tollguard.cli.conftest import Bench

SUSPEND = ("suspend", "country", "MC", "--for", "2h", "--reason", "x")


def test_calls_that_were_cut_are_counted(bench: Bench) -> None:
    """After the change is in force the daemon is asked, for this suspension of this revision."""
    with bench.daemon() as daemon:
        cut = bench.run(*SUSPEND)
        kept = bench.run(*SUSPEND, "--keep-calls")
    with bench.daemon(empty=True):
        none = bench.run(*SUSPEND)

    assert (cut.code, kept.code, none.code) == (0, 0, 0)
    assert cut.out.splitlines()[-1] == "1 running call was cut on pbx1"
    assert kept.out.splitlines()[-1].startswith("in force on pbx1")
    assert none.out.splitlines()[-1].startswith("in force on pbx1")
    assert daemon.asked == [("calls-cut", {"revision": 1, "kind": "country", "target": "MC"})]


def test_a_call_that_was_not_cut_is_told(bench: Bench) -> None:
    """With the reason and exit code 69: in force, but a call is still running."""
    with bench.daemon(cuts=False):
        result = bench.run(*SUSPEND)

    assert result.code == 69
    assert "in force on pbx1" in result.out
    assert result.err == (
        "tollguard: 1 running call was NOT cut on pbx1: ami-refused: Authentication failed;"
        " see the journal\n"
    )


def test_a_blind_daemon_s_cut_is_told_as_such(bench: Bench) -> None:
    """It may have missed calls that it cannot see."""
    with bench.daemon(blind=True):
        result = bench.run(*SUSPEND)

    assert result.code == 69
    assert result.out.splitlines()[-1] == "1 running call was cut on pbx1"
    assert result.err.startswith("tollguard: calls cannot be seen: ami-refused: no")


def test_a_daemon_that_does_not_say_leaves_it_open(bench: Bench) -> None:
    """Exit code 75: in force, but whether calls were cut is not known."""
    with bench.daemon(answers=False):
        result = bench.run(*SUSPEND)

    assert result.code == 75
    assert result.err == (
        "tollguard: pbx1 did not say in 2 s whether running calls were cut; see tollguard calls\n"
    )


def test_a_daemon_that_cannot_say_is_told(bench: Bench) -> None:
    """Its own sentence, such as of an older version."""
    with bench.daemon(able=False):
        result = bench.run(*SUSPEND)

    assert (result.code, result.err) == (69, "tollguard: AMI is down\n")
