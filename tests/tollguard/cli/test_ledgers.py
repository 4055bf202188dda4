"""`ledger`: the durable rows, and accepting a ledger that was replaced."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.tollguard.cli.conftest import CONFIG, Bench
from tests.tollguard.closed import NOBODY, closed
from tests.tollguard.node import LAUNCH
from tests.tollguard.store.conftest import ALICE, NOW_S
from tollguard.cli.actor import current_actor
from tollguard.ledger import Ledger
from tollguard.ledger_file import Reservation, read

CALL = Reservation(
    token="t" * 32,
    endpoint="6001",
    number="01037793123456",
    country="MC",
    trunk="trunk",
    uniqueid="1.1",
    linkedid="1.1",
    limit_ms=14_400_000,
    policy_revision=3,
)


def test_a_ledger_that_cannot_be_opened_says_what_to_do(bench: Bench) -> None:
    """The path, the fault and the remedy."""
    bench.config.write_text(bench.config.read_text().replace("/state/ledger", "/none/ledger"))

    result = bench.run("ledger", "show")

    assert result.code == 74
    assert "unable to open database file; see that its folder is there" in result.err


@pytest.fixture
def file(bench: Bench) -> Path:
    """Give a ledger with one row."""
    path = bench.folder / "state" / "ledger.db"

    async def reserve() -> None:
        ledger = Ledger.open(path)
        await ledger.reserve(CALL)
        await ledger.close()

    asyncio.run(reserve())
    return path


def _state(bench: Bench) -> str:
    return str(json.loads(bench.run("ledger", "--json").out)["state"])


def test_identity_state_and_rows_are_shown(bench: Bench, file: Path) -> None:
    """The bare word and `show` print the same."""
    found = read(file)
    bench.with_store(
        lambda store: store.note_ledger("pbx1", found.ledger_id, found.last_seq, now_s=NOW_S)
    )

    result = bench.run("ledger")
    lines = result.out.splitlines()

    assert result == bench.run("ledger", "show")
    assert lines[:4] == [
        f"ledger       {found.ledger_id}",
        "last row     1",
        "state        ok",
        "accepted by  first start",
    ]
    assert lines[4].split() == [
        *("row", "kind", "at", "endpoint", "number", "to", "trunk", "limit", "s")
    ]
    assert lines[6].split()[0:2] == ["1", "reserve"]
    assert lines[6].split()[4:] == ["6001", "01037793123456", "MC", "trunk", "14400"]
    assert len(bench.run("ledger", "show", "--csv").out.splitlines()) == 2


def test_the_state_compares_with_what_the_store_knows(bench: Bench, file: Path) -> None:
    """New, another one, an older one."""
    found = read(file)
    states = [_state(bench)]
    for ledger_id, seq in (("b" * 32, 1), (found.ledger_id, 9)):
        bench.with_store(
            lambda store, ledger_id=ledger_id, seq=seq: store.accept_ledger(  # type: ignore[misc]
                "pbx1", ledger_id, seq, "x", ALICE, now_s=NOW_S
            )
        )
        states.append(_state(bench))

    assert states == [
        "new: no daemon used it yet",
        "unknown: the store knows another one; chargeable calls are denied",
        "older than the store knows it; chargeable calls are denied",
    ]


def test_a_replaced_ledger_is_accepted_with_a_reason(bench: Bench, file: Path) -> None:
    """The store knows it afterwards, and the audit says why."""
    bench.with_store(lambda store: store.note_ledger("pbx1", "b" * 32, 50, now_s=NOW_S))

    result = bench.run("ledger", "accept", "--reason", "new disk")
    audit = bench.with_store(lambda store: store.audit())

    assert result.code == 0
    assert result.out.splitlines()[0] == (
        f"accepted: ledger {read(file).ledger_id} of pbx1 at row 1 (revision 1)"
    )
    assert _state(bench) == "ok"
    assert (audit[0].action, json.loads(audit[0].detail)["reason"]) == ("ledger-accept", "new disk")


def test_the_ledger_that_is_known_is_not_accepted_again(bench: Bench, file: Path) -> None:
    """Nothing is changed, no revision is made, and it is said."""
    found = read(file)
    bench.with_store(
        lambda store: store.note_ledger("pbx1", found.ledger_id, found.last_seq, now_s=NOW_S)
    )

    result = bench.run("ledger", "accept", "--reason", "x")

    assert result.code == 0
    assert result.out == (
        f"nothing to accept: ledger {found.ledger_id} of pbx1 is the one that the store knows\n"
    )
    assert bench.with_store(lambda store: store.revision()) == 0


def test_who_accepted_is_who_ran_it(bench: Bench, file: Path) -> None:
    """Run by root, it becomes the service's user for the files, and stays root in the audit."""
    site = Path(tempfile.mkdtemp())  # the folders above a test's own are closed to others
    shutil.copytree(bench.folder, site, dirs_exist_ok=True)
    config = site / bench.config.name
    config.write_text(config.read_text().replace(str(bench.folder), str(site)))
    site.chmod(0o755)
    if os.geteuid() == 0:
        for path in (site / "state", *(site / "state").iterdir()):
            os.chown(path, NOBODY, NOBODY)

    words = ("--config", str(config), "ledger", "accept", "--reason", "new disk")
    done = subprocess.run(
        [sys.executable, "-c", LAUNCH, *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    audit = Bench(site, bench.capture).with_store(lambda store: store.audit())
    shutil.rmtree(site)

    assert done.returncode == 0, done.stderr
    assert (audit[0].action, audit[0].login) == ("ledger-accept", current_actor().login)


def test_rows_are_shown_without_a_store(bench: Bench, file: Path) -> None:
    """The store's own sentence stands in the place of the state."""
    bench.store.unlink()

    assert _state(bench).endswith("does not exist; run: tollguard store migrate")


def test_no_ledger_is_one_sentence(bench: Bench) -> None:
    """Exit code 74, for showing and for accepting."""
    for words in (("ledger",), ("ledger", "accept", "--reason", "x")):
        result = bench.run(*words)

        assert (result.code, result.out) == (74, "")
        assert result.err.startswith("tollguard: ledger ")


def test_a_ledger_closed_to_the_user_says_who_may(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 77 and the group or root, not a fault of the disk."""
    site = Bench(Path(tempfile.mkdtemp()), capsys)  # the folders above a test's own are closed
    site.folder.chmod(0o755)
    (site.folder / "state").mkdir()
    site.config.write_text(CONFIG.format(folder=site.folder))
    ledger = site.folder / "state" / "ledger.db"
    ledger.touch()
    with closed(ledger):
        result = site.run("ledger")
    shutil.rmtree(site.folder)

    assert (result.code, result.out) == (77, "")
    said = " ".join(result.err.split())
    assert said == f"tollguard: the ledger {ledger} is closed to this user; run it as root"
