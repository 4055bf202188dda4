"""`config`: the sample, the values in force, and the secrets."""

import grp
import json
import os
import shutil
import stat
import tempfile
import tomllib
from pathlib import Path

import pytest

from tests.tollguard.cli.conftest import Bench, Result
from tests.tollguard.closed import not_root
from tollguard.config_text import sample
from tollguard.secret_files import read_secret

FILES = (
    "asterisk/tollguard-gate-key",
    "asterisk/manager.d/tollguard-secret.conf",
    "keys/gate-key",
    "keys/ami-eyes",
    "keys/ami-hands",
)
GROUP = grp.getgrgid(os.getgid()).gr_name


def test_the_sample_is_printed(bench: Bench) -> None:
    """It needs no configuration."""
    assert bench.bare("config", "sample").out == sample()


def test_the_values_in_force_are_printed(bench: Bench) -> None:
    """As TOML, JSON and CSV; no secret is in them."""
    shown = tomllib.loads(bench.run("config", "show").out)

    assert shown["trunk"] == [
        {"endpoint": "trunk", "form": "national", "emergency": True, "dial": "", "channels": 0}
    ]
    assert shown["gate"]["port"] == 573
    assert json.loads(bench.run("config", "show", "--json").out) == shown
    lines = bench.run("config", "show", "--csv").out.splitlines()
    assert lines[:2] == ["section,setting,value", "site,node,pbx1"]


@pytest.fixture
def asterisk(bench: Bench) -> Path:
    """Give an empty folder in the place of /etc/asterisk, and one for the credentials."""
    folder = bench.folder / "asterisk"
    folder.mkdir()
    (bench.folder / "keys").mkdir(mode=0o700)
    return folder


def _secrets(bench: Bench, *options: str) -> Result:
    return bench.bare(
        "config",
        "secrets",
        *("--asterisk-etc", str(bench.folder / "asterisk")),
        *("--credentials", str(bench.folder / "keys")),
        *options,
    )


def test_secrets_are_made_for_both_sides(bench: Bench, asterisk: Path) -> None:
    """Five files with the modes of their readers; Asterisk's hold what the daemon's hold."""
    result = _secrets(bench, "--asterisk-group", GROUP)
    key, eyes, hands = (
        read_secret(bench.folder / "keys" / name) for name in ("gate-key", "ami-eyes", "ami-hands")
    )

    assert result.code == 0
    assert (asterisk / "tollguard-gate-key").read_text() == f"{key}\n"
    assert (asterisk / "manager.d" / "tollguard-secret.conf").read_text() == (
        "; Made by `tollguard config secrets`: the secrets of tollguard's two manager users.\n"
        f"[tollguard-eyes-secret](!)\nsecret={eyes}\n\n"
        f"[tollguard-hands-secret](!)\nsecret={hands}\n"
    )
    assert [_mode(bench.folder / name) for name in FILES] == [
        0o640,
        0o640,
        0o600,
        0o600,
        0o600,
    ]
    assert len({key, eyes, hands}) == 3


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_no_secret_is_printed(bench: Bench, asterisk: Path) -> None:
    """Only paths, modes and what to do next."""
    result = _secrets(bench)

    lines = [f"wrote {bench.folder / name} ({_mode(bench.folder / name):04o})" for name in FILES]
    assert result.out.splitlines() == [
        *lines,
        "next: asterisk -rx 'manager reload', restart tollguard",
    ]


def test_nothing_is_overwritten_without_being_told(bench: Bench, asterisk: Path) -> None:
    """One file that is there stops all of it; --rotate replaces every one."""
    _secrets(bench)
    before = {name: (bench.folder / name).read_text() for name in FILES}
    (bench.folder / "keys" / "ami-hands").unlink()

    refused = _secrets(bench)
    kept = {name: (bench.folder / name).read_text() for name in FILES[:-1]}
    rotated = _secrets(bench, "--rotate")

    assert (refused.code, refused.out) == (78, "")
    assert refused.err.endswith("exist already; nothing was written; to replace them: --rotate\n")
    assert kept == {name: before[name] for name in FILES[:-1]}
    assert rotated.code == 0
    assert all((bench.folder / name).read_text() != before[name] for name in FILES)


def test_a_folder_that_is_not_asterisks_is_told(bench: Bench) -> None:
    """Nothing is written beside a mistyped path."""
    result = _secrets(bench)

    assert (result.code, result.err) == (
        78,
        f"tollguard: {bench.folder}/asterisk is no folder; name Asterisk's configuration folder\n",
    )
    assert not (bench.folder / "keys").exists()


def test_an_unknown_group_is_told(bench: Bench, asterisk: Path) -> None:
    """Asterisk could not read its secrets otherwise."""
    result = _secrets(bench, "--asterisk-group", "no-such-group")

    assert (result.code, result.err) == (
        78,
        "tollguard: there is no group 'no-such-group'; name the one that Asterisk runs under\n",
    )


def test_what_cannot_be_written_is_told(bench: Bench, asterisk: Path) -> None:
    """A file in the place of a folder is one sentence, and nothing is written elsewhere."""
    (asterisk / "manager.d").touch()

    result = _secrets(bench)

    assert result.code == 78
    assert result.err == (f"tollguard: {asterisk}/manager.d is no folder\n")
    assert not list((bench.folder / "keys").iterdir())


def test_a_file_that_cannot_be_written_is_told(bench: Bench, asterisk: Path) -> None:
    """A folder in the place of a file is one sentence."""
    (asterisk / "tollguard-gate-key").mkdir()

    result = _secrets(bench, "--rotate")

    assert result.code == 78
    assert result.err == (
        f"tollguard: {asterisk}/tollguard-gate-key cannot be written: Is a directory\n"
    )


def test_who_may_not_write_everything_writes_nothing(bench: Bench) -> None:
    """A closed folder and a foreign group are told before the first file, with the remedy."""
    site = Path(tempfile.mkdtemp())  # the folders above a test's own are closed to others
    site.chmod(0o755)
    for name in ("asterisk", "keys"):
        (site / name).mkdir(mode=0o555)
    words = (
        *("config", "secrets", "--asterisk-etc", str(site / "asterisk")),
        *("--credentials", str(site / "keys")),
    )
    with not_root():
        closed = bench.bare(*words)
        foreign = bench.bare(*words, "--asterisk-group", "sys")
    left = list(site.rglob("*"))
    shutil.rmtree(site)

    assert (closed.code, closed.err) == (
        77,
        f"tollguard: {site}/asterisk cannot be written; run this as root; nothing was written\n",
    )
    assert (foreign.code, foreign.err) == (
        77,
        "tollguard: only root can give a file to the group sys; run this as root\n",
    )
    assert len(left) == 2


def test_a_mistyped_credentials_folder_rotates_nothing(bench: Bench, asterisk: Path) -> None:
    """Asterisk would have new secrets and the daemon the old ones: nothing is written."""
    _secrets(bench)
    before = (asterisk / "tollguard-gate-key").read_text()
    (bench.folder / "keys").rename(bench.folder / "moved")

    result = _secrets(bench, "--rotate")

    assert (result.code, result.out) == (78, "")
    assert result.err.startswith(f"tollguard: {bench.folder}/keys is no folder; name the one")
    assert (asterisk / "tollguard-gate-key").read_text() == before
    assert not (bench.folder / "keys").exists()


@pytest.mark.parametrize("name", ["asterisk", "keys"])
def test_secrets_in_a_folder_that_cannot_be_reached_are_told(bench: Bench, name: str) -> None:
    """One sentence with the system's reason, and nothing is written."""
    bad = bench.folder / ("x" * 300)
    folders = {"asterisk": bench.folder, "keys": bench.folder / "keys", name: bad}

    result = bench.bare(
        *("config", "secrets", "--asterisk-etc", str(folders["asterisk"])),
        *("--credentials", str(folders["keys"])),
    )

    assert (result.code, result.out) == (78, "")
    assert result.err.startswith(f"tollguard: {bad}")
    assert result.err.endswith(" cannot be reached: File name too long\n")
    assert not (bench.folder / "keys").exists()
