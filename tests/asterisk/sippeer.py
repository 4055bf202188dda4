"""A SIP trunk's far end that answers every call and keeps exactly what arrived.

It is our own and not SIPp's, because the number's bytes are the evidence: nothing parses,
unescapes or rewrites the request line before it is kept.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

REQUEST = re.compile(rb"^([A-Z]+) sips?:([^@ ]*)@[^ ]* SIP/2\.0\r\n")
ECHOED = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:", b"record-route:")
POLL_S = 0.1
RINGING = b"180 Ringing"
REDIRECTED_TO = "01037793123456"  # where a status of 3xx sends the caller


@dataclass(slots=True)
class ReceivedCall:
    """One INVITE that reached the trunk.

    Attributes:
        number: The request line's user part, byte for byte.
        raw: The whole first INVITE.
        call_id: Its Call-ID.
        at_s: Monotonic seconds of its arrival.
        peer: Where it came from.
        answered_at_s: When the ACK of our answer came; None before.
        ended_at_s: When BYE or CANCEL came; None while it runs.
        ended_by: ``BYE``, ``CANCEL``, or empty while it runs.
        taken: Whether we said 200.
    """

    number: bytes
    raw: bytes
    call_id: bytes
    at_s: float
    peer: tuple[str, int]
    answered_at_s: float | None = None
    ended_at_s: float | None = None
    ended_by: str = ""
    taken: bool = False


def header(message: bytes, name: bytes) -> bytes:
    """Return the value of the first header of a name; empty when there is none."""
    found = re.search(rb"(?im)^" + name + rb":[ \t]*([^\r\n]*)", message)
    return found.group(1) if found else b""


def reply(request: bytes, status: bytes, address: tuple[str, int], *, sdp: bool = False) -> bytes:
    """Build an answer to a request; our tag is the same in each."""
    host, port = address
    lines = [b"SIP/2.0 " + status]
    for line in request.split(b"\r\n\r\n", 1)[0].split(b"\r\n")[1:]:
        if line.lower().startswith(ECHOED):
            tagged = line.lower().startswith(b"to:") and b";tag=" not in line
            lines.append(line + b";tag=trunk" if tagged else line)
    user = REDIRECTED_TO if status.startswith(b"3") else "far-end"
    lines.append(f"Contact: <sip:{user}@{host}:{port}>".encode())
    body = b""
    if sdp:
        lines.append(b"Content-Type: application/sdp")
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        ).encode()
    lines.append(f"Content-Length: {len(body)}".encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class SipPeer:
    """A UDP SIP server in a thread of its own.

    Attributes:
        calls: Every call that arrived, in order.
        address: Where it listens.
        status: What it answers an INVITE with; empty rings for ever. May be changed.
        before: What it says before that; empty for nothing. May be changed.
        rings: Tells of a number whether it rings for ever, whatever the status. May be changed.
        sends_to: Where a status of 3xx sends the caller; itself at first. May be changed.
        delay_s: How long it takes to answer anything, OPTIONS too. May be changed.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, status: bytes = b"200 OK", delay_s: float = 0
    ) -> None:
        """Listen; port 0 takes a free one."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self._socket.settimeout(POLL_S)
        self.address: tuple[str, int] = self._socket.getsockname()
        self.sends_to = self.address
        self.calls: list[ReceivedCall] = []
        self.status = status
        self.rings: Callable[[bytes], bool] = lambda _number: False
        self.before = RINGING
        self.delay_s = delay_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="trunk", daemon=True)
        self._thread.start()

    @property
    def contact(self) -> str:
        """Return ``address:port``, as pjsip.conf wants it."""
        return f"{self.address[0]}:{self.address[1]}"

    def numbers(self) -> list[bytes]:
        """List the numbers that arrived, byte for byte, in order."""
        return [call.number for call in self.calls]

    def answer(self, call: ReceivedCall) -> None:
        """Take a call that rings."""
        call.taken = True
        self._socket.sendto(reply(call.raw, b"200 OK", self.address, sdp=True), call.peer)

    def hang_up(self, call: ReceivedCall) -> None:
        """End a call from this side; the answer to it is not waited for."""
        contact = re.search(rb"<(sips?:[^>]*)>", header(call.raw, b"contact"))
        assert contact is not None
        lines = (
            b"BYE " + contact.group(1) + b" SIP/2.0",
            b"Via: SIP/2.0/UDP " + self.contact.encode() + b";branch=z9hG4bKbye" + call.call_id[:8],
            b"Max-Forwards: 70",
            b"From: " + header(call.raw, b"to") + b";tag=trunk",
            b"To: " + header(call.raw, b"from"),
            b"Call-ID: " + call.call_id,
            b"CSeq: 1 BYE",
            b"Content-Length: 0",
        )
        self._socket.sendto(b"\r\n".join(lines) + b"\r\n\r\n", call.peer)

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                message, peer = self._socket.recvfrom(65535)
            except TimeoutError:
                continue
            self._stopping.wait(self.delay_s)
            for answer in self._react(message, peer):
                self._socket.sendto(answer, peer)

    def _react(self, message: bytes, peer: tuple[str, int]) -> list[bytes]:
        found = REQUEST.match(message)
        if not found:
            return []
        method = found.group(1).decode()
        call = self._call(header(message, b"call-id"))
        if method == "INVITE":
            return self._invited(message, found.group(2), peer, call)
        if method == "ACK":
            if call and call.answered_at_s is None and call.taken:
                call.answered_at_s = time.monotonic()
            return []
        if method in {"BYE", "CANCEL"} and call:
            return self._ended(message, method, call)
        return [reply(message, b"200 OK", self.address)]

    def _invited(
        self, message: bytes, number: bytes, peer: tuple[str, int], call: ReceivedCall | None
    ) -> list[bytes]:
        if call is None:
            call_id = header(message, b"call-id")
            call = ReceivedCall(number, message, call_id, time.monotonic(), peer)
            self.calls.append(call)
        answers = [reply(message, self.before, self.address)] if self.before else []
        if self.status and not self.rings(number):
            call.taken = sdp = self.status.startswith(b"200")
            where = self.sends_to if self.status.startswith(b"3") else self.address
            answers.append(reply(message, self.status, where, sdp=sdp))
        return answers

    def _ended(self, message: bytes, method: str, call: ReceivedCall) -> list[bytes]:
        if call.ended_at_s is None:
            call.ended_at_s = time.monotonic()
            call.ended_by = method
        answers = [reply(message, b"200 OK", self.address)]
        if method == "CANCEL":
            answers.append(reply(call.raw, b"487 Request Terminated", self.address))
        return answers

    def _call(self, call_id: bytes) -> ReceivedCall | None:
        return next((call for call in reversed(self.calls) if call.call_id == call_id), None)
