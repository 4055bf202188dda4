"""Rights of originated calls as rows: made with their end and reason, ended, swept, audited."""

import json
import sqlite3
from pathlib import Path

import pytest

from policies.policy import Mode, OriginateGrant, Site
from tests.tollguard.store.conftest import ALICE, NOW_S
from tollguard.errors import StoreError
from tollguard.store import Change, NewOriginateGrant, Store

FAX = NewOriginateGrant("fax-out", frozenset({"MC", "FR"}), NOW_S + 60, "fax server")


async def test_a_right_is_made_loaded_and_taken_back(store: Store) -> None:
    """The policy has it until it is revoked; a second revoking finds none."""
    made = await store.grant_originate(FAX, ALICE, now_s=NOW_S)
    loaded = (await store.load_policy(Site())).originate_grants
    ended = await store.revoke_originate("fax-out", ALICE, now_s=NOW_S)
    again = await store.revoke_originate("fax-out", ALICE, now_s=NOW_S)

    assert made == Change(1, 1)
    assert loaded == (OriginateGrant(1, "fax-out", frozenset({"MC", "FR"}), NOW_S + 60),)
    assert (ended, again) == (Change(2, count=1), Change(2, count=0))
    assert (await store.load_policy(Site())).originate_grants == ()


async def test_the_audit_says_who_and_why(store: Store) -> None:
    """Both the making and the taking back have their row."""
    await store.grant_originate(FAX, ALICE, now_s=NOW_S)
    await store.revoke_originate("fax-out", ALICE, now_s=NOW_S)
    revoked, granted = await store.audit()

    assert (granted.action, granted.subject) == ("grant", "originate fax-out")
    assert json.loads(granted.detail) == {
        "countries": "FR,MC",
        "until": "2026-11-24T06:01:00.125Z",
        "reason": "fax server",
    }
    assert (revoked.action, revoked.subject) == ("revoke", "originate fax-out")


async def test_an_expired_right_is_swept_a_day_late(store: Store) -> None:
    """A clock that was wrong for an hour loses nothing."""
    await store.grant_originate(FAX, ALICE, now_s=NOW_S)
    await store.set_mode(Mode.OBSERVE, ALICE, now_s=NOW_S + 3_600)
    early = await store.load_policy(Site())
    await store.set_mode(Mode.OBSERVE, ALICE, now_s=NOW_S + 90_000)
    late = await store.load_policy(Site())

    assert (len(early.originate_grants), len(late.originate_grants)) == (1, 0)


async def test_a_malformed_row_is_named(store: Store, path: Path) -> None:
    """Loading stops with table, row, column and value."""
    await store.grant_originate(FAX, ALICE, now_s=NOW_S)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE originate_grant SET countries = 'Monaco'")
    connection.commit()
    connection.close()

    with pytest.raises(StoreError, match="originate_grant row 1 is malformed: countries is 'Mon"):
        await store.load_policy(Site())
