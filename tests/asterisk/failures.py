"""One cell of the failure table: break one thing, see what each kind of call gets and who is told.

The table itself is data in the ``test_failures_*`` files; this is how every cell is proven.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

from tests.asterisk.guarded import Daemon, Guarded
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.relay import Relay
from tests.asterisk.sippeer import ReceivedCall
from tests.asterisk.waiting import until
from tollguard.ledger_file import RESERVE, read

EMERGENCY_S = 1.0  # from dialling to the trunk, in every cell
TOLD_S = 12.0  # guarantee 8: within 10 s
MENDED_S = 20.0
ABROAD = "010377931"  # Monaco, granted; five digits more make each call's number its own
HOME = "0312345678"
# Root without its powers obeys a file's mode as the service's own user does.
OWN_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()


Fault = Callable[["Scene"], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the table.

    Attributes:
        fault: Breaks something for the time of its ``with``, and mends it.
        home: The code that a domestic call gets.
        abroad: The code that a granted call abroad gets.
        told: What the journal says meanwhile; empty where the daemon cannot speak.
        shown: What ``tollguard status`` says meanwhile; empty when all is well.
        again: Call once more when it was told: what is known by then must change nothing.
    """

    fault: Fault
    home: int = 200
    abroad: int = 403
    told: str = ""
    shown: str = ""
    again: bool = True


class Scene:
    """One guarded PBX whose AMI goes through a relay, with a right to call Monaco.

    Attributes:
        guarded: All of it.
        daemon: The product.
        relay: Between the daemon and AMI.
    """

    def __init__(self) -> None:
        """Start it, enforcing, phone 6001 registered."""
        with ExitStack() as started:
            self.guarded = started.enter_context(Guarded())
            self.daemon: Daemon = self.guarded.daemon
            access = self.guarded.asterisk.access
            self.relay = Relay((access.address, access.ami_port))
            started.callback(self.relay.stop)
            self.daemon.enforce("6001")
            text = self.daemon.config.read_text()
            own, relayed = f"port = {access.ami_port}\n", f"port = {self.relay.port}\n"
            self.daemon.config.write_text(text.replace(own, relayed))
            with self.restarted():
                assert self.guarded.phone.register() == 200
            self._numbers = count()
            self._started = started.pop_all()

    def __enter__(self) -> Self:
        """Return itself; the ``with`` stops everything."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop everything."""
        self._started.close()

    @contextmanager
    def restarted(self) -> Iterator[None]:
        """Have the daemon down, and start it again at the end."""
        self.daemon.stop()
        yield
        self.daemon.start()

    def wait_listening(self) -> None:
        """Wait until the daemon says what it is, whether it sees Asterisk or not."""
        until(lambda: self.daemon.status().get("pid") == self.daemon.pid, MENDED_S, "it runs")

    def file(self, name: str) -> Path:
        """Return a path in the daemon's folder."""
        return self.daemon.folder / name

    def dial(self, number: str) -> int:
        """Call as phone 6001 and return the final code."""
        with RawPhone(self.guarded.asterisk.access) as raw:
            return raw.dial(number)

    def next_abroad(self) -> str:
        """Return a number of Monaco's that nobody dialled before."""
        return f"{ABROAD}{next(self._numbers):05d}"

    def mended(self) -> None:
        """Wait until nothing is wrong any more."""
        self.daemon.wait_ready()
        self.daemon.launcher = ()

        def well() -> bool:
            now = self.daemon.status()
            parts = (now["ledger_state"], now["store_state"], now["hands_state"])
            return parts == ("ok", "ok", "up") and not now["policy_fault"]

        until(well, MENDED_S, "nothing is wrong any more")


def prove(scene: Scene, cell: Cell) -> None:
    """Break, call, see who is told, call again, mend.

    Raises:
        AssertionError: A call got what the table does not say, an emergency call was late,
            nobody was told, or a call abroad is at the trunk and in no durable row.
    """
    scene.mended()  # a cell that failed leaves nothing to the next
    scene.guarded.trunk.calls.clear()
    scene.guarded.asterisk.mark_descriptors()
    begin = len(scene.daemon.journal())
    with cell.fault(scene):
        got = [calls(scene)]
        told(scene, cell, begin)
        if cell.again:
            got.append(calls(scene))
    scene.mended()

    wanted = (200, cell.home, cell.abroad)
    assert set(got) == {wanted}, f"110, home and abroad got {got}, not {wanted}"
    assert not without_row(scene), f"no row for {without_row(scene)}"
    scene.guarded.asterisk.assert_clean()


def calls(scene: Scene) -> tuple[int, int, int]:
    """Dial an emergency number, one at home and one abroad; return the codes."""
    begin_s = time.monotonic()
    emergency = scene.dial("110")
    arrived = [c for c in scene.guarded.trunk.calls if c.number == b"110" and c.at_s > begin_s]
    assert arrived, f"110 never reached the trunk: {emergency}"
    assert arrived[0].at_s - begin_s < EMERGENCY_S
    return emergency, scene.dial(HOME), scene.dial(scene.next_abroad())


def told(scene: Scene, cell: Cell, begin: int) -> None:
    """Wait until the journal and ``status`` say what is wrong."""
    if cell.told:
        seen = re.compile(cell.told)
        until(lambda: seen.search(scene.daemon.journal()[begin:]), TOLD_S, f"told: {cell.told}")

    def status() -> bool:
        done = scene.daemon.command("status")
        return (done.returncode != 0) == bool(cell.shown) and cell.shown in done.stdout

    until(status, TOLD_S, f"status says: {cell.shown}")


def without_row(scene: Scene) -> list[bytes]:
    """List the calls abroad that the trunk saw and that have no row in the ledger."""
    entries = read(scene.file("ledger.db"), 100_000).entries
    rows = {entry.number.encode() for entry in entries if entry.kind == RESERVE}
    return [call.number for call in scene.guarded.trunk.calls if is_abroad(call) - rows]


def is_abroad(call: ReceivedCall) -> set[bytes]:
    """Return the number of a call abroad; nothing for another."""
    return {call.number} if call.number.startswith(b"010") else set()
