"""What the gate adds to a decision: the count, the durable row, the answer when something fails."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from policies.decision import Answer, Verdict
from policies.events import ChannelGone, LegDialled, LegForwarded
from policies.policy import Limits, Mode
from tests.policies.happenings import picture, rings_out
from tests.tollguard.judging import (
    A_DAY_MS,
    FOUR_HOURS_MS,
    MONACO,
    TOKYO,
    Judging,
    attempt,
    enforcing,
    judging,
    told,
)
from tests.tollguard.locked import locked
from tests.until import until
from tollguard.ledger_file import read

DENIED = ("", 0, "")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Judging]:
    """Give a gate in enforce whose endpoint 6001 may call abroad."""
    made = judging(tmp_path / "ledger.db")
    yield made
    await made.reservations.close()


async def test_a_domestic_call_needs_no_row(desk: Judging) -> None:
    """A free call is allowed with its number, the policy's limit and a token, without a row."""
    answer = await desk.judge(attempt(TOKYO))

    assert told(answer) == (Verdict.ALLOW, "allowed")
    assert (answer.number, answer.limit_ms, len(answer.token)) == (TOKYO, FOUR_HOURS_MS, 32)
    assert desk.reservations.last_seq == 0


async def test_a_chargeable_call_s_row_names_it(desk: Judging, tmp_path: Path) -> None:
    """An allowed call abroad has a row with its token, number, country, principal and revision."""
    answer = await desk.judge(attempt(MONACO))
    row = read(tmp_path / "ledger.db").entries[0]

    assert told(answer) == (Verdict.ALLOW, "allowed")
    assert (row.kind, row.token, row.number, row.country, row.endpoint, row.policy_revision) == (
        "reserve",
        answer.token,
        MONACO,
        "MC",
        "6001",
        3,
    )


async def test_a_denied_call_has_no_token_and_no_row(desk: Judging) -> None:
    """What a judge refuses is answered empty and costs nothing."""
    answer = await desk.judge(attempt(MONACO, endpoint="6002"))

    assert told(answer) == (Verdict.DENY, "international-not-permitted")
    assert (answer.number, answer.limit_ms, answer.token) == DENIED
    assert desk.reservations.last_seq == 0
    assert desk.situation.chargeable_calls() == 0


async def test_a_late_row_denies_and_frees_the_slot(desk: Judging, tmp_path: Path) -> None:
    """In enforce a commit held up past the deadline is a denial, and the slot is free again."""
    with locked(tmp_path / "ledger.db"):
        answer = await desk.judge(attempt(MONACO))

    assert told(answer) == (Verdict.DENY, "ledger-late")
    assert (answer.number, answer.limit_ms, answer.token) == DENIED
    assert desk.situation.chargeable_calls() == 0
    judged = desk.recorded[0]
    assert (judged.decision.verdict, judged.decision.reason) == (Verdict.DENY, "ledger-late")
    assert judged.decision.steps[-1].judge == "ledger"


async def test_held_up_commits_allow_no_more_than_the_limit(tmp_path: Path) -> None:
    """With the commit held up, no more of 50 attempts at once are counted than may be."""
    policy = enforcing(limits=Limits(chargeable_per_endpoint=3))
    desk = judging(tmp_path / "ledger.db", policy)
    with locked(tmp_path / "ledger.db"):
        async with asyncio.TaskGroup() as group:
            asked = [
                group.create_task(desk.judge(attempt(MONACO, uniqueid=f"1.{n}"))) for n in range(50)
            ]
            await until(lambda: len(desk.recorded) == 47, 5)
            counted = desk.situation.chargeable_calls("6001")
    answers = [task.result() for task in asked]
    await desk.reservations.close()

    assert counted == 3
    assert sorted({told(answer) for answer in answers}) == [
        (Verdict.DENY, "ledger-late"),
        (Verdict.DENY, "too-many-calls"),
    ]
    assert desk.situation.chargeable_calls() == 0


async def test_a_caller_that_leaves_gives_the_slot_back(desk: Judging, tmp_path: Path) -> None:
    """When the judging is cancelled while the commit waits, slot and row are taken back."""
    with locked(tmp_path / "ledger.db"):
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(desk.judge(attempt(MONACO)))
            await until(lambda: desk.situation.chargeable_calls() == 1, 5)
            asking.cancel()
    await until(lambda: desk.situation.chargeable_calls() == 0, 5)
    await until(lambda: len(read(tmp_path / "ledger.db").entries) == 2, 5)

    assert [entry.kind for entry in read(tmp_path / "ledger.db").entries] == ["return", "reserve"]


async def test_an_answer_that_asterisk_never_took_is_given_back(
    desk: Judging, tmp_path: Path
) -> None:
    """An undelivered ALLOW frees its slot and voids its row; a delivered one stays."""
    answer = await desk.judge(attempt(MONACO))
    desk.gate.delivered(answer, possible=True)
    held = desk.situation.chargeable_calls()
    desk.gate.delivered(answer, possible=False)
    desk.gate.delivered(Answer(Verdict.DENY, "", 0, "", "x"), possible=False)
    await until(lambda: len(read(tmp_path / "ledger.db").entries) == 2, 5)

    assert held == 1
    assert desk.situation.chargeable_calls() == 0
    assert [entry.kind for entry in read(tmp_path / "ledger.db").entries] == ["return", "reserve"]


async def test_an_attempt_whose_caller_hung_up_is_swept(desk: Judging, tmp_path: Path) -> None:
    """An allowed call whose channel ends undialled is void at the next sweep, once."""
    await desk.judge(attempt(MONACO, uniqueid="1.9"))
    desk.situation.apply(ChannelGone(time.monotonic(), "1.9", 16))
    swept = [desk.gate.sweep(), desk.gate.sweep()]
    await until(lambda: len(read(tmp_path / "ledger.db").entries) == 2, 5)

    assert swept == [1, 0]


async def test_observe_changes_nothing_and_records_what_it_would_have_said(tmp_path: Path) -> None:
    """In observe the number stays as dialled, the limit is 24 h, the denial is recorded."""
    desk = judging(tmp_path / "ledger.db", enforcing(mode=Mode.OBSERVE))
    dialled = f"184{MONACO}"

    answer = await desk.judge(attempt(dialled, endpoint="6002"))
    await desk.reservations.close()

    assert told(answer)[0] is Verdict.ALLOW
    assert (answer.number, answer.limit_ms) == (dialled, A_DAY_MS)
    assert desk.recorded[0].decision.would_reason == "international-not-permitted"


async def test_observe_records_a_missing_row_instead_of_denying(tmp_path: Path) -> None:
    """In observe a call whose row is late goes out, with the ledger's step recorded."""
    desk = judging(tmp_path / "ledger.db", enforcing(mode=Mode.OBSERVE))
    with locked(tmp_path / "ledger.db"):
        answer = await desk.judge(attempt(MONACO))
    await desk.reservations.close()
    decision = desk.recorded[0].decision

    assert answer.verdict is Verdict.ALLOW
    assert (decision.would, decision.would_reason) == (Verdict.DENY, "ledger-late")
    assert [(s.judge, s.observed) for s in decision.steps[-2:]] == [
        ("ledger", True),
        ("decide", False),
    ]
    assert desk.situation.chargeable_calls() == 1


async def test_a_closed_ledger_denies_chargeable_and_nothing_else(tmp_path: Path) -> None:
    """Without a usable ledger calls abroad are denied; home and emergency go on."""
    path = tmp_path / "ledger.db"
    path.write_bytes(b"no database" * 100)
    desk = judging(path)
    answers = [await desk.judge(attempt(number)) for number in (MONACO, TOKYO, "110")]

    assert [told(answer) for answer in answers] == [
        (Verdict.DENY, "ledger-failed"),
        (Verdict.ALLOW, "allowed"),
        (Verdict.ALLOW, "emergency"),
    ]


async def test_a_vanished_table_denies(desk: Judging, tmp_path: Path) -> None:
    """A commit that fails at once denies with `ledger-failed`."""
    with sqlite3.connect(tmp_path / "ledger.db") as db:
        db.execute("DROP TABLE entry")
    db.close()

    answer = await desk.judge(attempt(MONACO))

    assert told(answer) == (Verdict.DENY, "ledger-failed")


async def test_a_swapped_policy_judges_the_next_attempt(desk: Judging) -> None:
    """`use` replaces the policy whole; the plan is compiled again only for another site."""
    plan = desk.gate.plan
    desk.gate.use(enforcing(revision=4, mode=Mode.OBSERVE))
    same = desk.gate.plan
    policy = enforcing(revision=5)
    desk.gate.use(replace(policy, site=replace(policy.site, outside_line="0")))
    await desk.judge(attempt("0" + TOKYO))

    assert same is plan
    assert desk.gate.plan is not plan
    assert desk.recorded[0].policy_revision == 5


async def test_only_what_needs_a_row_is_waited_for(tmp_path: Path) -> None:
    """A domestic call and a denial are answered at once, a chargeable call after its row."""
    desk = judging(tmp_path / "ledger.db")
    at_once = desk.gate.answer(attempt(TOKYO)), desk.gate.answer(attempt(MONACO, endpoint="6002"))
    waiting = desk.gate.answer(attempt(MONACO))
    verdicts = [answer.verdict for answer in at_once if isinstance(answer, Answer)]
    assert not isinstance(waiting, Answer)
    last = await waiting
    await desk.reservations.close()

    assert verdicts == [Verdict.ALLOW, Verdict.DENY]
    assert last.verdict is Verdict.ALLOW


async def test_an_allowed_call_names_everybody_held_and_its_limit(desk: Judging) -> None:
    """The count carries who is responsible, by which policy, and for how long."""
    for event in (
        picture(),
        *rings_out("6002", "1.2", "1.1"),
        LegForwarded(1.0, "1.2", "1.1", "PJSIP/6002-00000001", "x"),
    ):
        desk.situation.apply(event)
    answer = await desk.judge(attempt(TOKYO))
    leg = LegDialled(2.0, "2.1", "1.1", "PJSIP/trunk-1", "1.1", f"{TOKYO}@trunk", answer.token)
    desk.situation.apply(leg)
    dialled = desk.situation.leg("2.1")

    assert dialled is not None
    assert dialled.attempt is not None
    assert dialled.attempt.responsible == ("6001", "6002")
    assert (dialled.attempt.policy_revision, dialled.attempt.limit_ms) == (3, FOUR_HOURS_MS)
    assert desk.recorded[0].decision.principal.actor == "6001"
