"""Shows that nothing is left out of a run in silence."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

INI = "[pytest]\nmarkers =\n    asterisk16: an old Asterisk\naddopts = -p no:cacheprovider\n"
TESTS = """
import pytest

@pytest.mark.asterisk16
def test_old() -> None:
    assert False

def test_new() -> None:
    assert True
"""


def run(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """Run a small suite under our conftest; return its exit code and its lines."""
    shutil.copy(Path(__file__).parent / "conftest.py", folder)
    (folder / "pytest.ini").write_text(INI)
    (folder / "test_small.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "pytest.ini", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
    )
    return done.returncode, (done.stderr + done.stdout).splitlines()


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_what_is_left_out_is_named_in_the_last_line(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """The tests of a named marker do not run, and the last line says which and why."""
    code, lines = run(tmp_path, "--without", "asterisk16: no mirror has it", *workers)

    assert code == 0
    assert lines[-1] == "NOT RUN: asterisk16 (1 tests): no mirror has it"


def test_without_the_flag_a_test_that_cannot_run_fails(tmp_path: Path) -> None:
    """Nothing is left out by itself."""
    code, lines = run(tmp_path)

    assert code == 1
    assert not any(line.startswith("NOT RUN") for line in lines)


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    """A misspelt name stops the run instead of leaving nothing out."""
    code, lines = run(tmp_path, "--without", "asterisk61")

    assert code == pytest.ExitCode.USAGE_ERROR
    assert "--without asterisk61: no such marker; there are asterisk16" in "\n".join(lines)
