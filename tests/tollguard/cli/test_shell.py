"""What every command is given."""

from pathlib import Path

import pytest

from tollguard.cli.shell import Shell


def test_the_configuration_is_read_once(tmp_path: Path) -> None:
    """Changing the file in the middle of a command changes nothing."""
    file = tmp_path / "t.toml"
    file.write_text('[site]\nnode = "a"\n')
    shell = Shell(config_file=str(file))
    first = shell.config
    file.write_text('[site]\nnode = "b"\n')

    assert shell.config is first
    assert shell.node_name == "a"


def test_the_option_names_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--node`` comes before the configuration, which is not even read."""
    monkeypatch.setenv("TOLLGUARD_CONFIG", "/none.toml")

    assert Shell(node="pbx9").node_name == "pbx9"
