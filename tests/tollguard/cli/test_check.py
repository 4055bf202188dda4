"""`check`: what can be known before the start."""

import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.tollguard.cli.conftest import Bench


@pytest.fixture
def good(bench: Bench) -> Bench:
    """Give a site with nothing wrong."""
    for name in ("gate-key", "ami-eyes", "ami-hands"):
        file = bench.folder / "credentials" / name
        file.write_text("0123456789abcdef\n")
        file.chmod(0o600)
    shutil.copy(bench.folder / "credentials" / "gate-key", bench.folder / "asterisk-gate-key")
    (bench.folder / "asterisk-gate-key").chmod(0o644)  # whoever Asterisk is here
    return bench


def test_a_good_site_is_good(good: Bench) -> None:
    """One line, exit code 0."""
    result = good.run("check")

    assert (result.code, result.out) == (0, f"{good.config} is good\n")


def test_a_secret_that_everybody_may_read_is_an_error(good: Bench) -> None:
    """The place, the file, the command; exit code 78."""
    file = good.folder / "credentials" / "ami-eyes"
    file.chmod(0o644)

    result = good.run("check")

    assert result.code == 78
    assert result.out == (
        f"error  ami.eyes_secret_file: secret file {file} is open to everybody;"
        f" run: chmod o= {file}\n1 error\n"
    )


def test_a_folder_that_everybody_may_read_is_an_error(good: Bench) -> None:
    """The command closes it and leaves Asterisk its way through to the snapshot."""
    folder = good.folder / "state"
    folder.chmod(0o775)
    bad = good.run("check")
    subprocess.run(["chmod", "o-rw", folder], check=True)
    mended = good.run("check")

    told = f"error  store.url: folder {folder} is open to everybody; run: chmod o-rw {folder}"
    assert bad.out.splitlines()[0] == told
    assert mended.code == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o771


def test_every_error_is_told_at_once(good: Bench) -> None:
    """Secrets and folders together, with the plural."""
    (good.folder / "credentials" / "gate-key").unlink()
    (good.folder / "credentials" / "ami-eyes").write_text("")
    (good.folder / "state").chmod(0o755)

    result = good.run("check")

    assert result.code == 78
    assert [line.split(":")[0] for line in result.out.splitlines()] == [
        "error  gate.key_file",
        "error  ami.eyes_secret_file",
        "error  store.url",
        "error  ledger.path",
        "error  snapshot.path",
        "5 errors",
    ]


def _edited(bench: Bench, old: str, new: str) -> None:
    bench.config.write_text(bench.config.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            '[[trunk]]\nendpoint = "trunk"\n',
            "",
            "warning  trunk: no trunk is declared, so every call is refused; add [[trunk]]",
        ),
        (
            'endpoint = "trunk"',
            'endpoint = "trunk"\nemergency = false',
            "warning  trunk: no trunk may carry emergency calls; set emergency = true on one",
        ),
        (
            "/state/tollguard.db",
            "/state/none.db",
            "warning  store.url: the store {folder}/state/none.db does not exist;"
            " run: tollguard store migrate",
        ),
        (
            "/run",
            "/none",
            "warning  run.directory: folder {folder}/none does not exist",
        ),
    ],
)
def test_what_the_gate_can_guard_without_is_a_warning(
    good: Bench, old: str, new: str, line: str
) -> None:
    """The daemon may start: exit code 0."""
    _edited(good, old, new)

    result = good.run("check")

    assert result.code == 0
    assert result.out == f"{line.format(folder=good.folder)}\n{good.config} is good\n"


def test_a_missing_state_folder_is_an_error(good: Bench) -> None:
    """No ledger could be made there."""
    _edited(good, "/state/ledger.db", "/none/ledger.db")

    assert good.run("check").out.splitlines()[0] == (
        f"error  ledger.path: folder {good.folder}/none does not exist"
    )


def test_a_plan_that_cannot_be_is_an_error(good: Bench) -> None:
    """Before the daemon fails on it."""
    _edited(good, 'node = "pbx1"', 'country = "GB"')

    result = good.run("check")

    assert result.code == 78
    assert "  site.country: plan 'jp' is Japan's, not that of 'GB'; set" in result.err


def test_programs_get_the_remarks(good: Bench, tmp_path: Path) -> None:
    """JSON rows with level, place and text."""
    _edited(good, "/run", "/none")

    assert json.loads(good.run("check", "--json").out) == [
        {
            "level": "warning",
            "place": "run.directory",
            "text": f"folder {tmp_path}/none does not exist",
        }
    ]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (
            "[gate]\nport = 0\nhots = 1\n",
            [
                ("gate.port", "0 is too small; at least 1"),
                ("gate.hots", "is not a setting; see tollguard config sample"),
            ],
        ),
        ("[gate", [("file", "{config} is not TOML: ")]),
    ],
)
def test_programs_get_the_errors_of_a_file_that_does_not_load(
    good: Bench, text: str, rows: list[tuple[str, str]]
) -> None:
    """The report is printed with a row for each error, and the exit code is 78."""
    good.config.write_text(text)

    result = good.run("check", "--json")
    csv = good.run("check", "--csv")

    remarks = json.loads(result.out)
    assert (result.code, csv.code) == (78, 78)
    assert [(remark["level"], remark["place"]) for remark in remarks] == [
        ("error", place) for place, _text in rows
    ]
    for remark, (_place, start) in zip(remarks, rows, strict=True):
        assert remark["text"].startswith(start.format(config=good.config))
    assert csv.out.startswith("level,place,text\nerror,")


def test_folders_that_cannot_be_reached_are_told(good: Bench) -> None:
    """Each with the system's own reason, and no traceback."""
    long = good.folder / ("x" * 300)
    text = good.config.read_text().replace(f"{good.folder}/state", str(long))
    good.config.write_text(text)

    result = good.run("check")

    assert result.code == 78
    assert result.out.splitlines() == [
        f"error  store.url: folder {long} cannot be reached: File name too long",
        f"error  ledger.path: folder {long} cannot be reached: File name too long",
        f"error  snapshot.path: folder {long} cannot be reached: File name too long",
        f"warning  store.url: the store {long}/tollguard.db cannot be reached: File name too long",
        "3 errors",
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("verdicts",), 74),
        (("suspend", "country", "MC", "--for", "2h", "--reason", "x"), 74),
        (("registrations",), 74),
        (("ledger",), 74),
        (("explain", "0312345678", "--endpoint", "6001"), 0),
        (("store", "migrate"), 74),
    ],
)
def test_no_command_breaks_on_folders_that_cannot_be_reached(
    good: Bench, words: tuple[str, ...], code: int
) -> None:
    """One sentence instead of a traceback; explaining goes on with a fresh policy."""
    long = good.folder / ("x" * 300)
    good.config.write_text(good.config.read_text().replace(f"{good.folder}/state", str(long)))

    result = good.run(*words)

    assert result.code == code
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("host", "warned"),
    [("127.0.0.2", False), ("localhost", False), ("0.0.0.0", True), ("192.0.2.7", True)],
)
def test_a_gate_that_others_reach_is_a_warning(good: Bench, host: str, *, warned: bool) -> None:
    """Only this machine may reach it without being told."""
    text = good.config.read_text()
    good.config.write_text(text.replace("[gate]", f'[gate]\nhost = "{host}"'))

    result = good.run("check")

    assert result.code == 0
    assert (f"warning  gate.host: the gate listens on {host}" in result.out) is warned


def test_one_file_for_store_and_ledger_is_an_error(good: Bench) -> None:
    """Their locks would hold each other up; a link does not hide it."""
    link = good.folder / "link"
    link.symlink_to(good.folder / "state")
    text = good.config.read_text()
    good.config.write_text(text.replace("/state/ledger.db", "/link/tollguard.db"))

    result = good.run("check")

    assert result.code == 78
    assert "error  ledger.path: it is the store's file" in result.out


def test_a_snapshot_that_cannot_be_read_is_a_warning(good: Bench) -> None:
    """Although the store is good: the fallback could not judge by it."""
    (good.folder / "state" / "snapshot.json").write_text("{")
    result = good.run("check")

    assert result.code == 0
    assert "warning  snapshot.path: " in result.out
    assert "snapshot.json cannot be read: snapshot: not JSON" in result.out


def test_a_key_that_the_daemon_refuses_is_an_error(good: Bench) -> None:
    """Its form is asked as `serve` asks it, and it is not shown."""
    (good.folder / "credentials" / "gate-key").write_text("k?y")

    result = good.run("check")

    assert result.code == 78
    assert "error  gate.key_file: the gate's key must be 16 to 128 characters" in result.out
    assert "k?y" not in result.out


def test_settings_that_do_not_go_together_are_told(good: Bench) -> None:
    """With every other remark, before the daemon meets them."""
    _edited(good, 'endpoint = "trunk"', 'endpoint = "trunk"\ndial = "PJSIP/{number}@other"')

    result = good.run("check")

    assert result.code == 78
    assert result.out.startswith("error  trunk[1].dial: dials 'other', and the trunk's endpoint")
