"""`suspend` and `resume`: closing and opening again, with the audit of both."""

import json
import re

import pytest

from tests.tollguard.cli.conftest import Bench


def _masked(text: str) -> str:
    return re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", text)


HERE = "the daemon is not running on pbx1: the fallback judges by it from now on"
CUTS = f"{HERE}; running calls are cut when the daemon starts\n"
NOT_RUNNING = f"{HERE}, and the daemon when it starts\n"


@pytest.mark.parametrize(
    ("words", "what", "subject"),
    [
        (("international",), "international calls", "international *"),
        (("country", "mc"), "country MC", "country MC"),
        (("endpoint", "6001"), "endpoint 6001", "endpoint 6001"),
    ],
)
def test_each_noun_is_suspended_and_resumed_with_its_audit(
    bench: Bench, words: tuple[str, ...], what: str, subject: str
) -> None:
    """Both commands say what they did, and two audit rows say who, what and why."""
    closed = bench.run("suspend", *words, "--for", "2h", "--reason", "bill alarm")
    opened = bench.run("resume", *words)
    again = bench.run("resume", *words)
    audit = bench.with_store(lambda store: store.audit())

    assert (closed.code, opened.code, again.code) == (0, 0, 0)
    assert _masked(closed.out) == (f"suspended: {what}, until TIME JST (revision 1)\n{CUTS}")
    assert opened.out == f"resumed: {what} (1 suspension ended, revision 2)\n{NOT_RUNNING}"
    assert again.out == f"not suspended: {what}\n"
    assert [(row.action, row.subject) for row in audit] == [
        ("resume", subject),
        ("suspend", subject),
    ]
    assert json.loads(audit[1].detail)["reason"] == "bill alarm"


def test_what_is_suspended_is_listed_by_the_bare_word(bench: Bench) -> None:
    """`suspend` and `resume` alone list the same."""
    assert bench.run("suspend").out == "nothing is suspended\n"
    bench.run(
        *("suspend", "country", "MC", "--until", "2999-01-01", "--reason", "IRSF", "--keep-calls")
    )

    (row,) = json.loads(bench.run("suspend", "--json").out)

    assert {key: row[key] for key in ("id", "kind", "target", "until_at", "reason")} == {
        "id": 1,
        "kind": "country",
        "target": "MC",
        "until_at": "2998-12-31T15:00:00.000Z",
        "reason": "IRSF",
    }
    assert row["keep_calls"] is True
    table = bench.run("resume").out.splitlines()
    assert table[0].split() == ["suspended", "until", "reason", "by"]
    assert table[2].startswith("country MC  2999-01-01 00:00:00 JST  IRSF ")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("country", "XX", "--for", "2h"), 65, "'XX' is no country"),
        (("endpoint", "a b", "--for", "2h"), 65, "'a b' is no endpoint's name"),
        (("country", "MC", "--for", "2x"), 65, "'2x' is no duration"),
        (("country", "MC", "--until", "2020-01-01"), 65, "is in the past"),
        (("country", "MC", "--for", "2h", "--until", "23:59"), 64, "not both"),
    ],
)
def test_bad_input_changes_nothing(
    bench: Bench, words: tuple[str, ...], code: int, message: str
) -> None:
    """One sentence, exit code 64 or 65, and the revision stays."""
    result = bench.run("suspend", *words, "--reason", "x")

    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert bench.with_store(lambda store: store.revision()) == 0


def test_a_reason_is_required(bench: Bench) -> None:
    """Without one the command line is wrong."""
    result = bench.run("suspend", "international", "--for", "2h")

    assert (result.code, result.out) == (64, "")
    assert result.err.endswith("Error: Missing option '--reason'.\n")


def test_an_end_is_required(bench: Bench) -> None:
    """Like a reason, it is part of the command line."""
    result = bench.run("suspend", "country", "MC", "--reason", "x")

    assert (result.code, result.out) == (64, "")
    assert result.err.endswith("Error: say when it ends: --for 2h, or --until TIME\n")


def test_closing_home_is_warned_of(bench: Bench) -> None:
    """Every domestic call stops, and the operator is told so; emergency calls pass."""
    home = bench.run("suspend", "country", "JP", "--for", "2h", "--reason", "x")
    abroad = bench.run("suspend", "country", "MC", "--for", "2h", "--reason", "x")

    assert (home.code, abroad.code, abroad.err) == (0, 0, "")
    assert home.err == (
        "tollguard: JP is this site's own country: every domestic call is closed,"
        " only emergency calls pass\n"
    )


def test_two_suspensions_end_together(bench: Bench) -> None:
    """The plural is used where it belongs."""
    for _count in range(2):
        bench.run("suspend", "international", "--for", "2h", "--reason", "x")

    assert bench.run("resume", "international").out.startswith(
        "resumed: international calls (2 suspensions ended, revision 3)\n"
    )


def test_a_long_endpoint_is_listed_whole(bench: Bench) -> None:
    """It is broken into lines and never cut, however wide the other columns are."""
    endpoint = "e" * 78 + "z"
    bench.run("suspend", "endpoint", endpoint, "--for", "2h", "--reason", "stolen password")

    listed = bench.run("suspend").out

    assert max(map(len, listed.splitlines())) <= 100
    assert "".join(re.findall(r"\b[ez]+\b", listed)) == endpoint
