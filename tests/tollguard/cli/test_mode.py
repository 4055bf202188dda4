"""`mode`: observing or enforcing."""

import json

from tests.tollguard.cli.conftest import Bench

OBSERVE = "observe: nothing is stopped but malformed numbers and what you suspended yourself"
ENFORCE = "enforce: calls that the policy refuses are stopped"


def test_a_fresh_site_observes(bench: Bench) -> None:
    """Until told otherwise; the bare word and `show` say the same."""
    assert bench.run("mode").out == bench.run("mode", "show").out == f"{OBSERVE}\n"


def test_switching_says_what_the_mode_does(bench: Bench) -> None:
    """Both ways, each with its revision and audit row."""
    first = bench.run("mode", "enforce").out.splitlines()[0]
    shown = bench.run("mode").out
    second = bench.run("mode", "observe").out.splitlines()[0]
    audit = bench.with_store(lambda store: store.audit())

    assert first == f"{ENFORCE} (revision 1)"
    assert shown == f"{ENFORCE}\n"
    assert second == f"{OBSERVE} (revision 2)"
    assert [(row.action, row.detail) for row in audit] == [
        ("mode", '{"value": "observe"}'),
        ("mode", '{"value": "enforce"}'),
    ]


def test_programs_get_the_word(bench: Bench) -> None:
    """JSON and CSV hold mode and revision."""
    assert json.loads(bench.run("mode", "--json").out) == [
        {"mode": "observe", "policy_revision": 0}
    ]
    assert bench.run("mode", "show", "--csv").out == "mode,policy_revision\nobserve,0\n"
