"""What status.json says, and that a disk that refuses is told once."""

import json
from pathlib import Path

import pytest

from tollguard.status_file import Status, StatusFile, stopped_now


def status() -> Status:
    """Make a status whose every field has a value of its type."""
    made: dict[str, object] = {}
    for name, kind in Status.__annotations__.items():
        made[name] = 0 if kind is int else {} if kind == dict[str, int] else ()
        if kind is str:
            made[name] = name
    return Status(**made)  # type: ignore[arg-type]  # built from the annotations


@pytest.mark.parametrize(
    ("mode", "ledger_fault", "blind", "stops", "does_not_stop"),
    [
        ("observe", "", "", ("malformed-numbers", "suspensions"), ("rules",)),
        ("enforce", "", "", ("malformed-numbers", "suspensions", "rules"), ()),
        (
            "enforce",
            "full",
            "ami-lost",
            ("malformed-numbers", "suspensions", "rules", "all-chargeable-calls"),
            ("calls-around-the-gate",),
        ),
    ],
)
def test_what_is_stopped_is_named(
    mode: str,
    ledger_fault: str,
    blind: str,
    stops: tuple[str, ...],
    does_not_stop: tuple[str, ...],
) -> None:
    """Observe stops no rule's call; a ledger's fault stops all that costs; blind leaves a hole."""
    assert stopped_now(mode, ledger_fault, blind) == (stops, does_not_stop)


def test_the_file_holds_every_field(tmp_path: Path) -> None:
    """The file is a JSON object with the status's own names, and is gone after `remove`."""
    path = tmp_path / "status.json"
    file = StatusFile(path, status)
    file.write()
    told = json.loads(path.read_text())
    file.remove()

    assert set(told) == set(Status.__annotations__)
    assert not path.exists()


def test_a_disk_that_refuses_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each second's failure is not a line; the return is."""
    folder = tmp_path / "run"
    file = StatusFile(folder / "status.json", status)
    file.write()
    file.write()
    folder.mkdir()
    file.write()
    file.write()
    told = capsys.readouterr().out

    assert (told.count("status-not-written"), told.count("status-written-again")) == (1, 1)


def test_taking_it_away_may_fail(tmp_path: Path) -> None:
    """A folder that cannot be reached at the end breaks nothing."""
    StatusFile(tmp_path / ("x" * 300) / "status.json", status).remove()
