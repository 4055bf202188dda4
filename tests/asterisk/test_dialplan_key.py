"""Shows on a real Asterisk that the gate's key is told to nobody but the gate."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agi.asterisk_side import environment
from tests.asterisk.etc import Site
from tests.asterisk.guarded import Guarded
from tests.asterisk.rawami import RawAmi
from tests.asterisk.waiting import until
from tollguard.shipped import asterisk_conf

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-key")]

LISTENER = ("everything", "Ev3rything")  # an AMI user that may hear and do whatever there is
MORE = {
    "manager.conf": "[{}]\nsecret={}\nread=all\nwrite=all\n".format(*LISTENER),
    "logger.conf": "full => notice,warning,error,verbose(5),debug(9),dtmf\n",
    "cdr.conf": "[general]\nenable=yes\nunanswered=yes\ncongestion=yes\n[csv]\nusegmtime=no\n",
    "cdr_manager.conf": "[general]\nenabled=yes\n",
    "cel.conf": "[general]\nenable=yes\napps=all\nevents=ALL\n[manager]\nenabled=yes\n",
}
OTHER_USER = (
    ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if os.geteuid() == 0 else ()
)
SITE_CONF = asterisk_conf() / "extensions.d/tollguard-site.conf"
SESSION = """
import socket, sys
gate = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
gate.sendall(sys.argv[2].encode())
file = gate.makefile("rb")
print(file.readline().decode())
gate.sendall(b"200 result=1 (1.0|||PJSIP/6001-0000002a|192.0.2.7:5060|" + b"0" * 32 + b")\\n")
print(file.read().decode())
"""
LISTEN = """
import socket, sys
try:
    socket.socket().bind(("127.0.0.1", int(sys.argv[1])))
except PermissionError:
    print("refused")
"""


@pytest.fixture(scope="module")
def guarded(installed: None) -> Iterator[Guarded]:
    """Start the whole product on an Asterisk that tells everything it can."""
    with Guarded(Site(more=MORE)) as running:
        (running.asterisk.folder / "log/cdr-csv").mkdir()
        running.asterisk.cli("core set debug 9")
        running.asterisk.cli("core set verbose 9")
        yield running


def test_no_event_log_or_record_of_asterisks_holds_the_key(guarded: Guarded) -> None:
    """Calls, a reload and the lists of what is set tell it to nobody."""
    asterisk, key = guarded.asterisk, guarded.asterisk.access.key
    with RawAmi(asterisk.access, *LISTENER) as ami:
        asterisk.cli("dialplan reload")
        assert guarded.phone.dial("0312345678", hold_s=0.2) == 200
        assert guarded.phone.dial("110") == 200
        asterisk.originate("0312345678")
        until(lambda: len(guarded.trunk.calls) == 3, 5, "all are dialled")
        asterisk.cli("channel request hangup all")
        until(lambda: not asterisk.channels(), 5, "no channel left")
        told = [asterisk.cli(f"{what} show globals") for what in ("dialplan", "core")]
        ami.act(Action="UserEvent", UserEvent="Over")
        ami.wait_for("UserEvent", UserEvent="Over")
        events = [str(message) for message in ami.messages]

    until(lambda: guarded.daemon.status()["answered"] == 2, 5, "the gate judged two calls")
    assert any("AGIExecStart" in event and "FILE(" in event for event in events)
    assert any("'Event': 'Cdr'" in event for event in events)
    files = [path for path in (asterisk.folder / "log").rglob("*") if path.is_file()]
    texts = {str(path): path.read_text(errors="replace") for path in files}
    assert {"full", "messages"} <= {path.name for path in files}
    assert [event for event in events if key in event] == []
    assert [name for name, text in texts.items() if key in text] == []
    assert [text for text in told if key in text] == []


def test_the_hands_cannot_read_the_key(guarded: Guarded) -> None:
    """AMI refuses them the function that reads files, and no variable holds it."""
    access = guarded.asterisk.access
    path = f"{guarded.daemon.folder}/gate-key"
    with RawAmi(access, "tollguard-hands", access.hands_secret) as ami:
        answers = [
            ami.act(Action="Getvar", Variable=f"FILE({path},0,32)"),
            ami.act(Action="Getvar", Variable="TOLLGUARD_KEY"),
        ]

    assert [answer for answer in answers if access.key in str(answer)] == []


def stranger(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python lines as another local user than root; as ourselves where we are no root."""
    return subprocess.run(
        [*OTHER_USER, Path(sys.executable).resolve(), "-I", "-S", "-c", program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        timeout=20,
    )


def test_another_user_who_connects_to_the_gate_spends_nothing(guarded: Guarded) -> None:
    """A whole session that guesses the key gets no verdict and leaves no row."""
    before = guarded.daemon.report("verdicts")
    row = guarded.daemon.status()["ledger_seq"]
    done = stranger(SESSION, str(guarded.daemon.gate_port), environment().decode())

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("GET FULL VARIABLE") == 1
    assert "TOLLGUARD_VERDICT" not in done.stdout
    until(lambda: guarded.daemon.status()["refused"] == {"wrong-key": 1}, 5, "it is counted")
    assert guarded.daemon.report("verdicts") == before
    assert guarded.daemon.status()["ledger_seq"] == row


def test_another_user_cannot_answer_as_the_gate_while_it_is_away() -> None:
    """The port of a fresh install is one that he cannot listen on."""
    shipped = re.search(r"^TOLLGUARD_GATE=.*:(\d+)$", SITE_CONF.read_text(), re.MULTILINE)
    assert shipped is not None
    done = stranger(LISTEN, shipped.group(1))
    assert (done.returncode, done.stdout) == (0, "refused\n")
