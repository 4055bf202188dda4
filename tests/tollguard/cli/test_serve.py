"""`serve`: the daemon's exit code is the command's."""

import pytest

from tests.tollguard.cli.conftest import Bench


def test_a_daemon_without_its_secrets_does_not_start(bench: Bench) -> None:
    """One sentence and the configuration's exit code, no traceback."""
    result = bench.run("serve")

    assert (result.code, result.out) == (78, "")
    assert result.err.splitlines()[-1].startswith("tollguard: secret file ")


def test_the_journal_gets_each_sentence_on_one_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A width that the environment hands down is no screen's."""
    monkeypatch.setenv("COLUMNS", "40")

    sentence = bench.run("serve").err.splitlines()[-1]

    assert sentence.startswith("tollguard: secret file ")
    assert len(sentence) > 40
