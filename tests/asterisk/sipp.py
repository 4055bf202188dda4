"""SIP phones, each with a source address of its own: SIPp playing our scenarios.

What came back is read from SIPp's message trace, so that any final code counts and not only
those that a scenario foresees.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.asterisk import fetch
from tests.asterisk.etc import Access, phone_secret
from tests.asterisk.ports import free_udp
from tests.asterisk.waiting import until

SCENARIOS = Path(__file__).parent / "scenarios"
CALL_TIMEOUT_S = 30.0
KEPT_S = 120.0  # the longest stay of a phone whose call another ends
FINAL = re.compile(r"^SIP/2\.0 ([2-6]\d\d) .*?^CSeq: \d+ (\w+)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone at an address.

    Attributes:
        name: Its endpoint, ``6001``.
        address: Its source address, ``127.0.0.11``.
        port: Its source port.
        access: The Asterisk that it belongs to.
        secret: Its SIP password; the right one unless a test guesses.
    """

    name: str
    address: str
    port: int
    access: Access
    secret: str

    def register(self, *, via: str = "", contact: str = "", expires: int = 300) -> int:
        """Register and return the final code; ``via`` and ``contact`` are what it claims."""
        own = f"{self.address}:{self.port}"
        keys = {"via": via or own, "contact": contact or own, "expires": str(expires)}
        with Run(self, "register", keys, ()) as run:
            run.wait()
            return run.final("REGISTER")

    def call(self, number: str | bytes, hold_s: float = 0.0) -> "Run":
        """Start a call that stays ``hold_s`` after its answer; use it in a ``with``."""
        options = ["-s", os.fsdecode(number), "-d", str(int(hold_s * 1000))]
        return Run(self, "call", {}, tuple(options), CALL_TIMEOUT_S + hold_s)

    def transfer(self, number: str, target: str) -> "Run":
        """Start a call whose answerer is transferred to ``target`` by a REFER."""
        return Run(self, "refer-caller", {"target": target}, ("-s", number), KEPT_S)

    def answer(self) -> "Run":
        """Wait for one call and answer it."""
        return self._callee("answer", {})

    def answer_and_transfer(self, target: str) -> "Run":
        """Wait for one call, answer it, and transfer its caller to ``target`` by a REFER."""
        return self._callee("refer-callee", {"target": target})

    def redirect(self, target: str) -> "Run":
        """Wait for one call and forward it to ``target`` by a 302."""
        return self._callee("redirect", {"target": target})

    def bring(self, number: str) -> "Run":
        """Start a call as a trunk brings it: nobody asks for a password."""
        return Run(self, "inbound", {}, ("-s", number), KEPT_S)

    def _callee(self, scenario: str, keys: dict[str, str]) -> "Run":
        run = Run(self, scenario, keys, (), KEPT_S)
        until(lambda: is_taken(self.address, self.port), 10, f"{scenario} listens")
        return run

    def dial(self, number: str | bytes, hold_s: float = 0.0) -> int:
        """Make a whole call and return the final code of its INVITE."""
        with self.call(number, hold_s) as run:
            run.wait()
            return run.final("INVITE")


def phone(access: Access, name: str, address: str, secret: str = "") -> Phone:
    """Set a phone up on a free port of its own address."""
    return Phone(name, address, free_udp(address), access, secret or phone_secret(name))


def is_taken(address: str, port: int) -> bool:
    """Tell whether somebody listens on a UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return True
    return False


def play(who: Phone, scenario: str, folder: Path, *options: str) -> "subprocess.Popen[bytes]":
    """Start SIPp as a phone that plays one of our scenarios; ``folder`` is where it works."""
    return subprocess.Popen(
        [
            *fetch.sipp(),
            f"{who.access.address}:{who.access.sip_port}",
            *("-sf", str(SCENARIOS / f"{scenario}.xml"), "-nostdin"),
            *("-i", who.address, "-p", str(who.port)),
            *("-au", who.name, "-ap", who.secret, "-key", "user", who.name),
            *options,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "dumb"},
        cwd=folder,
    )


class Run:
    """One running SIPp."""

    def __init__(
        self,
        who: Phone,
        scenario: str,
        keys: dict[str, str],
        options: tuple[str, ...],
        stays_s: float = CALL_TIMEOUT_S,
    ) -> None:
        """Start it; ``keys`` fill the scenario's words; it ends itself after ``stays_s``."""
        self._folder = Path(tempfile.mkdtemp(prefix="tg-sipp-", dir="/tmp"))
        self._trace = self._folder / "messages"
        self.started_at_s = time.monotonic()
        words = [part for key, value in keys.items() for part in ("-key", key, value)]
        limits = ("-m", "1", "-timeout", f"{stays_s:.0f}s")
        trace = ("-trace_msg", "-message_file", str(self._trace))
        self._process = play(who, scenario, self._folder, *limits, *trace, *words, *options)

    def __enter__(self) -> Self:
        """Return itself; the ``with`` ends SIPp whatever it is doing."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """End it."""
        self.stop()

    def wait(self, timeout_s: float = CALL_TIMEOUT_S + 5) -> None:
        """Wait until it is over."""
        self._process.wait(timeout_s)

    def messages(self) -> str:
        """Return the message trace so far."""
        return self._trace.read_text(errors="backslashreplace") if self._trace.exists() else ""

    def final(self, method: str) -> int:
        """Return the last final code to a request that was not a challenge's; 0 without one."""
        codes = [
            int(code)
            for code, of in FINAL.findall(self.messages().replace("\r\n", "\n"))
            if of == method
        ]
        return codes[-1] if codes else 0

    def answered(self, timeout_s: float = 10.0) -> None:
        """Wait until the call was answered."""
        until(lambda: self.final("INVITE") == 200, timeout_s, "the call is answered")

    def cut(self, timeout_s: float = 10.0) -> None:
        """Wait until the other side ended the call."""
        until(lambda: "\nBYE sip:" in self._received(), timeout_s, "the call is cut")

    def _received(self) -> str:
        parts = self.messages().replace("\r\n", "\n").split("-" * 47)
        return "".join(part for part in parts if " message received " in part)

    def stop(self) -> None:
        """End SIPp, whatever it is doing."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(5)
        shutil.rmtree(self._folder)
