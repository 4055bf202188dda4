"""Shows on real SIP what becomes of calls over a restart of ours, and of those of the fail mode."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.asterisk.etc import Site
from tests.asterisk.failures import Scene
from tests.asterisk.guarded import Daemon, Guarded
from tests.asterisk.relay import Relay
from tests.asterisk.sipp import phone
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("backstop-gap")]

MONACO = "01037793123456"
# What the written fail mode lets out: fixed, mobile, freephone, with the caller's number hidden.
HOMES = ("0312345678", "09012345678", "0120444113", "1840451234567")

LEG = "PJSIP/${TOLLGUARD_NUMBER}@trunk"


def late(context: str, legs: str) -> str:
    """Write a context that asks the gate at once and dials when the global GO says so."""
    return f"""[{context}]
exten => _X.,1,Gosub(tollguard-gate,s,1(trunk,${{EXTEN}}))
 same => n,While($["${{GLOBAL(GO)}}" != "yes"])
 same => n,Wait(0.1)
 same => n,EndWhile()
 same => n,Dial({legs},30)
"""


PHONES = """exten => _2.,1,Goto(late,${EXTEN:1},1)
exten => _3.,1,Goto(late-forked,${EXTEN:1},1)
"""
DIALPLAN = late("late", LEG) + late("late-forked", f"{LEG}&{LEG}")


@pytest.fixture
def guarded(installed: None) -> Iterator[Guarded]:
    """Start a product that enforces, with a right to call Monaco and calls that wait."""
    with Guarded(Site(phones=PHONES, dialplan=DIALPLAN)) as running:
        running.daemon.enforce("6001")
        assert running.phone.register() == 200
        yield running


def restart_between(guarded: Guarded) -> None:
    """Kill the daemon when it has allowed the call, start it again, and let the call be dialled."""
    until(lambda: f"dialled='{MONACO}'" in guarded.daemon.journal(), 5, "it was allowed")
    guarded.daemon.kill()
    guarded.daemon.start()
    set_global(guarded, "GO", "yes")


def test_a_call_allowed_before_a_restart_and_dialled_after_it_stands(guarded: Guarded) -> None:
    """Its token is in the ledger, so it is its caller's: listed, counted, and not cut."""
    with guarded.phone.call("2" + MONACO, hold_s=60) as run:
        restart_between(guarded)
        run.answered()
        (call,) = guarded.trunk.calls
        rows = until(lambda: guarded.daemon.report("calls"), 5, "it is listed")

        assert [(row["endpoint"], row["country"]) for row in rows] == [("6001", "MC")]
        assert guarded.daemon.report("findings") == []
        assert call.ended_at_s is None
        guarded.daemon.run("suspend", "country", "MC", "--for", "1h", "--reason", "test")
        run.cut(timeout_s=5)


def test_a_token_of_before_a_restart_is_used_once(guarded: Guarded) -> None:
    """Of two legs that are forked with it one is nobody's, and cut."""
    guarded.trunk.status = b""
    with guarded.phone.call("3" + MONACO):
        restart_between(guarded)
        until(lambda: len(guarded.trunk.calls) == 2, 5, "both legs rang")
        until(lambda: any(call.ended_at_s for call in guarded.trunk.calls), 5, "one was cut")
        rows = until(lambda: guarded.daemon.report("findings"), 10, "it is found")

        assert [call.ended_at_s is None for call in guarded.trunk.calls].count(True) == 1
        assert [leg["reason"] for row in rows for leg in row["legs"]] == ["token-used"]


def test_a_call_allowed_without_ami_and_dialled_after_the_reconnect_stands(
    guarded: Guarded,
) -> None:
    """Its attempt stays in memory, so nothing has to be asked."""
    access, daemon = guarded.asterisk.access, guarded.daemon
    relay = Relay((access.address, access.ami_port))
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace(f"port = {access.ami_port}\n", f"port = {relay.port}\n"))
    daemon.stop()
    daemon.start()
    relay.cut()
    until(lambda: daemon.status()["blind"], 5, "the daemon is blind")
    with guarded.phone.call("2" + MONACO, hold_s=60) as run:
        until(lambda: f"dialled='{MONACO}'" in daemon.journal(), 5, "it was allowed")
        relay.mend()
        daemon.wait_ready()
        set_global(guarded, "GO", "yes")
        run.answered()
        rows = until(lambda: daemon.report("calls"), 5, "it is listed")

        assert [(row["endpoint"], row["country"]) for row in rows] == [("6001", "MC")]
        assert daemon.report("findings") == []
    relay.stop()


@pytest.fixture(scope="module")
def running(installed: None) -> Iterator[Scene]:
    """Start one whose AMI can be cut, with the real script for the fallback in its folder."""
    with Scene() as made:
        agi = made.guarded.asterisk.folder / "agi"
        (agi / "tollguard-agi").symlink_to(Path(sys.executable).with_name("tollguard-agi"))
        yield made


@pytest.fixture
def scene(running: Scene) -> Iterator[Scene]:
    """Hand it out with nothing wrong; afterwards nothing is left in Asterisk."""
    running.mended()
    running.guarded.trunk.calls.clear()
    yield running
    running.guarded.asterisk.cli("channel request hangup all")
    running.guarded.asterisk.assert_clean()


@contextmanager
def stopped(scene: Scene) -> Iterator[None]:
    """Have the daemon stopped by SIGSTOP: its sockets stay open, and it hears all of it later."""
    scene.daemon.freeze()
    yield
    scene.daemon.thaw()


@contextmanager
def stopped_without_ami(scene: Scene) -> Iterator[None]:
    """Have it stopped and its AMI cut: it hears nothing of what began meanwhile."""
    scene.daemon.freeze()
    scene.relay.cut()
    yield
    scene.relay.mend()
    scene.daemon.thaw()


@contextmanager
def killed(scene: Scene) -> Iterator[None]:
    """Have it killed, and started again."""
    scene.daemon.kill()
    yield
    scene.daemon.start()


@pytest.mark.parametrize("script", ["no-such-script", "tollguard-agi"])
@pytest.mark.parametrize("fault", [stopped, stopped_without_ami, killed])
def test_what_went_by_fail_mode_or_fallback_is_recorded_and_not_cut(
    scene: Scene, fault: Callable[[Scene], AbstractContextManager[None]], script: str
) -> None:
    """Domestic calls without a token fall under nobody's right: listed, judged, no finding."""
    guarded, daemon = scene.guarded, scene.daemon
    set_global(guarded, "TOLLGUARD_FALLBACK", script)
    set_global(guarded, "TOLLGUARD_SNAPSHOT", str(scene.file("snapshot.json")))
    known = {row["uniqueid"] for row in daemon.report("verdicts")}

    def judged() -> dict[str, tuple[str, str | None]]:
        rows = [row for row in daemon.report("verdicts") if row["uniqueid"] not in known]
        return {row["dialled"]: (row["verdict"], row["endpoint"]) for row in rows}

    with ExitStack() as held:
        with fault(scene):
            for number in HOMES:
                caller = phone(guarded.asterisk.access, "6001", "127.0.0.11")
                held.enter_context(caller.call(number, hold_s=60)).answered()
            assert scene.dial(MONACO) == 403
        sent = {number.decode() for number in guarded.trunk.numbers()}
        until(lambda: listed(daemon) == len(HOMES), 20, "all are listed")
        until(lambda: set(judged()) >= sent, 10, "all are judged")

        assert {judged()[number] for number in sent} == {("ALLOW", None)}
        assert [call.ended_at_s for call in guarded.trunk.calls] == [None] * len(HOMES)
        assert daemon.report("findings") == []


def listed(daemon: Daemon) -> int:
    """Count the calls that are listed; 0 while the daemon finds out that its AMI is gone."""
    done = daemon.command("calls", "--json")
    return len(json.loads(done.stdout)) if done.returncode == 0 else 0


def set_global(guarded: Guarded, name: str, value: str) -> None:
    """Change a setting of the dialplan's in the running Asterisk."""
    guarded.asterisk.cli(f"dialplan set global {name} {value}")
