"""Traffic for the kill test: many calls at once, and a witness of every leg that Asterisk dialled.

Each call abroad has a number of its own, so that a trunk's INVITE can be matched to its row.
"""

import re
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.asterisk.etc import Access
from tests.asterisk.rawami import RawAmi
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.sipp import Phone, play
from tests.asterisk.sippeer import SipPeer

CALLS_PER_S = 50
NUMBERS = 20_000  # more than a run dials
ABROAD = "010377931"  # Monaco; the transfers' numbers begin with 5
RINGS = b"7"  # a number with this last digit is never answered
TRANSFERRED = 10  # calls that live on between two trunk legs at a time
TOKEN = re.compile(r"TOLLGUARD_TOKEN=(\w+)")


def rings(number: bytes) -> bool:
    """Tell whether the trunk lets a number ring: one in ten."""
    return number.endswith(RINGS)


def is_abroad(number: str | bytes) -> bool:
    """Tell whether a number needs a row in the ledger."""
    text = number if isinstance(number, str) else number.decode()
    return text.startswith(ABROAD)


def numbers() -> list[str]:
    """List what is dialled: every third abroad, each number once."""
    return [f"{ABROAD}{n:05d}" if n % 3 == 0 else f"03312{n:05d}" for n in range(NUMBERS)]


class Traffic:
    """SIPp placing calls, some answered and ended at once, some ringing until they give up."""

    def __init__(self, who: Phone) -> None:
        """Start calling."""
        self._folder = Path(tempfile.mkdtemp(prefix="tg-load-", dir="/tmp"))
        table = self._folder / "numbers.csv"
        table.write_text("SEQUENTIAL\n" + "".join(f"{number}\n" for number in numbers()))
        rate = ("-r", str(CALLS_PER_S), "-l", "2000", "-m", str(NUMBERS))
        self._process = play(who, "load", self._folder, "-inf", str(table), *rate)

    def __enter__(self) -> Self:
        """Return itself; the ``with`` ends the calls."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """End SIPp."""
        assert self._process.poll() is None, "SIPp ended by itself"
        self._process.kill()
        self._process.wait(5)
        shutil.rmtree(self._folder)


class Repeated:
    """Something done again and again in a thread until the ``with`` ends.

    Attributes:
        done: How often it was done.
        pause_s: Between two.
    """

    pause_s = 0.0

    def __init__(self, name: str) -> None:
        """Prepare; ``__enter__`` starts it."""
        self.done = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop."""
        self._stopping.set()
        self._thread.join(15)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(OSError):  # a call that was lost with the daemon is one less
                self.once()
                self.done += 1
            self._stopping.wait(self.pause_s)

    def once(self) -> None:
        """Do it once."""
        raise NotImplementedError


class Transfers(Repeated):
    """A phone that calls abroad and transfers the other side abroad, by REFER."""

    pause_s = 0.2

    def __init__(self, access: Access, name: str, address: str, trunk: SipPeer) -> None:
        """Play an endpoint; the trunk ends what nobody else would."""
        super().__init__("transfers")
        self._phone = (access, name, address)
        self._trunk = trunk

    def once(self) -> None:
        """Call, transfer and leave; what was transferred some time ago ends."""
        with RawPhone(*self._phone) as raw:
            first, second = self._pair(self.done)
            dialog = raw.call(first)
            if dialog.code == 200:
                raw.refer(dialog, second)
                raw.hang_up(dialog)
        over = [number.encode() for number in self._pair(self.done - TRANSFERRED)]
        for call in [call for call in self._trunk.calls if call.number in over]:
            self._trunk.hang_up(call)

    def _pair(self, turn: int) -> tuple[str, str]:
        return f"{ABROAD}5{turn % 5_000 * 2:04d}", f"{ABROAD}5{turn % 5_000 * 2 + 1:04d}"


class Witness(Repeated):
    """AMI as tollguard's eyes see it, in a connection that no kill ends.

    Attributes:
        legs: Of each leg toward the trunk its unique id, its number and its token.
    """

    def __init__(self, access: Access) -> None:
        """Log in."""
        super().__init__("witness")
        self._ami = RawAmi(access, "tollguard-eyes", access.eyes_secret)
        self.legs: list[tuple[str, str, str]] = []

    def __exit__(self, *exception: object) -> None:
        """Stop, and leave AMI."""
        super().__exit__(*exception)
        self._ami.__exit__(None, None, None)

    def once(self) -> None:
        """Read one event."""
        event = self._ami.read()
        self._ami.messages.clear()
        if event.get("Event") == "DialBegin" and event.get("DestChannel", "").startswith(
            "PJSIP/trunk-"
        ):
            token = TOKEN.search(event.get("DestChanVariable", ""))
            number = event.get("DialString", "").partition("@")[0]
            self.legs.append((event["DestUniqueid"], number, token[1] if token else ""))
