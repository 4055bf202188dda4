"""`limits`: how long a call may last and how many chargeable ones may be up."""

import json
import re

import pytest

from tests.tollguard.cli.conftest import Bench

NOT_RUNNING = (
    "the daemon is not running on pbx1: the fallback judges by it from now on, and the daemon when"
    " it starts\n"
)


def test_the_bare_word_shows_the_limits(bench: Bench) -> None:
    """A fresh site has the defaults, with the bounds of each."""
    assert bench.run("limits").out.splitlines() == [
        "limit                                     now  least   most",
        "───────────────────────────────────────────────────────────",
        "length of a call                           4h     1s     1d",
        "chargeable calls of one endpoint at once    2      0  10000",
        "chargeable calls of the site at once       10      0  10000",
    ]


def test_programs_get_seconds_and_counts(bench: Bench) -> None:
    """One row, with the revision that it was read at."""
    assert json.loads(bench.run("limits", "--json").out) == [
        {
            "max_call_s": 14_400,
            "chargeable_per_endpoint": 2,
            "chargeable_per_site": 10,
            "policy_revision": 0,
        }
    ]
    assert bench.run("limits", "--csv").out.splitlines()[1] == "14400,2,10,0"


def test_several_are_set_at_once_with_one_audit_row(bench: Bench) -> None:
    """One revision, and the audit says which."""
    done = bench.run("limits", "set", "--max-call", "1h30m", "--calls-per-endpoint", "1")
    alone = bench.run("limits", "set", "--calls-per-site", "0")
    audit = bench.with_store(lambda store: store.audit())

    assert (done.code, done.out) == (
        0,
        f"set: a call lasts 1h30m at most, an endpoint has 1 chargeable call at once,"
        f" the site 10 (revision 1)\n{NOT_RUNNING}",
    )
    assert alone.out.startswith(
        "set: a call lasts 1h30m at most, an endpoint has 1 chargeable call at once,"
        " the site 0 (revision 2)\n"
    )
    assert [(row.action, row.subject, json.loads(row.detail)) for row in audit] == [
        ("limits", "chargeable_per_site", {"chargeable_per_site": 0}),
        (
            "limits",
            "chargeable_per_endpoint, max_call_s",
            {"max_call_s": 5_400, "chargeable_per_endpoint": 1},
        ),
    ]


def test_a_running_daemon_takes_them_over(bench: Bench) -> None:
    """As after every change of the policy."""
    with bench.daemon():
        result = bench.run("limits", "set", "--max-call", "45s")

    assert result.code == 0
    assert re.search(r"in force on pbx1 after [0-9.]+ s\n$", result.out)
    assert "a call lasts 45s at most" in result.out


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), 64, "name a limit: --max-call, --calls-per-endpoint or --calls-per-site"),
        (("--calls-per-site", "10001"), 64, "'10001' is no whole number from 0 to 10000"),
        (("--max-call", "25h"), 65, "--max-call '25h' is out of bounds: 1 second to 1 day"),
        (
            ("--max-call", "long"),
            65,
            "--max-call 'long' is no duration: write 30m, 2h, 1d or 1h30m",
        ),
    ],
)
def test_bad_input_changes_nothing(
    bench: Bench, options: tuple[str, ...], code: int, message: str
) -> None:
    """One sentence that names the option and its bounds."""
    result = bench.run("limits", "set", *options)

    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert bench.with_store(lambda store: store.revision()) == 0
