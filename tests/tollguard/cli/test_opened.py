"""A change of the policy is told to be in force when a daemon judges by it."""

import json
import re
from dataclasses import replace

import pytest

from tests.tollguard.cli.conftest import Bench
from tests.tollguard.store.samples import DEVICE, NODE
from tollguard.cli.opened import alive


def test_a_running_daemon_takes_it_over(bench: Bench) -> None:
    """The sentence names the node and how long it took."""
    with bench.daemon():
        result = bench.run("mode", "enforce")

    assert (result.code, result.err) == (0, "")
    first, second = result.out.splitlines()
    assert first == "enforce: calls that the policy refuses are stopped (revision 1)"
    assert re.fullmatch(r"in force on pbx1 after [0-9]\.[0-9]{2} s", second)


def test_a_daemon_that_does_not_is_told(bench: Bench) -> None:
    """After two seconds the exit code is 75, and the change stands."""
    with bench.daemon(takes_over=False):
        result = bench.run("mode", "enforce")

    assert result.code == 75
    assert result.err == ("tollguard: not in force on pbx1 after 2 s; look at tollguard status\n")
    assert bench.run("mode").out.startswith("enforce:")


def test_without_a_daemon_it_waits_for_the_start(bench: Bench) -> None:
    """Neither a site that never had one nor one that stopped is an error."""
    sentence = (
        "the daemon is not running on pbx1: the fallback judges by it from now on, and the daemon"
        " when it starts\n"
    )

    first = bench.run("mode", "enforce")
    bench.with_store(lambda store: store.beat(NODE))
    second = bench.run("mode", "observe")

    assert (first.code, second.code) == (0, 0)
    assert first.out.endswith(sentence)
    assert second.out.endswith(sentence)


def test_a_heartbeat_counts_for_five_seconds() -> None:
    """Either way: a clock that jumped is no life sign."""
    row = replace(NODE, at="2026-11-24T06:00:00.000Z")

    assert [alive(row, 1_795_500_000.0 + off) for off in (-6, 0, 5, 6)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("registrations",),
        ("verdicts",),
        ("calls",),
        ("status",),
        ("mode", "enforce"),
        ("suspend", "international", "--for", "2h", "--reason", "x"),
    ],
)
def test_a_node_that_is_not_there_is_told(bench: Bench, words: tuple[str, ...]) -> None:
    """Exit code 66 with the names that there are, and nothing is changed."""
    result = bench.run("--node", "nowhere", *words)

    assert (result.code, result.out, result.err) == (
        66,
        "",
        "tollguard: there is no node 'nowhere'; known: pbx1\n",
    )
    assert bench.with_store(lambda store: store.revision()) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("suspend", "endpoint", "9999", "--for", "2h", "--reason", "x"),
        ("grant", "international", "--endpoint", "9999", "--countries", "MC"),
    ],
)
def test_an_endpoint_that_nobody_told_of_is_warned_of(bench: Bench, words: tuple[str, ...]) -> None:
    """The change stands, because the phone may be new; without any device nothing is known."""
    before = bench.run(*words)
    bench.with_store(lambda store: store.write_devices("pbx1", [DEVICE]))
    after = bench.run(*words)

    assert (before.code, before.err, after.code) == (0, "", 0)
    assert after.err == (
        "tollguard: 9999 is not an endpoint that Asterisk has told of; check the spelling\n"
    )
    known = [word.replace("9999", "6001") for word in words]
    assert bench.run(*known).err == ""


@pytest.mark.parametrize(
    "words",
    [
        ("grant", "international", "--endpoint", "6001", "--countries", "MC"),
        ("revoke", "international", "--endpoint", "6001"),
        ("grant", "originate", "--context", "fax", "--for", "1d", "--reason", "x"),
        ("revoke", "originate", "--context", "fax"),
        ("limits", "set", "--max-call", "2h"),
        ("mode", "enforce"),
        ("mode", "observe"),
        ("suspend", "country", "MC", "--for", "2h", "--reason", "x"),
        ("resume", "country", "MC"),
        ("store", "accept", "--reason", "x"),
    ],
)
def test_programs_get_what_a_change_did(bench: Bench, words: tuple[str, ...]) -> None:
    """One object on standard output, the sentences on standard error; CSV is one line."""
    before, global_form = bench.run(*words, "--json"), bench.run("--json", *words)
    csv = bench.run(*words, "--csv")

    made = json.loads(before.out)
    assert (before.code, set(made)) == (0, {"revision", "count", "kept_in", "store_fault"})
    assert (made["kept_in"], made["store_fault"]) == ("store", "")
    assert set(json.loads(global_form.out)) == set(made)
    assert before.err
    assert csv.out.splitlines()[0] == "revision,count,kept_in,store_fault"
