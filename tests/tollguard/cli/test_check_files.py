"""`check`: files that Asterisk reads and the service writes."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tollguard.closed import NOBODY
from tollguard.cli.check_files import check_asterisk_key, check_ledger
from tollguard.config import Config, parse

KEY = "0123456789abcdef"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that every user may reach: those above a test's own are closed."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


def _config(folder: Path, host: str = "127.0.0.1") -> Config:
    ours, theirs = folder / "gate-key", folder / "asterisk-key"
    for file in (ours, theirs):
        if not file.exists():
            file.write_text(f"{KEY}\n")
            file.chmod(0o640)
    sections = {
        "gate": {"key_file": str(ours), "asterisk_key_file": str(theirs)},
        "ami": {"host": host},
        "ledger": {"path": str(folder / "ledger.db")},
    }
    return parse(sections, folder / "t.toml")


def _told(config: Config, user: str = "root") -> list[str]:
    """Give what is told to root; nobody else can read both."""
    remarks = [(r.level, r.place, r.text) for r in check_asterisk_key(config, user)]
    assert all(remark[:2] == ("error", "gate.asterisk_key_file") for remark in remarks)
    assert os.geteuid() == 0 or not remarks
    return [remark[2] for remark in remarks]


def _as_root(*told: str) -> list[str]:
    return list(told) if os.geteuid() == 0 else []


def test_an_equal_key_is_good(folder: Path) -> None:
    """Only so many bytes are asked for as our key has, so a missing line end does no harm."""
    config = _config(folder)
    (folder / "asterisk-key").write_text(KEY)

    assert _told(config) == []
    assert _told(config, "no-such-user") == []


def test_a_missing_key_is_told_with_the_command(folder: Path) -> None:
    """The gate would answer nobody; an Asterisk elsewhere cannot be looked at."""
    config, elsewhere = _config(folder), _config(folder, "192.0.2.7")
    (folder / "asterisk-key").unlink()

    assert _told(config) == _as_root(
        f"{folder}/asterisk-key cannot be read: No such file or directory; make both keys:"
        " tollguard config secrets"
    )
    assert _told(elsewhere) == []


def test_another_key_is_told(folder: Path) -> None:
    """A half rotation; where ours cannot be read, that has its own remark."""
    config = _config(folder)
    (folder / "asterisk-key").write_text("another-key-of-asterisk")
    told = _told(config)
    (folder / "gate-key").unlink()

    assert told == _as_root(
        f"{folder}/asterisk-key holds another key than gate.key_file; copy it, or make both anew:"
        " tollguard config secrets --rotate"
    )
    assert _told(config) == []


def test_a_key_that_asterisk_may_not_read_is_told(folder: Path) -> None:
    """By its owner, its group, or as anybody, as the kernel asks; with the command."""
    config, key = _config(folder), folder / "asterisk-key"
    closed = _as_root(
        f"{key} cannot be read by Asterisk's user; run: chgrp asterisk {key}; chmod g+r {key}"
    )
    modes = {}
    for owner, group, mode in ((0, 0, 0o640), (NOBODY, 0, 0o400), (0, NOBODY, 0o640)):
        if os.geteuid() == 0:
            os.chown(key, owner, group)
        key.chmod(mode)
        modes[owner, group, mode] = _told(config, "nobody")

    assert list(modes.values()) == [closed, [], []]


def test_a_ledger_that_the_service_may_not_write_is_told(folder: Path) -> None:
    """Each file of it, as root once left it; a folder of somebody else says nothing."""
    config = _config(folder)
    (folder / "ledger.db").touch(0o644)
    (folder / "ledger.db-wal").touch(0o644)
    before = list(check_ledger(config))
    told: list[tuple[str, str, str]] = []
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, -1)
        before += check_ledger(config)
        os.seteuid(NOBODY)
        told = [(r.level, r.place, r.text) for r in check_ledger(config)]
        os.seteuid(0)

    assert before == []
    assert told == [
        (
            "error",
            "ledger.path",
            f"{folder}/{name} cannot be written by the service; run: chown nobody: {folder}/{name}",
        )
        for name in _as_root("ledger.db", "ledger.db-wal")
    ]


def test_a_ledgers_folder_that_is_missing_has_its_own_remark(folder: Path) -> None:
    """Nothing is said twice."""
    config = _config(folder)
    shutil.rmtree(folder)

    assert list(check_ledger(config)) == []
    folder.mkdir()
