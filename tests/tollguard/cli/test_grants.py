"""`grant` and `revoke`: who may call abroad."""

import json

import pytest

from tests.tollguard.cli.conftest import Bench

NOT_RUNNING = (
    "the daemon is not running on pbx1: the fallback judges by it from now on, and the daemon when"
    " it starts\n"
)


def test_a_right_is_granted_listed_and_revoked(bench: Bench) -> None:
    """Each step says what it did; the audit has both."""
    options = ("international", "--endpoint", "6001")
    granted = bench.run("grant", *options, "--countries", "mc,FR")
    listed = bench.run("grant").out
    partly = bench.run("revoke", *options, "--countries", "FR")
    wholly = bench.run("revoke", *options)
    again = bench.run("revoke", *options)
    audit = bench.with_store(lambda store: store.audit())

    assert granted.out == (
        f"granted: 6001 may call FR MC until revoked (revision 1)\n{NOT_RUNNING}"
    )
    assert listed.splitlines() == [
        "endpoint  may call  until",
        "─────────────────────────────────",
        "6001      FR MC     until revoked",
    ]
    assert partly.out == f"revoked: 6001 may not call FR (1 right, revision 2)\n{NOT_RUNNING}"
    assert wholly.out == (
        f"revoked: 6001 may not call any country (1 right, revision 3)\n{NOT_RUNNING}"
    )
    assert again.out == "6001 has no such right\n"
    assert [row.action for row in audit] == ["revoke", "revoke", "grant"]
    assert bench.run("revoke").out == "no endpoint may call abroad\n"


def test_a_right_to_every_country_with_an_end(bench: Bench) -> None:
    """``all`` and ``--until`` are shown to programs as they are."""
    bench.run(
        "grant",
        "international",
        *("--endpoint", "6001", "--countries", "all", "--until", "2999-01-01"),
    )

    assert json.loads(bench.run("grant", "--json").out) == [
        {
            "id": 1,
            "endpoint": "6001",
            "context": None,
            "countries": ["all"],
            "until_at": "2998-12-31T15:00:00.000Z",
        }
    ]
    assert "every country  2999-01-01 00:00:00 JST" in bench.run("grant").out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--endpoint", "6001", "--countries", "MC,XX"), "'XX' is no country"),
        (("--endpoint", "a b", "--countries", "MC"), "is no endpoint's name"),
        (("--endpoint", "6001", "--countries", "MC", "--for", "0s"), "out of bounds"),
    ],
)
def test_bad_input_changes_nothing(bench: Bench, options: tuple[str, ...], message: str) -> None:
    """One sentence and exit code 65."""
    result = bench.run("grant", "international", *options)

    assert (result.code, result.out) == (65, "")
    assert message in result.err
    assert bench.with_store(lambda store: store.revision()) == 0


def test_one_country_out_of_all_is_refused(bench: Bench) -> None:
    """The sentence says what to do instead."""
    bench.run("grant", "international", "--endpoint", "6001", "--countries", "all")

    result = bench.run("revoke", "international", "--endpoint", "6001", "--countries", "MC")

    assert (result.code, result.err) == (
        65,
        "tollguard: the right is for every country; revoke it whole, then grant the countries"
        " that stay\n",
    )


def test_calls_at_home_need_no_right(bench: Bench) -> None:
    """A grant for the home country would change nothing."""
    options = ("international", "--endpoint", "6001", "--countries", "MC,JP")

    result = bench.run("grant", *options)

    assert (result.code, result.out, result.err) == (
        65,
        "",
        "tollguard: JP is this site's own country: calls at home need no right; leave it out\n",
    )
    assert bench.run("revoke", *options).code == 0


FAX = ("originate", "--context", "fax-out")


def test_originated_calls_get_a_right_with_an_end_and_lose_it(bench: Bench) -> None:
    """It is listed beside the endpoints' rights; revoking it twice says that there is none."""
    options = ("--countries", "MC", "--until", "2999-01-01", "--reason", "fax server")
    granted = bench.run("grant", *FAX, *options)
    listed = bench.run("grant").out
    row = json.loads(bench.run("grant", "--json").out)[0]
    revoked = bench.run("revoke", *FAX)
    again = bench.run("revoke", *FAX)

    assert granted.out == (
        "granted: calls originated in fax-out may call MC until 2999-01-01 00:00:00 JST"
        f" (revision 1)\n{NOT_RUNNING}"
    )
    assert "originated in fax-out  MC" in listed
    assert (row["endpoint"], row["context"]) == (None, "fax-out")
    assert revoked.out.startswith("revoked: calls originated in fax-out may not call abroad")
    assert again.out == "calls originated in fax-out have no such right\n"


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--context", "fax", "--reason", "x"), 64, "such a right must end"),
        (("--context", "a b", "--reason", "x", "--for", "1h"), 65, "is no context"),
        (("--context", "fax", "--reason", "", "--for", "1h"), 65, "the reason must be"),
    ],
)
def test_a_right_of_originated_calls_needs_an_end_and_a_reason(
    bench: Bench, options: tuple[str, ...], code: int, message: str
) -> None:
    """One sentence and exit code 64 or 65; nothing is changed."""
    result = bench.run("grant", "originate", *options)

    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert bench.with_store(lambda store: store.revision()) == 0


def test_the_list_shows_a_context_whole_where_there_is_room(bench: Bench) -> None:
    """A name of forty characters is not cut in a table of a hundred columns."""
    context = "fax-out-of-the-second-floor-in-osaka-bld"
    bench.run("grant", "originate", "--context", context, "--for", "1d", "--reason", "x")

    assert f"originated in {context}  every country" in bench.run("grant").out
