"""Who runs the command, and whose files it may touch."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from tollguard.cli.actor import become_owner, current_actor
from tollguard.store import Actor

ME = f"{pwd.getpwuid(os.getuid()).pw_name}({os.getuid()})"


def test_the_login_uid_names_the_actor_and_sudo_is_a_claim(tmp_path: Path) -> None:
    """The kernel's uid decides, whatever the environment says."""
    file = tmp_path / "loginuid"
    file.write_text("0")

    assert current_actor(file, {"SUDO_USER": "bob"}) == Actor("root(0)", "bob")


def test_a_uid_without_a_name_keeps_its_number(tmp_path: Path) -> None:
    """An account that was deleted is still told."""
    file = tmp_path / "loginuid"
    file.write_text("54321")

    assert current_actor(file, {}) == Actor("uid(54321)")


@pytest.mark.parametrize("content", ["4294967295", "", "root"])
def test_a_process_without_a_login_says_so(tmp_path: Path, content: str) -> None:
    """Jobs of cron and systemd are named by the user they run as."""
    file = tmp_path / "loginuid"
    file.write_text(content)

    assert current_actor(file, {}) == Actor(f"{ME}, no login")
    assert current_actor(tmp_path / "none", {}) == Actor(f"{ME}, no login")


def test_root_becomes_the_owner_of_the_folder(tmp_path: Path) -> None:
    """Files that root makes belong to the service; nobody else can change who he is."""
    expected = os.geteuid()
    if expected == 0:
        os.chown(tmp_path, 65_534, 65_534)
        expected = 65_534
    code = (
        "import os, sys, pathlib; from tollguard.cli.actor import become_owner;"
        "become_owner(pathlib.Path(sys.argv[1])); print(os.geteuid())"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert int(done.stdout) == expected


def test_an_own_folder_changes_nobody(tmp_path: Path) -> None:
    """Where the folder is ours, or is not there, the process stays who it is."""
    before = os.geteuid()
    become_owner(tmp_path)
    become_owner(tmp_path / "none")

    assert os.geteuid() == before


def test_a_folder_that_cannot_be_reached_changes_nobody(tmp_path: Path) -> None:
    """What is wrong with it is told by who opens the file."""
    before = os.geteuid()
    become_owner(tmp_path / ("x" * 300))

    assert os.geteuid() == before
