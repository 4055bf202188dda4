"""The files that the package carries are found."""

from pathlib import Path

import pytest

from tollguard import shipped


def test_a_checkout_s_own_files_are_found() -> None:
    """In a checkout the folders beside the package are used, not a stale copy inside it."""
    assert (shipped.asterisk_conf() / "extensions.d" / "tollguard.conf").is_file()
    assert (shipped.deploy() / "tollguard.service").is_file()


def test_an_installed_copy_s_files_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a checkout around it, the wheel's own copy is used; a stranger's folder is not."""
    package = tmp_path / "tollguard"
    (package / "_deploy").mkdir(parents=True)
    (tmp_path / "deploy").mkdir()
    monkeypatch.setattr(shipped, "PACKAGE", package)

    assert shipped.deploy() == package / "_deploy"
    with pytest.raises(FileNotFoundError, match="without its asterisk-conf"):
        shipped.asterisk_conf()
