"""Devices and findings reach the store: the latest of each, and only what changed."""

import time
from pathlib import Path

import pytest

from policies.detection.finding import Finding, FindingKind, Severity
from policies.events import Address, Blinded, ContactSeen, ContactStatus, Reconciled, Technology
from policies.situation import Situation
from tollguard import fact_writer, store_link
from tollguard.fact_writer import FactWriter
from tollguard.store import Store, migrate
from tollguard.store_link import StoreLink


def writer_on(path: Path, situation: Situation | None = None) -> FactWriter:
    link = StoreLink(str(path))
    return FactWriter(link, situation or Situation(), "pbx1", "default", lag_ms=2_000)


def finding(count: int, subject: str = "198.51.100.7") -> Finding:
    return Finding(
        FindingKind.GUESSING_SOURCE,
        subject,
        first_at_s=1.0,
        last_at_s=1.0 + count,
        count=count,
        accounts=("6001",),
        sources=(subject,),
        severity=Severity.WARNING,
    )


def seen(rtt_us: int) -> ContactSeen:
    return ContactSeen(
        time.monotonic(),
        Technology.PJSIP,
        "6001",
        "sip:6001@192.0.2.7",
        ContactStatus.REACHABLE,
        rtt_us,
        Address("192.0.2.7", 5061, "UDP"),
    )


async def test_a_device_s_row_follows_it(tmp_path: Path) -> None:
    """Host, port, state and round trip are the phone's; blindness marks the row as stale."""
    path = tmp_path / "tollguard.db"
    migrate(str(path))
    situation = Situation()
    situation.apply(Reconciled(time.monotonic(), frozenset(), frozenset()))
    writer = writer_on(path, situation)
    situation.apply(seen(23_000))
    await writer.write()
    store = await Store.open(str(path))
    first = await store.devices()
    situation.apply(seen(2_500_000))
    situation.apply(Blinded(time.monotonic(), "ami-lost"))
    await writer.write()
    second = await store.devices()
    await store.close()
    await writer._link.close()

    rows = (*first, *second)
    assert [(d.endpoint, d.state, d.host, d.port, d.rtt_us, d.stale) for d in rows] == [
        ("6001", "ok", "192.0.2.7", 5061, 23_000, False),
        ("6001", "lagged", "192.0.2.7", 5061, 2_500_000, True),
    ]


async def test_an_unchanged_picture_is_not_written_again(tmp_path: Path) -> None:
    """Without a change nothing is committed: the store's watchers are left alone."""
    path = tmp_path / "tollguard.db"
    migrate(str(path))
    writer = writer_on(path)
    await writer.write()
    store = await Store.open(str(path))
    before = await store._db.connection.execute_fetchall("PRAGMA data_version")
    await writer.write()
    after = await store._db.connection.execute_fetchall("PRAGMA data_version")
    await store.close()
    await writer._link.close()

    assert [tuple(row) for row in before] == [tuple(row) for row in after]


async def test_the_latest_state_of_a_finding_is_stored_when_the_store_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the store is away a finding's newest state is kept, once."""
    monkeypatch.setattr(store_link, "RETRY_S", 0.0)
    path = tmp_path / "tollguard.db"
    writer = writer_on(path)
    writer.found((finding(10),))
    await writer.write()
    writer.found((finding(11),))
    migrate(str(path))
    await writer.write()
    await writer.write()
    store = await Store.open(str(path))
    rows = await store._db.connection.execute_fetchall("SELECT subject, count FROM finding")
    await store.close()
    await writer._link.close()

    assert [tuple(row) for row in rows] == [("198.51.100.7", 11)]


async def test_too_many_findings_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit new findings are dropped and counted; known ones still move on."""
    monkeypatch.setattr(fact_writer, "WAITING_FINDINGS", 1)
    writer = writer_on(tmp_path / "no.db")
    writer.found((finding(10), finding(10, "198.51.100.8"), finding(11)))

    assert writer.dropped == 1
