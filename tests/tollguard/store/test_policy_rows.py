"""The operator's will as rows: each change with its audit row, a malformed row named."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from policies.policy import Grant, Limits, Mode, Policy, Site, Suspension, SuspensionKind
from tests.tollguard.store.conftest import ALICE, NOW_S
from tollguard.errors import InputError, StoreError
from tollguard.store import AuditRow, Change, NewSuspension, Store

SITE = Site()
MONACO = NewSuspension(SuspensionKind.COUNTRY, "MC", NOW_S + 60, "bill alarm", keep_calls=True)
AT = "2026-11-24T06:00:00.125Z"
BY = "alice(1000), claims SUDO_USER=bob"

Writer = Callable[[Store], Awaitable[Change]]


async def test_a_fresh_store_observes_and_grants_nothing(store: Store) -> None:
    """Before any change the policy is the default one at revision 0."""
    assert await store.load_policy(SITE) == Policy(revision=0, site=SITE)


async def test_everything_written_is_loaded(store: Store) -> None:
    """Suspensions, grants, mode and limits come back as the core's own types."""
    await store.suspend(MONACO, ALICE, now_s=NOW_S)
    await store.grant("6001", frozenset({"FR", "MC"}), ALICE, now_s=NOW_S, until_s=None)
    await store.grant("6002", None, ALICE, now_s=NOW_S, until_s=NOW_S + 5)
    await store.set_mode(Mode.ENFORCE, ALICE, now_s=NOW_S)
    await store.set_limits({"chargeable_per_site": 3}, ALICE, now_s=NOW_S)

    loaded = await store.load_policy(SITE)

    assert loaded == Policy(
        revision=5,
        site=SITE,
        mode=Mode.ENFORCE,
        suspensions=(
            Suspension(
                1,
                SuspensionKind.COUNTRY,
                "MC",
                NOW_S,
                NOW_S + 60,
                "bill alarm",
                BY,
                keep_calls=True,
            ),
        ),
        grants=(Grant(1, "6001", frozenset({"FR", "MC"})), Grant(2, "6002", None, NOW_S + 5)),
        limits=Limits(chargeable_per_site=3),
    )


WRITERS: list[tuple[Writer, str, str, dict[str, object]]] = [
    (
        lambda store: store.suspend(MONACO, ALICE, now_s=NOW_S),
        "suspend",
        "country MC",
        {"keep_calls": True, "reason": "bill alarm", "until": "2026-11-24T06:01:00.125Z"},
    ),
    (
        lambda store: store.grant("6001", None, ALICE, now_s=NOW_S, until_s=None),
        "grant",
        "international 6001",
        {"countries": "*", "until": None},
    ),
    (
        lambda store: store.set_mode(Mode.ENFORCE, ALICE, now_s=NOW_S),
        "mode",
        "mode",
        {"value": "enforce"},
    ),
    (
        lambda store: store.set_limits({"max_call_s": 60}, ALICE, now_s=NOW_S),
        "limits",
        "max_call_s",
        {"max_call_s": 60},
    ),
    (
        lambda store: store.accept_ledger("pbx1", "f" * 32, 9, "new disk", ALICE, now_s=NOW_S),
        "ledger-accept",
        "pbx1",
        {"last_seq": 9, "ledger_id": "f" * 32, "reason": "new disk"},
    ),
]


@pytest.mark.parametrize(("write", "action", "subject", "detail"), WRITERS)
async def test_each_change_is_audited_under_its_revision(
    store: Store, write: Writer, action: str, subject: str, detail: dict[str, object]
) -> None:
    """A change makes one audit row with who, what and the revision it led to."""
    change = await write(store)
    rows = await store.audit()

    assert change.revision == 1
    assert rows == (
        AuditRow(1, AT, "alice(1000)", "bob", action, subject, rows[0].detail, revision=1),
    )
    assert json.loads(rows[0].detail) == detail


async def test_resuming_ends_every_suspension_of_the_target_alone(store: Store) -> None:
    """Both suspensions of the country end with one audit row; another country stays."""
    await store.suspend(MONACO, ALICE, now_s=NOW_S)
    await store.suspend(MONACO, ALICE, now_s=NOW_S)
    france = NewSuspension(SuspensionKind.COUNTRY, "FR", None, "x")
    await store.suspend(france, ALICE, now_s=NOW_S)

    change = await store.resume(SuspensionKind.COUNTRY, "MC", ALICE, now_s=NOW_S + 1)
    policy = await store.load_policy(SITE)
    newest = (await store.audit(1))[0]

    assert change == Change(4, count=2)
    assert [row.target for row in policy.suspensions] == ["FR"]
    assert (newest.action, newest.subject, newest.detail) == (
        "resume",
        "country MC",
        '{"ended": 2}',
    )


async def test_resuming_what_is_not_suspended_changes_nothing(store: Store) -> None:
    """Neither the revision nor the audit grows, also when the suspension has expired."""
    await store.suspend(MONACO, ALICE, now_s=NOW_S)

    change = await store.resume(SuspensionKind.COUNTRY, "MC", ALICE, now_s=NOW_S + 61)

    assert change == Change(1, count=0)
    assert len(await store.audit()) == 1


async def test_revoking_some_countries_keeps_the_others_and_the_end(store: Store) -> None:
    """A right is replaced by what is left of it."""
    await store.grant("6001", frozenset({"FR", "MC"}), ALICE, now_s=NOW_S, until_s=NOW_S + 99)

    change = await store.revoke("6001", frozenset({"MC"}), ALICE, now_s=NOW_S + 1)
    policy = await store.load_policy(SITE)

    assert change == Change(2, count=1)
    assert policy.grants == (Grant(2, "6001", frozenset({"FR"}), NOW_S + 99),)
    assert (await store.audit(1))[0].detail == '{"countries": "MC"}'


async def test_revoking_everything_leaves_nothing(store: Store) -> None:
    """Without countries every right of the endpoint ends, another endpoint's stays."""
    await store.grant("6001", frozenset({"FR"}), ALICE, now_s=NOW_S, until_s=None)
    await store.grant("6001", None, ALICE, now_s=NOW_S, until_s=None)
    await store.grant("6002", None, ALICE, now_s=NOW_S, until_s=None)

    change = await store.revoke("6001", None, ALICE, now_s=NOW_S + 1)

    assert change.count == 2
    assert [row.endpoint for row in (await store.load_policy(SITE)).grants] == ["6002"]


async def test_revoking_what_was_not_granted_changes_nothing(store: Store) -> None:
    """A country outside the right leaves it alone."""
    await store.grant("6001", frozenset({"FR"}), ALICE, now_s=NOW_S, until_s=None)

    assert await store.revoke("6001", frozenset({"MC"}), ALICE, now_s=NOW_S) == Change(1, count=0)


async def test_one_country_cannot_be_taken_out_of_a_right_to_all(store: Store) -> None:
    """The error says to revoke the whole right, and nothing is written."""
    await store.grant("6001", None, ALICE, now_s=NOW_S, until_s=None)

    with pytest.raises(InputError, match="revoke it whole"):
        await store.revoke("6001", frozenset({"MC"}), ALICE, now_s=NOW_S)

    assert await store.revision() == 1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("max_call_h", 1, "'max_call_h' is no limit; there are max_call_s"),
        ("max_call_s", 0, "max_call_s: 0 is not between 1 and 86400"),
        ("chargeable_per_site", 10_001, "10001 is not between 0 and 10000"),
    ],
)
async def test_a_limit_that_makes_no_sense_is_refused(
    store: Store, name: str, value: int, message: str
) -> None:
    """Unknown names and values out of bounds never reach the table."""
    with pytest.raises(InputError, match=message):
        await store.set_limits({name: value}, ALICE, now_s=NOW_S)


async def test_long_expired_rows_leave_the_policy_with_the_next_change(store: Store) -> None:
    """A day after their end they are swept out; an hour after it they are still there."""
    await store.suspend(MONACO, ALICE, now_s=NOW_S)
    await store.grant("6001", None, ALICE, now_s=NOW_S, until_s=NOW_S + 60)

    await store.set_mode(Mode.OBSERVE, ALICE, now_s=NOW_S + 3_600)
    early = await store.load_policy(SITE)
    await store.set_mode(Mode.OBSERVE, ALICE, now_s=NOW_S + 90_000)
    late = await store.load_policy(SITE)

    assert (len(early.suspensions), len(early.grants)) == (1, 1)
    assert (len(late.suspensions), len(late.grants)) == (0, 0)


BROKEN = [
    (
        "UPDATE suspension SET kind = 'planet'",
        "the store's suspension row 1 is malformed: kind is 'planet'",
    ),
    (
        "UPDATE suspension SET target = 'Monaco'",
        "the store's suspension row 1 is malformed: target is 'Monaco'",
    ),
    (
        "UPDATE suspension SET since_at = 'noon'",
        "the store's suspension row 1 is malformed: since_at is 'noon'",
    ),
    (
        "UPDATE suspension SET until_at = '2026-01-01'",
        "the store's suspension row 1 is malformed: until_at is '2026-01-01'",
    ),
    (
        "UPDATE permission SET countries = 'MC,x'",
        "the store's permission row 1 is malformed: countries is 'MC,x'",
    ),
    (
        "UPDATE permission SET until_at = 'never'",
        "the store's permission row 1 is malformed: until_at is 'never'",
    ),
    (
        "INSERT INTO setting VALUES ('mode', 'watch')",
        "the store's setting row 'mode' is malformed: value is 'watch'",
    ),
    (
        "INSERT INTO setting VALUES ('max_call_s', '-1')",
        "the store's setting row 'max_call_s' is malformed: value is '-1'",
    ),
]


@pytest.mark.parametrize(("statement", "message"), BROKEN)
async def test_a_malformed_row_is_named(
    store: Store, path: Path, statement: str, message: str
) -> None:
    """Loading stops with table, row, column and value, so the daemon keeps its last policy."""
    await store.suspend(MONACO, ALICE, now_s=NOW_S)
    await store.grant("6001", frozenset({"MC"}), ALICE, now_s=NOW_S, until_s=None)
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()

    with pytest.raises(StoreError) as caught:
        await store.load_policy(SITE)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET login = 'mallory'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT id, at, 'mallory', claim, action, subject, detail,"
        " revision FROM audit",
    ],
)
async def test_the_audit_cannot_be_rewritten(store: Store, path: Path, statement: str) -> None:
    """Changing, deleting and replacing a row are refused by the database itself."""
    await store.set_mode(Mode.ENFORCE, ALICE, now_s=NOW_S)
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="audit is append-only"):
        connection.execute(statement)
    connection.close()

    assert [row.login for row in await store.audit()] == ["alice(1000)"]


async def test_a_change_that_reads_first_does_not_fail_beside_another(
    store: Store, path: Path
) -> None:
    """Revoking looks before it writes; two connections at it never meet a stale picture."""
    other = await Store.open(str(path))
    try:
        for n in range(20):
            await store.grant(f"60{n:02}", None, ALICE, now_s=NOW_S, until_s=None)
        changes = await asyncio.gather(
            *(
                writer.revoke(f"60{n:02}", None, ALICE, now_s=NOW_S)
                for n in range(20)
                for writer in (store, other)
            )
        )
    finally:
        await other.close()

    assert sorted(change.count for change in changes) == [0] * 20 + [1] * 20


async def test_two_writers_each_get_their_own_revision(store: Store, path: Path) -> None:
    """Fifty changes by two connections at once give fifty revisions and fifty audit rows."""
    other = await Store.open(str(path))
    try:
        changes = await asyncio.gather(
            *(
                writer.set_limits({"max_call_s": 60 + n}, ALICE, now_s=NOW_S)
                for n in range(25)
                for writer in (store, other)
            )
        )
    finally:
        await other.close()

    revisions = sorted(change.revision for change in changes)
    assert revisions == list(range(1, 51))
    assert sorted(row.revision for row in await store.audit()) == revisions


async def test_an_accepted_store_is_above_what_was_in_force(store: Store) -> None:
    """The revision is raised once, with its audit row; a newer store is left as it is."""
    made = await store.accept_store(7, "restored", ALICE, now_s=NOW_S)
    again = await store.accept_store(7, "restored", ALICE, now_s=NOW_S)
    (row,) = await store.audit()

    assert (made, again) == (Change(8), Change(8, count=0))
    assert (row.action, row.revision) == ("store-accept", 8)
    assert json.loads(row.detail) == {"before": 0, "above": 7, "reason": "restored"}
