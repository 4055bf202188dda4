"""Shows that only a whole Asterisk is used, and that what cannot be had is said in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.asterisk import archive, fetch, flavours

ROOT = Path(__file__).parents[2]


def run(tmp_path: Path, *arguments: str, **environment: str) -> tuple[int, list[str]]:
    """Run the command with an empty cache; return its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.asterisk.fetch", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TOLLGUARD_CACHE": str(tmp_path / "cache"), **environment},
        timeout=100,
    )
    return done.returncode, done.stderr.splitlines()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Lay out the least that a sealed tree holds."""
    root = tmp_path / "tree"
    libraries = root / "usr/lib" / flavours.multiarch()
    for path in (
        root / "usr/sbin/asterisk",
        libraries / "ld-linux-test.so.2",
        libraries / "libc.so.6",
        libraries / "asterisk/modules/res_agi.so",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    archive.seal(root)
    return root


def test_a_sealed_tree_is_whole(tree: Path) -> None:
    """What was sealed is used again without a word."""
    assert archive.fault_in(tree) == ""


def test_a_missing_module_is_noticed(tree: Path) -> None:
    """A tree that lost a file is fetched again."""
    (flavours.modules_of(tree) / "res_agi.so").unlink()

    assert archive.fault_in(tree).endswith("res_agi.so is missing")


def test_a_changed_program_is_noticed(tree: Path) -> None:
    """A tree whose program has other bytes is fetched again."""
    (tree / "usr/sbin/asterisk").write_text("another")

    assert archive.fault_in(tree) == "usr/sbin/asterisk was changed"


def test_a_tree_without_seal_is_not_whole(tree: Path) -> None:
    """A fetch that was interrupted leaves no seal, so nothing half is used."""
    (tree / archive.SEAL).unlink()

    assert archive.fault_in(tree) == "no seal"


def test_without_a_network_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    """An unreachable mirror exits 69 with place and remedy, and leaves nothing half behind."""
    code, lines = run(tmp_path, "22", TOLLGUARD_DEBIAN_MIRROR="http://127.0.0.1:9/debian")

    assert code == fetch.EX_UNAVAILABLE
    assert "http://127.0.0.1:9/debian failed" in lines[-1]
    assert "set TOLLGUARD_DEBIAN_MIRROR=" in lines[-1]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock-22"]


def test_an_unknown_flavour_is_wrong_usage(tmp_path: Path) -> None:
    """Only the flavours that exist are named."""
    assert run(tmp_path, "23") == (
        fetch.EX_USAGE,
        ["usage: python -m tests.asterisk.fetch [22|16 …]; not '23'"],
    )


def test_an_own_asterisk_that_is_none_is_refused(tmp_path: Path) -> None:
    """TOLLGUARD_ASTERISK must name a program."""
    code, lines = run(tmp_path, "22", TOLLGUARD_ASTERISK="/nonexistent/asterisk")

    assert code == fetch.EX_UNAVAILABLE
    assert lines == [
        "TOLLGUARD_ASTERISK names '/nonexistent/asterisk', which is no program that can be started"
    ]


def test_an_own_asterisk_is_used(tmp_path: Path) -> None:
    """An installed Asterisk is found with its modules, and nothing is fetched."""
    binary = tmp_path / "usr/sbin/asterisk"
    modules = tmp_path / "usr/lib/asterisk/modules"
    for folder in (binary.parent, modules, tmp_path / "usr/share/asterisk"):
        folder.mkdir(parents=True)
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)

    assert run(tmp_path, "22", TOLLGUARD_ASTERISK=str(binary)) == (0, [f"Asterisk 22: {binary}"])
    assert flavours.installed(binary) == flavours.Installation(
        modules=modules, data=tmp_path / "usr/share/asterisk", asterisk=(str(binary),)
    )
