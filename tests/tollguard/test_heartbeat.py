"""The node's row in the store follows its status."""

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.tollguard.test_status_file import status
from tollguard.heartbeat import Heartbeat, node_row
from tollguard.reservations import Reservations
from tollguard.status_file import Status
from tollguard.store import Store, migrate
from tollguard.store_link import StoreLink


def believed() -> Status:
    """Give the status of a daemon that judges by its store's policy."""
    return replace(status(), policy_source="store")


async def test_a_store_that_is_not_believed_does_not_get_to_know_the_ledger(
    tmp_path: Path,
) -> None:
    """Else a fresh store would look like the node's own at the next start."""
    url = str(tmp_path / "tollguard.db")
    migrate(url)
    link, desk = StoreLink(url), Reservations()
    desk.open(tmp_path / "ledger.db")
    fallen = replace(status(), policy_source="fallback")
    await Heartbeat(link, desk, lambda: fallen).beat()
    store = await Store.open(url)
    rows, known = await store.nodes(), await store.ledger_identity("node")
    await store.close()
    await link.close()
    await desk.close()

    assert (len(rows), known) == (1, None)


async def test_a_beat_writes_the_row_and_notes_the_ledger(tmp_path: Path) -> None:
    """One beat tells the store the node's state and makes its first ledger known."""
    url = str(tmp_path / "tollguard.db")
    migrate(url)
    link, desk = StoreLink(url), Reservations()
    desk.open(tmp_path / "ledger.db")
    before = desk.state
    await Heartbeat(link, desk, believed).beat()
    store = await Store.open(url)
    rows, known = await store.nodes(), await store.ledger_identity("node")
    await store.close()
    await link.close()
    await desk.close()

    assert (before, desk.state) == ("foreign", "ok")
    assert rows == (node_row(believed()),)
    assert known is not None
    assert known.ledger_id == desk.ledger_id


async def test_a_store_that_is_away_is_no_error(tmp_path: Path) -> None:
    """A beat without a store changes nothing but the link's fault."""
    link = StoreLink(str(tmp_path / "no.db"))
    await Heartbeat(link, Reservations(), status).beat()

    assert "does not exist" in link.fault


@pytest.mark.parametrize(
    ("source", "fault", "revision"),
    [("store", "", 3), ("snapshot", "", 0), ("store", "malformed", 0), ("fallback", "", 0)],
)
def test_only_the_store_s_own_policy_counts_as_taken(
    source: str, fault: str, revision: int
) -> None:
    """A command must not take the snapshot's revision for its own change."""
    told = replace(status(), policy_revision=3, policy_source=source, policy_fault=fault)

    assert node_row(told).policy_revision == revision


def test_a_step_of_the_clock_is_told_once_and_a_slew_is_not() -> None:
    """An hour either way is told; what a time service corrects by and by is not."""
    beat = Heartbeat(StoreLink("no.db"), Reservations(), status)
    with capture_logs() as told:
        for wall_s, mono_s in ((100, 10), (101.001, 11), (3_702, 12), (3_703, 13), (104, 14)):
            beat.look_at_clock(wall_s, mono_s)

    assert [(line["event"], line["by_s"]) for line in told] == [
        ("clock-stepped", 3_600.0),
        ("clock-stepped", -3_600.0),
    ]
