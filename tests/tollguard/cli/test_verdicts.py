# ruff: noqa: E501 - whole tables stand here as they are printed
"""`verdicts`: what was judged and why."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from policies.reasons import REASONS
from tests.tollguard.cli.conftest import Bench
from tests.tollguard.store.samples import NODE, VERDICT
from tollguard.cli.verdicts import LONGEST_REASON

OBSERVED = replace(
    VERDICT,
    linkedid="1795500000.2",
    uniqueid="1795500000.3",
    endpoint=None,
    dialled="0900\x1b[2J",
    country=None,
    e164=None,
    number_class="premium",
    verdict="ALLOW",
    reason="allowed",
    would="DENY",
    would_reason="class-denied",
    limit_ms=86_400_000,
    mode="observe",
    steps="broken",
)


# A shell that runs the tests in the background ignores SIGINT, and a child would inherit that.
FOLLOWER = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from tollguard.cli import main; main()"
)


@pytest.fixture(autouse=True)
def _rows(bench: Bench) -> None:
    bench.with_store(lambda store: store.write_verdicts([VERDICT, OBSERVED]))


def test_the_table_shows_the_newest_first(bench: Bench) -> None:
    """Who dialled what where to, and the verdict; observed denials say so."""
    assert bench.run("verdicts").out.splitlines() == [
        "at                   endpoint  dialled         to       verdict                         call",
        "────────────────────────────────────────────────────────────────────────────────────────────────────",
        "2026-11-24 12:00:00  nobody    0900\\x1b[2J     premium  ALLOW, enforcing: DENY          1795500000.2",
        "                                                        class-denied",
        "2026-11-24 12:00:00  6001      01037793123456  MC       DENY                            1795500000.1",
        "                                                        international-not-permitted",
    ]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ((), 2),
        (("--deny",), 1),
        (("--endpoint", "6001"), 1),
        (("--country", "mc"), 1),
        (("--country", "FR"), 0),
        (("--since", "2026-11-24"), 2),
        (("--since", "1s"), 0),
        (("--limit", "1"), 1),
    ],
)
def test_filters_choose_rows(bench: Bench, options: tuple[str, ...], count: int) -> None:
    """Each option alone."""
    assert len(json.loads(bench.run("verdicts", "--json", *options).out)) == count


@pytest.mark.parametrize("options", [("--country", "FR"), ("--endpoint", "nobody")])
def test_a_filter_that_matches_nothing_says_so(bench: Bench, options: tuple[str, ...]) -> None:
    """Calls were judged, only none of these."""
    assert bench.run("verdicts", *options).out == "nothing matches the filter\n"


def test_another_node_has_none(bench: Bench) -> None:
    """``--node`` is given before the command; one that beat once is known."""
    bench.with_store(lambda store: store.beat(replace(NODE, node="pbx9")))

    assert bench.run("--node", "pbx9", "verdicts").out == "no call was judged\n"


def test_a_call_is_shown_with_every_step_in_words(bench: Bench) -> None:
    """Fields first, then what each judge said and why."""
    assert bench.run("verdicts", "show", "1795500000.1").out.splitlines() == [
        "verdict        DENY international-not-permitted",
        "at             2026-11-24 12:00:00",
        "endpoint       6001",
        "source         192.0.2.7:5060",
        "dialled        01037793123456",
        "number         +37793123456",
        "class          international",
        "country        MC",
        "removed        010",
        "would be sent  01037793123456@trunk",
        "judged         enforce, revision 3, 180 us",
        "judge          says  because",
        "─────────────────────────────────────────────────",
        "international  DENY  6001 has no right to call MC",
    ]


def test_steps_that_cannot_be_read_are_left_out(bench: Bench) -> None:
    """A malformed row is shown as far as it goes; either id finds it."""
    out = bench.run("verdicts", "show", "1795500000.3").out

    assert "verdict        ALLOW, enforcing: DENY class-denied" in out
    assert "dialled        0900\\x1b[2J" in out
    assert out.endswith("no step was stored\n")


def test_programs_get_facts_and_texts(bench: Bench) -> None:
    """JSON has each step with its facts; CSV a line a verdict."""
    (row,) = json.loads(bench.run("verdicts", "show", "1795500000.1", "--json").out)

    assert (row["call"], row["class"], row["removed"]) == (
        "1795500000.1",
        "international",
        ["010"],
    )
    assert row["steps"] == [
        {
            "judge": "international",
            "verdict": "DENY",
            "reason": "international-not-permitted",
            "text": "6001 has no right to call MC",
            "facts": {"endpoint": "6001", "country": "MC"},
            "observed": False,
        }
    ]
    lines = bench.run("verdicts", "show", "1795500000.1", "--csv").out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("at,node,call,")


def test_a_call_that_is_not_there_is_told(bench: Bench) -> None:
    """Exit code 66, and how to list them."""
    result = bench.run("verdicts", "show", "9.9")

    assert (result.code, result.err) == (
        66,
        "tollguard: no verdict about call '9.9' is stored; list them: tollguard verdicts\n",
    )


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ((), "12:00:00  6001  01037793123456  DENY international-not-permitted"),
        (("--json",), '"dialled": "01037793123456"'),
    ],
)
def test_following_prints_what_comes_until_interrupted(
    bench: Bench, form: tuple[str, ...], expected: str
) -> None:
    """Old rows are not repeated; a new one is printed at once, and Ctrl-C ends in silence."""
    command = [sys.executable, "-c", FOLLOWER]
    with subprocess.Popen(
        [*command, "--config", str(bench.config), "verdicts", "--follow", *form],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as follower:
        try:
            assert follower.stdout is not None
            os.set_blocking(follower.stdout.fileno(), False)
            line = ""
            for _attempt in range(200):
                # a row written before it began is old to it: write until it sees one
                bench.with_store(lambda store: store.write_verdicts([VERDICT]))
                line = follower.stdout.readline()
                if line:
                    break
            os.set_blocking(follower.stdout.fileno(), True)
            follower.send_signal(signal.SIGINT)
            _out, err = follower.communicate(timeout=10)
        finally:
            follower.kill()  # else leaving the ``with`` would wait for it for ever

    assert expected in line
    assert (follower.returncode, err.strip()) == (130, "")


def test_a_reason_is_never_broken(bench: Bench) -> None:
    """Not by a long endpoint and number, and not by a long class without a country."""
    wide = replace(VERDICT, endpoint="e" * 40, dialled="9" * 40, country=None)
    bench.with_store(lambda store: store.write_verdicts([wide]))

    lines = bench.run("verdicts").out.splitlines()

    assert max(map(len, lines)) <= 100
    assert sum("international-not-permitted" in line for line in lines) == 2
    assert lines[2].split()[4:6] == ["-", "DENY"]
    assert max(map(len, REASONS)) <= LONGEST_REASON


def test_a_call_is_shown_as_csv_with_a_row_a_step(bench: Bench) -> None:
    """What was judged stands before each step; one without steps has a row all the same."""
    steps = VERDICT.steps[:-1] + ", " + VERDICT.steps[1:]
    bench.with_store(
        lambda store: store.write_verdicts([replace(VERDICT, linkedid="7", steps=steps)])
    )

    two = bench.run("verdicts", "show", "7", "--csv").out.splitlines()
    none = bench.run("verdicts", "show", "1795500000.3", "--csv").out.splitlines()

    assert two[0].endswith(",judge,says,because,step_text,observed")
    assert len(two) == 3
    assert two[1].endswith(
        ",international,DENY,international-not-permitted,6001 has no right to call MC,false"
    )
    assert len(none) == 2
    assert none[1].endswith(",,,,,")
