"""Which store may judge, by what the node knows itself."""

import sqlite3
from pathlib import Path

import pytest

from policies.ahead import AheadChange
from policies.kept import MAX_REVISION, Kept, of_store
from policies.policy import Policy, Suspension, SuspensionKind
from tollguard.ledger_file import SCHEMA, new_identity
from tollguard.policy_trust import Memory, floor_of, memory_of, refusal
from tollguard.snapshot_file import Look
from tollguard.store.ahead import Standing

MADE = Suspension(0, SuspensionKind.ENDPOINT, "6001", 1.0, None, "stolen", "alice(1000)")
CHANGE = AheadChange("0f", ends=False, suspension=MADE, login="alice(1000)", claim="")
KEPT = Look(Kept(Policy(8), 6, (CHANGE,)))
DAMAGED, CUT = Look(fault="bad"), Look(fault="bad", base=6)
USED = Memory(used=True, ledger_id="ours", floor=4)


@pytest.mark.parametrize(
    ("look", "memory", "standing", "said"),
    [
        (Look(), Memory(), Standing(0, "", 0), ""),
        (Look(of_store(Policy(6))), USED, Standing(6, "", 0), ""),
        (KEPT, USED, Standing(6, "", 0), ""),
        (KEPT, USED, Standing(5, "ours", 0), "older than the snapshot's 6"),
        (Look(Kept(Policy(8), 6)), USED, Standing(6, "ours", 0), "older than the snapshot's 8"),
        (DAMAGED, Memory(), Standing(9, "", 0), "cannot be told"),
        (CUT, Memory(), Standing(6, "", 0), ""),
        (CUT, Memory(), Standing(5, "", 0), "older than 6"),
        (Look(), USED, Standing(3, "ours", 0), "older than 4"),
        (Look(), USED, Standing(4, "ours", 0), ""),
        (Look(), USED, Standing(9, "", 0), "does not know this node's ledger"),
        (Look(), USED, Standing(9, "another", 0), "does not know this node's ledger"),
        (Look(), USED, Standing(9, "", 5), ""),
        (Look(), USED, Standing(9, "", 4), "does not know this node's ledger"),
        (Look(), Memory(used=True), Standing(0, "", 0), "does not know"),
        (Look(), Memory(used=True), Standing(1, "", 0), ""),
        (Look(), Memory(used=True), Standing(0, "any", 0), ""),
    ],
)
def test_a_store_may_judge_when_nothing_speaks_against_it(
    look: Look, memory: Memory, standing: Standing, said: str
) -> None:
    """Its revision, the ledger that it knows, and an operator's word are held to the node's own."""
    found = refusal(look, memory, standing)

    assert bool(found) == bool(said)
    assert said in found


def test_the_floor_is_the_newest_that_is_known() -> None:
    """An acceptance goes above it."""
    assert floor_of(KEPT, USED) == 8
    assert floor_of(CUT, USED) == 6
    assert floor_of(Look(), USED) == 4


def ledger(path: Path, *revisions: int) -> str:
    """Make a ledger's file with a row for each revision."""
    db = sqlite3.connect(path)
    db.executescript(SCHEMA)
    ledger_id = new_identity(db)
    for revision in revisions:
        db.execute(
            "INSERT INTO entry (kind, token, at, number, trunk, uniqueid, linkedid, limit_ms,"
            " policy_revision) VALUES ('reserve', 't', '', '1', 't', 'u', 'l', 1, ?)",
            (revision,),
        )
    db.commit()
    db.close()
    return ledger_id


def test_a_ledger_remembers_the_newest_policy(tmp_path: Path) -> None:
    """The highest revision of its newest rows, but none that no policy can have."""
    path = tmp_path / "ledger.db"
    ledger_id = ledger(path, 3, 7, 0, MAX_REVISION + 1)

    assert memory_of(path) == Memory(used=True, ledger_id=ledger_id, floor=7)


def test_an_empty_ledger_was_not_used(tmp_path: Path) -> None:
    """It has an identity and nothing to remember."""
    path = tmp_path / "ledger.db"
    ledger_id = ledger(path)

    assert memory_of(path) == Memory(used=False, ledger_id=ledger_id, floor=0)


def test_a_ledger_that_cannot_be_read_was_used(tmp_path: Path) -> None:
    """A missing or empty file is a beginning, and anything else is a loss."""
    missing = memory_of(tmp_path / "ledger.db")
    (tmp_path / "ledger.db").write_bytes(b"no database" * 100)
    below = memory_of(tmp_path / "ledger.db" / "ledger.db")

    assert missing == Memory()
    assert memory_of(tmp_path / "ledger.db") == Memory(used=True)
    assert not below.floor
