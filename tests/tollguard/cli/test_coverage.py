"""`coverage`: what the daemon found, with file and line where this machine's files have them."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from policies.coverage.findings import Why
from tests.tollguard.cli import daemon as stand_in
from tests.tollguard.cli.conftest import CONFIG, Bench
from tollguard.cli import coverage
from tollguard.store import migrate

NOBODY = 65_534
# Twice: the first run reads every module, which nobody else may be able to here.
RUN = f"""import os, pathlib, sys
from tollguard.cli.root import run
folder, *words = sys.argv[1:]
run(words)
if os.geteuid() == 0:
    for path in (pathlib.Path(folder), *pathlib.Path(folder).rglob("*")):
        if "etc" not in path.parts:
            os.chown(path, {NOBODY}, {NOBODY})
sys.exit(run(words))
"""
DIALPLAN = "[sub]\nexten => s,1,Dial(PJSIP/${EXTEN}@trunk)\n"


@pytest.fixture
def dialplan(tmp_path: Path) -> str:
    """Write the dialplan that has the hole."""
    path = tmp_path / "extensions.conf"
    path.write_text(DIALPLAN)
    return str(path)


def test_ways_are_listed_with_file_and_line(bench: Bench, dialplan: str) -> None:
    """A table, the reasons in words, what was looked at, and exit code 1."""
    with bench.daemon() as daemon:
        result = bench.run("coverage", "--dialplan", dialplan)

    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines() == [
        "where              why                way",
        "────────────────────────────────────────────────────────────────────────────────────────────────────",
        "extensions.conf:2  dial-without-gate  phones include out,_0X.,1 gosub sub,s,1",
        "                                      Dial(PJSIP/${EXTEN}@trunk)",
        "",
        "dial-without-gate: dials a trunk, and the gate was not asked",
        "looked at 3 contexts, 9 extensions, 20 lines; 4 of them dial, 2 lead to the gate",
    ]
    assert daemon.asked == [("coverage", {})]


def test_programs_get_every_station(bench: Bench, dialplan: str) -> None:
    """JSON has the way as a list, the file's whole path, and the counts."""
    with bench.daemon():
        result = bench.run("coverage", "--dialplan", dialplan, "--json")

    hole = {key: value for key, value in stand_in.HOLE.items() if key != "path"}
    way = "phones include out,_0X.,1 gosub sub,s,1 Dial(PJSIP/${EXTEN}@trunk)"
    assert result.code == 1
    assert json.loads(result.out) == {
        **stand_in.LOOKED,
        "findings": [
            {**hole, "file": dialplan, "line": 2, "way": way, "path": stand_in.HOLE["path"]}
        ],
    }


def test_a_sheet_has_a_row_for_each(bench: Bench, dialplan: str) -> None:
    """CSV and nothing else."""
    with bench.daemon():
        result = bench.run("coverage", "--dialplan", dialplan, "--csv")

    assert result.code == 1
    assert result.out.splitlines()[0] == "why,file,line,way,app,data,detail,registrar"
    assert len(result.out.splitlines()) == 2


def test_none_is_said_with_what_was_looked_at(bench: Bench) -> None:
    """Exit code 0, and no file is needed."""
    with bench.daemon(empty=True):
        result = bench.run("coverage")

    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "no way around the gate was found\n"
        "looked at 3 contexts, 9 extensions, 20 lines; 4 of them dial, 2 lead to the gate\n"
    )


def test_without_the_files_the_places_are_told(bench: Bench, tmp_path: Path) -> None:
    """A file that cannot be read costs file and line, and is said."""
    with bench.daemon():
        result = bench.run("coverage", "--dialplan", str(tmp_path / "none"))

    assert result.code == 1
    assert "file and line are not told: " in result.err
    assert result.out.splitlines()[2].startswith("-      dial-without-gate  phones include")


def test_root_reads_files_that_the_service_s_user_may_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """/etc/asterisk is closed to others: its files are read before root becomes that user."""
    with tempfile.TemporaryDirectory(prefix="tg-coverage-", dir="/tmp") as name:
        bench, etc = Bench(Path(name), capsys), Path(name) / "etc"
        for folder in ("state", "run"):
            (bench.folder / folder).mkdir()
        bench.config.write_text(CONFIG.format(folder=name))
        migrate(str(bench.store))
        etc.mkdir(mode=0o700)
        (etc / "extensions.conf").write_text(DIALPLAN)
        words = ("--config", bench.config, "coverage", "--dialplan", etc / "extensions.conf")
        with bench.daemon():
            done = subprocess.run(
                [sys.executable, "-c", RUN, name, *words],
                check=False,
                capture_output=True,
                text=True,
                timeout=60,
            )

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("extensions.conf:2 ") == 2


def test_a_line_that_the_files_do_not_have_has_no_file(bench: Bench, tmp_path: Path) -> None:
    """What was loaded by other means, or not yet reloaded, is told by its place."""
    path = tmp_path / "extensions.conf"
    path.write_text("[sub]\nexten => s,1,Hangup()\n")
    with bench.daemon():
        result = bench.run("coverage", "--dialplan", str(path), "--json")

    (finding,) = json.loads(result.out)["findings"]
    assert (finding["file"], finding["line"]) == (None, None)


def test_hostile_text_is_escaped(
    bench: Bench, dialplan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A context's name with an escape sequence moves no cursor; a switch is named as detail."""
    path = [{"context": "a\x1b[2J", "exten": "", "priority": 0, "leaves": ""}]
    hole = {
        **stand_in.HOLE,
        "why": "switch",
        "app": "",
        "data": "",
        "detail": "Lua/\n",
        "path": path,
    }
    monkeypatch.setattr(stand_in, "HOLE", hole)
    monkeypatch.setattr(stand_in, "LOOKED", {**stand_in.LOOKED, "more": 7})
    with bench.daemon():
        result = bench.run("coverage", "--dialplan", dialplan)

    assert "\x1b" not in result.out
    assert "a\\x1b[2J Lua/\\n" in result.out
    assert "7 more are not shown" in result.out


def test_without_a_daemon_it_says_so_at_once(bench: Bench) -> None:
    """Exit code 75 and a sentence: never the 0 of a dialplan without holes."""
    result = bench.run("coverage")

    assert (result.code, result.out) == (75, "")
    assert result.err == "tollguard: the daemon of pbx1 is not running; see tollguard status\n"


def test_a_daemon_that_does_not_answer_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It beats and says nothing: exit code 75 as well."""
    monkeypatch.setattr(coverage, "ANSWER_WAIT_S", 0.1)
    with bench.daemon(answers=False):
        result = bench.run("coverage")

    assert (result.code, result.out) == (75, "")
    assert "did not answer in 0.1 s" in result.err


def test_without_asterisk_it_says_so(bench: Bench) -> None:
    """Exit code 69 and the daemon's own sentence."""
    with bench.daemon(able=False):
        result = bench.run("coverage")

    assert (result.code, result.out, result.err) == (69, "", "tollguard: AMI is down\n")


def test_every_reason_has_words() -> None:
    """No code is told without its meaning."""
    assert set(coverage._words()) == set(Why)


def test_another_node_s_files_are_not_here(bench: Bench, dialplan: str) -> None:
    """For another machine's daemon the places are told alone."""
    text = bench.config.read_text().replace('node = "pbx1"', 'node = "pbx9"')
    bench.config.write_text(text)
    with bench.daemon():
        result = bench.run("--node", "pbx1", "coverage", "--dialplan", dialplan, "--json")

    assert json.loads(result.out)["findings"][0]["file"] is None
