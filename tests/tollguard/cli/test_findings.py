"""`findings`: calls around the gate with the way they came, beside the guessing."""

import json
from dataclasses import replace

import pytest

from policies.detection.finding import LegDone, LegEvidence
from tests.tollguard.cli.conftest import Bench
from tests.tollguard.store.samples import FINDING

LEG = LegEvidence(
    uniqueid="2.1",
    linkedid="1.1",
    number="01037793123456",
    trunk="trunk",
    context="fax",
    application="Dial",
    way="originate",
    manager="robot",
    reason="no-token",
    done=LegDone.HUNG_UP,
)
AROUND = replace(
    FINDING,
    kind="unaccounted-leg",
    subject="trunk",
    severity="critical",
    count=2,
    accounts=(),
    sources=(),
    last_at="2026-11-24T03:02:00.000Z",
    legs=(LEG, replace(LEG, number="\x1b[31m0", done=LegDone.RECORDED, application="", manager="")),
)


@pytest.fixture(autouse=True)
def _rows(bench: Bench) -> None:
    bench.with_store(lambda store: store.write_findings([FINDING, AROUND]))


@pytest.mark.parametrize("words", [("findings",), ("findings", "list")])
def test_the_table_shows_the_latest_first(bench: Bench, words: tuple[str, ...]) -> None:
    """What, toward what, how often, and the numbers, accounts or sources with it."""
    lines = [" ".join(line.split()) for line in bench.run(*words).out.splitlines()]

    assert [lines[0], *lines[2:]] == [
        "id what whom times first last with",
        "2 around the gate to trunk 2 2026-11-24 12:00 2026-11-24 12:02 01037793123456 \\x1b[…",
        "1 guessing from 192.0.2.66 12 2026-11-24 12:00 2026-11-24 12:01 100 101",
    ]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ((), [2, 1]),
        (("--kind", "unaccounted-leg"), [2]),
        (("--kind", "undeclared-leg"), []),
        (("--since", "2026-11-24T03:01:30+00:00"), [2]),
    ],
)
def test_filters_choose_rows(bench: Bench, options: tuple[str, ...], ids: list[int]) -> None:
    """By kind and by time."""
    rows = json.loads(bench.run("findings", "list", "--json", *options).out)

    assert [row["id"] for row in rows] == ids


def test_one_is_shown_with_each_leg_and_the_way_it_came(bench: Bench) -> None:
    """The number is printed harmlessly, and it says what was done and why."""
    out = bench.run("findings", "show", "2").out

    assert out.startswith("what      around the gate to trunk\nseverity  critical\nlegs      2\n")
    assert "01037793123456  hung up        Dial fax robot" in out
    assert "\\x1b[31m0" in out
    assert "recorded only" in out
    assert "no token" in out


def test_one_is_shown_to_programs(bench: Bench) -> None:
    """JSON holds each leg as an object; guessing has none; CSV is one line."""
    row = json.loads(bench.run("findings", "show", "2", "--json").out)
    guessing = json.loads(bench.run("findings", "show", "1", "--json").out)

    assert row["legs"][0] == {
        "uniqueid": "2.1",
        "linkedid": "1.1",
        "number": "01037793123456",
        "trunk": "trunk",
        "context": "fax",
        "application": "Dial",
        "way": "originate",
        "manager": "robot",
        "reason": "no-token",
        "done": "hung-up",
    }
    assert "legs" not in guessing
    assert bench.run("findings", "list", "--csv").out.splitlines()[1].startswith("2,pbx1,unacc")


def test_attacks_are_about_guessing_alone(bench: Bench) -> None:
    """A call around the gate is listed by findings and shown by nothing else."""
    rows = json.loads(bench.run("attacks", "--json").out)
    result = bench.run("attacks", "show", "2")

    assert [row["id"] for row in rows] == [1]
    assert result.code == 66


def test_one_that_is_not_there_is_told(bench: Bench) -> None:
    """Exit code 66, and how to list them."""
    result = bench.run("findings", "show", "9")

    assert (result.code, result.err) == (
        66,
        "tollguard: there is no finding 9; list them: tollguard findings\n",
    )


def test_a_filter_that_matches_nothing_says_so(bench: Bench) -> None:
    """There are findings, only none of these."""
    out = bench.run("findings", "list", "--kind", "undeclared-leg").out

    assert out == "nothing matches the filter\n"
