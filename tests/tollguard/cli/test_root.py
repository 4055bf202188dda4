"""The root: global options, errors as one sentence, exit codes."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tollguard.cli.conftest import Bench
from tollguard.cli.root import asked_language

TOLLGUARD = [sys.executable, "-c", "from tollguard.cli import main; main()"]


def test_a_missing_configuration_is_one_sentence(bench: Bench, tmp_path: Path) -> None:
    """Exit code 78 and how to make one; nothing on standard output."""
    file = tmp_path / "none.toml"

    result = bench.bare("--config", str(file), "verdicts")

    assert (result.code, result.out) == (78, "")
    assert result.err == (
        f"tollguard: {file} does not exist; make one: tollguard config sample > {file}\n"
    )


def test_a_malformed_configuration_prints_every_error(bench: Bench) -> None:
    """All places at once, and 78."""
    bench.config.write_text('[gate]\nport = 0\n[site]\nplan = "fr"\n')

    result = bench.run("status")

    assert (result.code, result.out) == (78, "")
    assert result.err == (
        f"tollguard: {bench.config}: 2 errors\n"
        "  site.plan: 'fr' is not one of 'jp' or 'generic'\n"
        "  gate.port: 0 is too small; at least 1\n"
    )


def test_a_wrong_command_line_exits_64(bench: Bench) -> None:
    """Usage errors have sysexits' code."""
    result = bench.run("suspned")

    assert result.code == 64
    assert "No such command 'suspned'" in result.err


def test_a_missing_store_names_the_command(bench: Bench) -> None:
    """Every report says how to make the store, and exits 74."""
    bench.store.unlink()

    result = bench.run("verdicts")

    assert (result.code, result.out) == (74, "")
    assert result.err == (
        f"tollguard: the store {bench.store} does not exist; run: tollguard store migrate\n"
    )


@pytest.mark.parametrize(
    "arguments", [("--json", "verdicts"), ("verdicts", "--json"), ("--json", "verdicts", "--json")]
)
def test_the_form_is_taken_before_and_after_the_command(
    bench: Bench, arguments: tuple[str, ...]
) -> None:
    """Both places mean the same."""
    assert bench.run(*arguments).out == "[]\n"


def test_the_command_itself_says_its_version() -> None:
    """The installed entry point runs in a process of its own."""
    done = subprocess.run(
        [*TOLLGUARD, "--version"], capture_output=True, text=True, check=False, timeout=30
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tollguard ")


def test_a_reader_that_leaves_is_no_error(bench: Bench) -> None:
    """With standard output closed early, the command ends in silence."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*TOLLGUARD, "config", "sample"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=30,
    )
    os.close(write)

    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "language"),
    [(["--lang", "ja", "status"], "ja"), (["--lang=ja"], "ja"), (["--lang"], "en"), ([], "en")],
)
def test_the_language_is_found_before_the_texts_are_made(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], language: str
) -> None:
    """``--lang`` is read ahead of click; else the environment decides."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    assert asked_language(arguments) == language


def test_japanese_is_accepted_before_it_is_translated(bench: Bench) -> None:
    """The command runs and speaks English."""
    result = bench.bare("--lang", "ja", "--config", str(bench.config), "verdicts")

    assert (result.code, result.out) == (0, "no call was judged\n")


def test_an_interrupted_command_exits_130(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is no traceback."""

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tollguard.cli.mode._show", interrupted)

    assert bench.run("mode").code == 130


@pytest.mark.parametrize(
    "arguments", [("--csv", "--json", "verdicts"), ("--csv", "verdicts", "--json")]
)
def test_two_forms_are_a_wrong_command_line(bench: Bench, arguments: tuple[str, ...]) -> None:
    """One would be ignored in silence otherwise."""
    result = bench.run(*arguments)

    assert (result.code, result.out) == (64, "")
    assert "give --json or --csv, not both" in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("check",),
        ("suspend", "country", "XX", "--for", "2h", "--reason", "x"),
        ("suspend", "endpoint", "e" * 79, "--for", "2h", "--reason", "x"),
        ("--config", "none.toml", "status"),
    ],
)
def test_no_sentence_is_wider_than_the_screen(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """At 100 columns every line fits but one that a single long word fills."""
    monkeypatch.setenv("COLUMNS", "100")

    result = bench.run(*arguments)

    lines = (result.out + result.err).splitlines()
    assert lines
    assert [line for line in lines if len(line) > 100 and len(line.split()) > 1] == []


@pytest.mark.parametrize(
    "words", [("mode",), ("verdicts", "--json"), ("config", "sample"), ("status", "--help")]
)
def test_output_to_a_full_disk_is_one_sentence(bench: Bench, words: tuple[str, ...]) -> None:
    """Exit code 74 and no traceback, neither at once nor when Python ends."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*TOLLGUARD, "--config", str(bench.config), *words],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
        )

    assert (done.returncode, done.stderr) == (
        74,
        "tollguard: the output could not be written: No space left on device\n",
    )


def test_another_fault_of_the_system_is_not_taken_for_the_outputs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of our own keeps its traceback."""

    def failing(*_arguments: object) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr("tollguard.cli.mode._show", failing)

    with pytest.raises(OSError, match="Bad file descriptor"):
        bench.run("mode")
