"""`calls`: what only the daemon can tell or do."""

import json
import re

import pytest

from tests.tollguard.cli.conftest import Bench
from tests.tollguard.cli.daemon import CALL


def test_live_calls_are_listed(bench: Bench) -> None:
    """The bare word and `list` ask the daemon and print the same."""
    with bench.daemon() as daemon:
        bare, listed = bench.run("calls"), bench.run("calls", "list")
        rows = json.loads(bench.run("calls", "--json").out)

    assert bare == listed
    assert bare.out.splitlines() == [
        "endpoint  dialled         to  state  since                trunk  uniqueid",
        "─────────────────────────────────────────────────────────────────────────",
        "6001      01037793123456  MC  up     2026-11-24 12:00:00  trunk  1.2",
    ]
    assert rows == [{**CALL, "stale": False}]
    assert daemon.asked == [("calls-list", {})] * 3


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (("1.2",), {"uniqueid": "1.2"}),
        (("--endpoint", "6001"), {"endpoint": "6001"}),
        (("--country", "mc"), {"country": "MC"}),
        (("--international",), {"all": "international"}),
    ],
)
def test_calls_are_hung_up(bench: Bench, words: tuple[str, ...], arguments: dict[str, str]) -> None:
    """One thing is named, and the daemon says how many it ended."""
    with bench.daemon() as daemon:
        result = bench.run("calls", "hangup", *words)

    assert (result.code, result.out) == (0, "1 call was hung up\n")
    assert daemon.asked == [("calls-hangup", arguments)]


def test_programs_get_the_calls_that_ended(bench: Bench) -> None:
    """JSON lists their uniqueids."""
    with bench.daemon():
        result = bench.run("calls", "hangup", "--international", "--json")

    assert json.loads(result.out) == [{"uniqueid": "1.2"}]


@pytest.mark.parametrize("words", [(), ("1.2", "--international")])
def test_one_thing_must_be_named(bench: Bench, words: tuple[str, ...]) -> None:
    """None or two are a wrong command line."""
    result = bench.run("calls", "hangup", *words)

    assert result.code == 64
    assert "name one thing" in result.err


def test_without_a_daemon_it_says_so(bench: Bench) -> None:
    """At once, in one sentence with exit code 75."""
    result = bench.run("calls")

    assert (result.code, result.out) == (75, "")
    assert result.err == "tollguard: the daemon of pbx1 is not running; see tollguard status\n"


def test_a_daemon_that_does_not_answer_is_told(bench: Bench) -> None:
    """It beats and says nothing: after three seconds one sentence, exit code 75."""
    with bench.daemon(answers=False):
        result = bench.run("calls")

    assert (result.code, result.out) == (75, "")
    assert result.err == (
        "tollguard: the daemon of pbx1 did not answer in 3 s; is it running? see tollguard status\n"
    )


def test_what_the_daemon_cannot_do_is_told(bench: Bench) -> None:
    """Its own sentence, exit code 69."""
    with bench.daemon(able=False):
        result = bench.run("calls", "hangup", "1.2")

    assert (result.code, result.err) == (69, "tollguard: AMI is down\n")


def test_the_question_names_who_asks(bench: Bench) -> None:
    """The request row has the login, like the audit."""
    with bench.daemon():
        bench.run("calls")
    row = bench.with_store(lambda store: store.request(1))

    assert row is not None
    assert re.match(r".+\([0-9]+\)", row.by)


def test_a_call_that_is_not_up_is_told(bench: Bench) -> None:
    """Exit code 66; an endpoint without calls is no error."""
    with bench.daemon(empty=True):
        one = bench.run("calls", "hangup", "9.9")
        all_of = bench.run("calls", "hangup", "--endpoint", "6001")

    assert (one.code, one.out, one.err) == (
        66,
        "",
        "tollguard: no call '9.9' is up; list them: tollguard calls\n",
    )
    assert (all_of.code, all_of.out) == (0, "0 calls were hung up\n")


BLIND = (
    "tollguard: calls cannot be seen: ami-refused: no\\x1b[2J, since 2026-11-24 12:00:00;"
    " see tollguard status\n"
)


def test_a_blind_daemon_is_not_believed(bench: Bench) -> None:
    """What it still knows is marked stale, and that it cannot see is exit code 69."""
    with bench.daemon(blind=True):
        known, rows = bench.run("calls"), bench.run("calls", "--json")
    with bench.daemon(blind=True, empty=True):
        nothing = bench.run("calls")

    assert [result.code for result in (known, rows, nothing)] == [69, 69, 69]
    assert known.out.splitlines()[2].split()[:5] == ["6001", CALL["dialled"], "MC", "up", "(stale)"]
    assert json.loads(rows.out) == [{**CALL, "stale": True}]
    assert nothing.out == ""
    assert known.err == rows.err == nothing.err == BLIND


def test_a_blind_daemon_hangs_up_what_it_knows(bench: Bench) -> None:
    """Both are told: what was hung up, and that there may be more."""
    with bench.daemon(blind=True):
        ended = bench.run("calls", "hangup", "--international")
    with bench.daemon(blind=True, empty=True):
        none = bench.run("calls", "hangup", "9.9")

    assert (ended.code, ended.out, ended.err) == (69, "1 call was hung up\n", BLIND)
    assert (none.code, none.out, none.err) == (69, "", BLIND)
