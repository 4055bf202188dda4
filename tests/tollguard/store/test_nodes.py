"""Heartbeats, ledgers and questions to a daemon."""

from dataclasses import replace

from tests.tollguard.store.conftest import ALICE, NOW_S
from tests.tollguard.store.samples import NODE
from tollguard.store import CALLS_LIST, LedgerIdentity, RequestRow, Store
from tollguard.store.nodes import MAX_RESULT_CHARS

AT = "2026-11-24T06:00:00.125Z"
LATER = "2026-11-24T06:00:03.125Z"
BY = "alice(1000), claims SUDO_USER=bob"


async def test_a_heartbeat_replaces_the_one_before(store: Store) -> None:
    """Each node has one row, with a reason cut to its column."""
    await store.beat(NODE)
    await store.beat(replace(NODE, node="pbx0"))
    await store.beat(replace(NODE, sessions=3, blind="b" * 999))
    rows = await store.nodes()

    assert [(row.node, row.sessions, len(row.blind)) for row in rows] == [
        ("pbx0", 0, 0),
        ("pbx1", 3, 300),
    ]


async def test_the_first_ledger_of_a_node_is_taken_as_its_own(store: Store) -> None:
    """A node without history accepts the ledger it starts with."""
    assert await store.ledger_identity("pbx1") is None
    assert await store.note_ledger("pbx1", "a", 5, now_s=NOW_S)
    assert await store.ledger_identity("pbx1") == LedgerIdentity(
        "pbx1", "a", 5, "first start", "first start", AT
    )


async def test_a_ledger_that_grows_is_the_same(store: Store) -> None:
    """A higher sequence of the same ledger is recorded."""
    await store.note_ledger("pbx1", "a", 5, now_s=NOW_S)

    assert await store.note_ledger("pbx1", "a", 9, now_s=NOW_S)
    known = await store.ledger_identity("pbx1")
    assert known is not None
    assert known.last_seq == 9


async def test_a_replaced_or_restored_ledger_is_not_taken(store: Store) -> None:
    """Another id or a lower sequence is refused and the known row stays."""
    await store.note_ledger("pbx1", "a", 5, now_s=NOW_S)
    before = await store.ledger_identity("pbx1")

    assert not await store.note_ledger("pbx1", "b", 9, now_s=NOW_S)
    assert not await store.note_ledger("pbx1", "a", 4, now_s=NOW_S)
    assert await store.ledger_identity("pbx1") == before


async def test_an_accepted_ledger_is_the_nodes_own(store: Store) -> None:
    """After accepting, the new ledger is noted like any other."""
    await store.note_ledger("pbx1", "a", 5, now_s=NOW_S)
    await store.accept_ledger("pbx1", "b", 2, "new disk", ALICE, now_s=NOW_S)

    assert await store.note_ledger("pbx1", "b", 3, now_s=NOW_S)
    assert await store.ledger_identity("pbx1") == LedgerIdentity("pbx1", "b", 3, BY, "new disk", AT)


async def test_a_question_is_claimed_once_and_answered(store: Store) -> None:
    """One claim takes it, the next finds nothing, and the asker sees the answer."""
    asked = await store.ask("pbx1", CALLS_LIST, "{}", ALICE, now_s=NOW_S, for_s=3)
    claimed = await store.claim_requests("pbx1", now_s=NOW_S)
    again = await store.claim_requests("pbx1", now_s=NOW_S)
    await store.answer_request(asked, "[]", ok=True, now_s=NOW_S)
    await store.answer_request(asked, "too late", ok=False, now_s=NOW_S)

    expected = RequestRow(asked, "pbx1", CALLS_LIST, "{}", BY, AT, LATER, AT, None, None, None)
    assert claimed == (expected,)
    assert again == ()
    assert await store.request(asked) == replace(expected, answered_at=AT, ok=True, result="[]")
    assert await store.request(99) is None


async def test_expired_and_foreign_questions_are_not_claimed(store: Store) -> None:
    """A question too old, or to another node, is left alone."""
    await store.ask("pbx1", CALLS_LIST, "{}", ALICE, now_s=NOW_S, for_s=3)
    await store.ask("pbx2", CALLS_LIST, "{}", ALICE, now_s=NOW_S, for_s=30)

    assert await store.claim_requests("pbx1", now_s=NOW_S + 4) == ()


async def test_old_questions_are_forgotten(store: Store) -> None:
    """An hour after its end a question makes room for the next."""
    asked = await store.ask("pbx1", CALLS_LIST, "{}", ALICE, now_s=NOW_S, for_s=3)
    await store.ask("pbx1", CALLS_LIST, "{}", ALICE, now_s=NOW_S + 3_700, for_s=3)

    assert await store.request(asked) is None


async def test_an_answer_too_long_becomes_a_sentence(store: Store) -> None:
    """Half a JSON text is never stored."""
    asked = await store.ask("pbx1", CALLS_LIST, "{}", ALICE, now_s=NOW_S, for_s=3)
    await store.answer_request(asked, "x" * (MAX_RESULT_CHARS + 1), ok=True, now_s=NOW_S)
    row = await store.request(asked)

    assert row is not None
    assert (row.ok, row.result) == (False, "the answer is too long (2000001 characters)")
