# ruff: noqa: E501 - whole tables stand here as they are printed
"""`attacks`: who guesses, at whom, with the evidence."""

import json
from dataclasses import replace

import pytest

from tests.tollguard.cli.conftest import Bench
from tests.tollguard.store.samples import FINDING

AT_ACCOUNT = replace(
    FINDING,
    kind="guessing-account",
    subject="6001",
    accounts=("6001",),
    sources=("192.0.2.66", "192.0.2.67"),
    last_at="2026-11-24T03:02:00.000Z",
)
LATER = replace(FINDING, kind="later-invented", subject="x", last_at="2026-11-24T02:00:00.000Z")


@pytest.fixture(autouse=True)
def _rows(bench: Bench) -> None:
    bench.with_store(lambda store: store.write_findings([FINDING, AT_ACCOUNT, LATER]))


def test_the_table_shows_the_latest_first(bench: Bench) -> None:
    """What, whom, how often, when, and the accounts or sources with it."""
    assert bench.run("attacks").out.splitlines() == [
        "id  what            whom        tries  first             last              accounts or sources",
        "────────────────────────────────────────────────────────────────────────────────────────────────",
        " 2  guessing at     6001           12  2026-11-24 12:00  2026-11-24 12:02  192.0.2.66 192.0.2.67",
        " 1  guessing from   192.0.2.66     12  2026-11-24 12:00  2026-11-24 12:01  100 101",
        " 3  later-invented  x              12  2026-11-24 12:00  2026-11-24 11:00  192.0.2.66",
    ]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ((), [2, 1, 3]),
        (("--source", "192.0.2.67"), [2]),
        (("--source", "::ffff:192.0.2.66"), [2, 1, 3]),
        (("--account", "101"), [1, 3]),
        (("--account", "6001"), [2]),
        (("--since", "2026-11-24T03:01:30+00:00"), [2]),
        (("--since", "1s"), []),
    ],
)
def test_filters_choose_rows(bench: Bench, options: tuple[str, ...], ids: list[int]) -> None:
    """By source in any spelling, by account, by time."""
    out = bench.run("attacks", "--json", *options).out

    assert [row["id"] for row in json.loads(out)] == ids


def test_an_address_that_is_none_is_refused(bench: Bench) -> None:
    """The exit code is that of bad input."""
    result = bench.run("attacks", "--source", "192.0.2")

    assert (result.code, result.err) == (
        65,
        "tollguard: '192.0.2' is no IPv4 or IPv6 address\n",
    )


def test_one_is_shown_with_all_its_evidence(bench: Bench) -> None:
    """Every account and source that was kept."""
    assert bench.run("attacks", "show", "2").out == (
        "what      guessing at 6001\n"
        "severity  warning\n"
        "tries     12\n"
        "first     2026-11-24 12:00:00\n"
        "last      2026-11-24 12:02:00\n"
        "accounts  6001\n"
        "sources   192.0.2.66 192.0.2.67\n"
        "node      pbx1\n"
    )


def test_one_is_shown_to_programs(bench: Bench) -> None:
    """JSON is one object, CSV one line."""
    row = json.loads(bench.run("attacks", "show", "2", "--json").out)

    assert row == {
        "id": 2,
        "node": "pbx1",
        "kind": "guessing-account",
        "subject": "6001",
        "severity": "warning",
        "count": 12,
        "first_at": "2026-11-24T03:00:00.000Z",
        "last_at": "2026-11-24T03:02:00.000Z",
        "accounts": ["6001"],
        "sources": ["192.0.2.66", "192.0.2.67"],
    }
    assert bench.run("attacks", "show", "2", "--csv").out.splitlines()[1].startswith("2,pbx1,")


def test_one_that_is_not_there_is_told(bench: Bench) -> None:
    """Exit code 66, and how to list them."""
    result = bench.run("attacks", "show", "9")

    assert (result.code, result.err) == (
        66,
        "tollguard: there is no attack 9; list them: tollguard attacks\n",
    )


@pytest.mark.parametrize(
    "options", [("--source", "192.0.2.1"), ("--account", "nobody"), ("--since", "1s")]
)
def test_a_filter_that_matches_nothing_says_so(bench: Bench, options: tuple[str, ...]) -> None:
    """There are attacks, only none of these."""
    assert bench.run("attacks", *options).out == "nothing matches the filter\n"
