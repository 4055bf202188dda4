"""`explain`: the gate's own code, with no daemon and no store."""

import io
import json
import os
import sys
import time

import pytest

from policies.kept import of_store
from policies.policy import Mode, Policy
from tests.tollguard.cli.conftest import Bench
from tollguard.snapshot_file import write_snapshot
from tollguard.store.times import to_text

ABROAD = "01037793123456"
KEYS = [
    "verdict",
    "reason",
    "class",
    "e164",
    "country",
    "removed",
    "canonical",
    "chargeable",
    "limit_ms",
    "steps",
    "would",
    "would_reason",
    "endpoint",
    "trunk",
    "dialled",
    "mode",
    "policy_source",
    "policy_revision",
]


def test_it_works_without_configuration_store_and_daemon(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newcomer's first number: what it is, and what enforcing would say."""
    monkeypatch.delenv("TOLLGUARD_CONFIG", raising=False)
    monkeypatch.setattr("tollguard.config.DEFAULT_PATH", bench.folder / "none.toml")
    result = bench.bare("explain", ABROAD, "--endpoint", "6001", "--json")
    answer = json.loads(result.out)

    assert (result.code, result.err) == (0, "")
    assert list(answer) == KEYS
    assert {key: answer[key] for key in KEYS if key != "steps"} == {
        "verdict": "ALLOW",
        "reason": "allowed",
        "class": "international",
        "e164": "+37793123456",
        "country": "MC",
        "removed": ["010"],
        "canonical": ABROAD,
        "chargeable": True,
        "limit_ms": 86_400_000,
        "would": "DENY",
        "would_reason": "international-not-permitted",
        "endpoint": "6001",
        "trunk": "trunk",
        "dialled": ABROAD,
        "mode": "observe",
        "policy_source": "default",
        "policy_revision": 0,
    }
    assert {
        "judge": "international",
        "verdict": "DENY",
        "reason": "international-not-permitted",
        "text": "6001 has no right to call MC",
        "facts": {"endpoint": "6001", "country": "MC"},
        "observed": True,
    } in answer["steps"]


def test_the_stores_policy_is_used_where_there_is_one(bench: Bench) -> None:
    """Mode, suspension and its words come from the store."""
    bench.run("mode", "enforce")
    bench.run("grant", "international", "--endpoint", "6001", "--countries", "MC")
    allowed = json.loads(bench.run("explain", ABROAD, "--endpoint", "6001", "--json").out)
    bench.run("suspend", "country", "MC", "--until", "2999-01-01", "--reason", "bill alarm")
    denied = json.loads(bench.run("explain", ABROAD, "--endpoint", "6001", "--json").out)
    later = json.loads(
        bench.run("explain", ABROAD, "--endpoint", "6001", "--at", "2999-01-02", "--json").out
    )

    assert (allowed["verdict"], allowed["limit_ms"]) == ("ALLOW", 14_400_000)
    assert (denied["verdict"], denied["reason"]) == ("DENY", "country-suspended")
    assert denied["steps"][-1]["text"].startswith(
        "MC is suspended until 2999-01-01 00:00:00 JST by "
    )
    assert denied["steps"][-1]["text"].endswith(": bill alarm")
    assert later["verdict"] == "ALLOW"


def test_a_person_reads_it_as_a_page(bench: Bench) -> None:
    """What it is first, then every judge."""
    assert bench.run("explain", "110").out.splitlines() == [
        "verdict        ALLOW emergency",
        "dialled        110",
        "by             nobody",
        "class          emergency",
        "country        JP",
        "sent to trunk  110@trunk",
        "chargeable     no",
        "limit          86400 s",
        "policy         revision 0 (store)",
        "judge      says     because",
        "──────────────────────────────────────────────────────────────────────",
        "principal  ABSTAIN  nobody answers for the call",
        "malformed  ABSTAIN  the number has only characters that can be dialled",
        "emergency  ALLOW    110 is an emergency number: always allowed",
    ]


def test_observing_says_what_enforcing_would(bench: Bench) -> None:
    """The first line has both."""
    assert bench.run("explain", ABROAD, "--endpoint", "6001").out.splitlines()[0] == (
        "verdict        ALLOW, because this site only observes;"
        " enforcing: DENY international-not-permitted"
    )


def test_an_undeclared_trunk_is_refused(bench: Bench) -> None:
    """As the gate would."""
    bench.run("mode", "enforce")

    answer = json.loads(bench.run("explain", "0312345678", "--trunk", "other", "--json").out)

    assert (answer["verdict"], answer["reason"]) == ("DENY", "unknown-trunk")


def test_a_site_that_declares_no_trunk_refuses_all(bench: Bench) -> None:
    """No trunk is invented: the gate would refuse too, and nothing is sent anywhere."""
    bench.config.write_text(bench.config.read_text().replace('[[trunk]]\nendpoint = "trunk"\n', ""))
    bench.run("mode", "enforce")

    answer = json.loads(bench.run("explain", "0312345678", "--json").out)
    page = bench.run("explain", "0312345678").out

    assert (answer["verdict"], answer["reason"], answer["trunk"]) == ("DENY", "unknown-trunk", "")
    assert "trunk (none) is not declared in the configuration" in page
    assert "sent" not in page


@pytest.mark.parametrize(("number", "line"), [(ABROAD, True), ("0900&1", False)])
def test_what_is_refused_is_not_said_to_be_sent(bench: Bench, number: str, line: bool) -> None:  # noqa: FBT001
    """A refused number would be sent; one that cannot be dialled never would."""
    bench.run("mode", "enforce")

    page = bench.run("explain", number).out

    assert "sent to trunk" not in page
    assert (f"would be sent  {number}@trunk" in page) is line
    assert ("would be sent" in page) is line


def test_numbers_are_read_from_standard_input(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One a line; a hostile one is escaped, and a list comes out."""
    lines = "0312345678\n\n0900\x1b[2J\n+37793123456\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    rows = json.loads(bench.run("explain", "-", "--json").out)
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    table = bench.run("explain", "-").out
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    csv = bench.run("explain", "-", "--csv").out.splitlines()

    assert [row["class"] for row in rows] == ["fixed", "malformed", "international"]
    assert "0900\\x1b[2J" in table
    assert csv[0].startswith("dialled,verdict,reason,class,")
    assert csv[3].startswith("+37793123456,ALLOW,")


def test_a_store_at_fault_is_told_and_the_number_explained(bench: Bench) -> None:
    """The answer is by a fresh policy, and standard error says so."""
    bench.store.write_text("no database" * 100)

    result = bench.run("explain", "110", "--json")

    assert (result.code, json.loads(result.out)["verdict"]) == (0, "ALLOW")
    assert "is damaged" in result.err
    assert "judged by a fresh policy, without your suspensions and grants" in result.err


def test_a_store_that_is_not_made_yet_is_no_fault(bench: Bench) -> None:
    """Before the first migration the default policy judges."""
    bench.store.unlink()

    result = bench.run("explain", "110", "--json")

    assert (result.code, result.err) == (0, "")


def test_a_plan_that_cannot_be_is_told(bench: Bench) -> None:
    """Japan's plan in another country is a configuration error."""
    bench.config.write_text('[site]\ncountry = "GB"\n')

    result = bench.run("explain", "110")

    assert (result.code, result.err) == (
        78,
        f"tollguard: {bench.config}: 1 error\n"
        "  site.country: plan 'jp' is Japan's, not that of 'GB';"
        ' set plan = "generic", or country = "JP"\n',
    )


def test_a_daemon_that_judges_by_its_snapshot_is_followed(bench: Bench) -> None:
    """What the store says is not what judges, and standard error says why."""
    bench.run("mode", "enforce")
    kept = of_store(Policy(revision=9, mode=Mode.OBSERVE))
    write_snapshot(bench.store.parent / "snapshot.json", kept)
    run = bench.folder / "run"
    run.mkdir(exist_ok=True)
    live = {"at": to_text(time.time()), "pid": os.getpid(), "policy_fault": "older than 9"}
    (run / "status.json").write_text(json.dumps(live | {"policy_source": "snapshot"}))
    followed = bench.run("explain", ABROAD, "--endpoint", "6001", "--json")
    (run / "status.json").write_text(json.dumps(live | {"policy_source": "store"}))
    stored = bench.run("explain", ABROAD, "--endpoint", "6001", "--json")
    answers = [json.loads(result.out) for result in (followed, stored)]

    assert [answer["verdict"] for answer in answers] == ["ALLOW", "DENY"]
    assert [answer["policy_source"] for answer in answers] == ["snapshot", "store"]
    assert answers[0]["policy_revision"] == 9
    assert "older than 9; judged by the snapshot, revision 9" in followed.err
    assert stored.err == ""


def test_a_store_that_would_be_refused_does_not_explain(bench: Bench) -> None:
    """Without a daemon it is judged as one would that started now."""
    bench.run("mode", "observe")
    path = bench.store.parent / "snapshot.json"
    path.write_text("{")
    result = bench.run("explain", ABROAD, "--endpoint", "6001")

    assert "cannot be told without the snapshot; judged as a daemon without any" in result.err
    assert "DENY international-not-permitted" in result.out
    assert "revision 0 (fallback)" in result.out
