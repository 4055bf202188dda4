"""Secrets come from files that only we can read."""

from pathlib import Path

import pytest

from tests.tollguard.closed import closed
from tollguard.errors import AccessError, ConfigError
from tollguard.secret_files import read_secret, secret_path


def _file(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("data", [b"s3cret", b"s3cret\n"])
def test_the_line_is_the_secret(tmp_path: Path, data: bytes) -> None:
    """One newline at the end is not part of it."""
    assert read_secret(_file(tmp_path / "key", data)) == "s3cret"


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o644])
def test_a_file_open_to_everybody_is_refused(tmp_path: Path, mode: int) -> None:
    """Any right of others is an error that names the command; the secret is not shown."""
    file = _file(tmp_path / "key", b"s3cret", mode)

    with pytest.raises(ConfigError) as caught:
        read_secret(file)

    assert str(caught.value) == f"secret file {file} is open to everybody; run: chmod o= {file}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"a\r\nAction: Originate", "must hold one line"),
        (b"a b", "must hold one line"),
        (b"\xff\xfe", "must hold one line"),
        (b"x" * 257, "must hold one line"),
    ],
)
def test_what_could_end_a_header_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    """Only visible ASCII on one line is a secret, and it is never part of the message."""
    with pytest.raises(ConfigError, match=message) as caught:
        read_secret(_file(tmp_path / "key", data))

    assert "Originate" not in str(caught.value)


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    """The sentence says how secrets are made."""
    with pytest.raises(
        ConfigError, match="No such file or directory; see tollguard config secrets"
    ):
        read_secret(tmp_path / "none")


def test_a_closed_file_says_whose_it_is(tmp_path: Path) -> None:
    """Not to make new secrets, which would part Asterisk from the daemon."""
    file = _file(tmp_path / "key", b"secret")

    with closed(file), pytest.raises(AccessError, match="root's alone: check as root") as told:
        read_secret(file)
    assert "config secrets" not in str(told.value)


def test_the_services_own_copy_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials folder of systemd is used where it holds a file of the same name."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    _file(folder / "gate-key", b"copy")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))

    assert read_secret(tmp_path / "gate-key") == "copy"
    assert secret_path(tmp_path / "ami-eyes") == tmp_path / "ami-eyes"


def test_a_credentials_folder_that_cannot_be_reached_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The configured file is used, as when the folder has no copy."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / ("x" * 300)))

    assert read_secret(_file(tmp_path / "key", b"s3cret")) == "s3cret"
