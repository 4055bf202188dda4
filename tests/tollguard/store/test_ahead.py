"""What was changed without the store is entered once, with who, when and why."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from policies.ahead import AheadChange
from policies.policy import Mode, Site, Suspension, SuspensionKind
from tests.tollguard.store.conftest import ALICE, NOW_S
from tollguard.errors import StoreError
from tollguard.store import NewSuspension, Store
from tollguard.store.times import to_text

MADE_S = NOW_S - 60
MADE = Suspension(
    0,
    SuspensionKind.COUNTRY,
    "MC",
    MADE_S,
    NOW_S + 3_600,
    'so "they" said',
    "bob(1001)",
    keep_calls=True,
)
CHANGE = AheadChange("0f" * 16, ends=False, suspension=MADE, login="bob(1001)", claim="carol")
END = replace(CHANGE, mark="1f" * 16, ends=True, suspension=replace(MADE, since_s=MADE_S + 1))


async def test_a_change_is_entered_with_its_audit_row(store: Store) -> None:
    """The row, who, when and why are those of the change; the revision goes on above both."""
    await store.set_mode(Mode.ENFORCE, ALICE, now_s=NOW_S)
    revision = await store.enter([CHANGE], above=7, now_s=NOW_S)
    policy = await store.load_policy(Site())
    row = (await store.audit(1))[0]

    assert revision == policy.revision == row.revision == 8
    assert policy.suspensions == (replace(MADE, id=1),)
    assert (row.action, row.subject, row.at) == ("suspend", "country MC", to_text(MADE_S))
    assert (row.login, row.claim) == ("bob(1001)", "carol")
    assert json.loads(row.detail) == {
        "mark": CHANGE.mark,
        "entered_at": to_text(NOW_S),
        "until": to_text(NOW_S + 3_600),
        "reason": 'so "they" said',
        "keep_calls": True,
    }


async def test_a_change_is_entered_once(store: Store) -> None:
    """Entering again, after a crash between store and snapshot, changes nothing."""
    first = await store.enter([CHANGE], above=1, now_s=NOW_S)
    again = await store.enter([CHANGE], above=1, now_s=NOW_S)

    assert first == again == 2
    assert len((await store.load_policy(Site())).suspensions) == 1


async def test_an_end_spares_what_was_made_after_it(store: Store) -> None:
    """An end that was asked for without the store does not undo what another operator did since."""
    await store.enter([CHANGE], above=1, now_s=NOW_S)
    later = NewSuspension(SuspensionKind.COUNTRY, "MC", None, "again")
    await store.suspend(later, ALICE, now_s=NOW_S)
    await store.enter([END], above=1, now_s=NOW_S)
    left = (await store.load_policy(Site())).suspensions

    assert [one.reason for one in left] == ["again"]
    assert (await store.audit(1))[0].action == "resume"


async def test_a_store_that_moved_on_keeps_its_own(store: Store) -> None:
    """What others did meanwhile stands beside it, and its revision is not lowered."""
    other = NewSuspension(SuspensionKind.ENDPOINT, "6001", None, "stolen")
    await store.suspend(other, ALICE, now_s=NOW_S)
    await store.set_mode(Mode.ENFORCE, ALICE, now_s=NOW_S)
    revision = await store.enter([CHANGE], above=1, now_s=NOW_S)
    policy = await store.load_policy(Site())

    assert revision == 3
    assert policy.mode is Mode.ENFORCE
    assert [one.target for one in policy.suspensions] == ["6001", "MC"]


async def test_words_that_look_like_a_mark_are_none(store: Store) -> None:
    """An operator's words cannot make a change look entered."""
    forged = NewSuspension(SuspensionKind.COUNTRY, "FR", None, f'"mark": "{CHANGE.mark}"')
    await store.suspend(forged, ALICE, now_s=NOW_S)

    assert await store.enter([CHANGE], above=1, now_s=NOW_S) == 2


async def test_all_are_entered_or_none(store: Store, path: Path) -> None:
    """A row that the store refuses leaves the others out as well."""
    long = replace(CHANGE, mark="2f" * 16, suspension=replace(MADE, reason="x" * 501))
    with pytest.raises(StoreError):
        await store.enter([CHANGE, long], above=7, now_s=NOW_S)

    assert await store.revision() == 0
    assert await store.audit() == ()


async def test_a_store_says_whose_it_is(store: Store) -> None:
    """Revision, the ledger it knows for the node, and when it was accepted last."""
    fresh = await store.standing("pbx1")
    await store.note_ledger("pbx1", "ledger", 4, now_s=NOW_S)
    await store.accept_store(5, "restored", ALICE, now_s=NOW_S)
    known, other = await store.standing("pbx1"), await store.standing("pbx2")

    assert (fresh.revision, fresh.ledger_id, fresh.accepted) == (0, "", 0)
    assert (known.revision, known.ledger_id, known.accepted) == (6, "ledger", 6)
    assert other.ledger_id == ""
