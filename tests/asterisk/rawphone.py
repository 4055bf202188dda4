"""A phone that sends exactly the bytes that a test gives it, where SIPp would tidy them up.

It proves itself like any other phone, calls and is called, transfers by REFER, takes a call over
by Replaces, and presses keys. It reads only while it waits for an answer.
"""

import re
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.asterisk.etc import Access, phone_secret
from tests.asterisk.rawphone_digest import proof
from tests.asterisk.rawphone_media import Media, far_end
from tests.asterisk.waiting import until

RECEIVE_S = 10.0
BIND_S = 5.0
ATTEND_S = 0.05


@dataclass(slots=True)
class Dialog:
    """One call of the phone's.

    Attributes:
        target: Where requests of this call go.
        sender: The whole From header's value.
        to: The whole To header's value, with the peer's tag once it is known.
        call_id: Its Call-ID.
        code: The final code of its INVITE; 0 while there is none.
        cseq: The number of its last request.
        media: Where the other side listens.
    """

    target: bytes
    sender: bytes
    to: bytes
    call_id: bytes
    code: int = 0
    cseq: int = 0
    media: tuple[str, int] = ("", 0)

    def replaces(self) -> bytes:
        """Name this call as a Replaces header does, from Asterisk's side: RFC 3891 §3."""
        their, own = (value.rpartition(b"tag=")[2] for value in (self.to, self.sender))
        return b"%b;to-tag=%b;from-tag=%b" % (self.call_id, their, own)


def bound(address: str, port: int) -> socket.socket:
    """Take a UDP port; one that a phone has just left is waited for.

    Raises:
        AssertionError: It stayed taken for `BIND_S`.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def is_bound() -> bool:
        try:
            taken.bind((address, port))
        except OSError:
            return False
        return True

    try:
        until(is_bound, BIND_S, f"{address}:{port} is free")
    except AssertionError:
        taken.close()
        raise
    return taken


class RawPhone:
    """Phone 6001, or another, over UDP.

    Attributes:
        name: Its endpoint.
    """

    def __init__(
        self,
        access: Access,
        name: str = "6001",
        address: str = "127.0.0.11",
        port: int = 0,
        domain: str = "",
    ) -> None:
        """Take a port of the address, 0 is a free one; ``domain`` stands in From as its own."""
        self._domain = domain.encode()
        self.name = name
        self._peer = (access.address, access.sip_port)
        self._socket = bound(address, port)
        self._socket.settimeout(RECEIVE_S)
        self._media = Media(address)

    def __enter__(self) -> Self:
        """Return itself; the ``with`` closes its sockets."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None
    ) -> None:
        """Close the sockets."""
        self._media.__exit__(kind, error, traceback)
        self._socket.close()

    def register(self) -> int:
        """Register, and return the final code."""
        dialog = self._dialog(b"sip:%b" % self._host())
        dialog.to = dialog.sender.partition(b";tag=")[0]
        answer = self._asked(dialog, b"REGISTER")
        if _code(answer) == 401:
            answer = self._asked(dialog, b"REGISTER", self._proof(answer, b"REGISTER", dialog))
        return _code(answer)

    def call(self, number: str, display: bytes = b"", headers: bytes = b"") -> Dialog:
        """Call, with a display name and more header lines byte for byte; wait for the code."""
        uri = b"sip:" + number.encode() + b"@" + self._host()
        dialog = self._dialog(uri, display)
        challenge = self._invite(dialog, headers)
        if dialog.code == 401:
            self._invite(dialog, headers + self._proof(challenge, b"INVITE", dialog))
        return dialog

    def message(self, number: str) -> int:
        """Send a MESSAGE to a number, outside of any call, and return the final code."""
        dialog = self._dialog(b"sip:" + number.encode() + b"@" + self._host())
        text = b"Content-Type: text/plain\r\n"
        answer = self._asked(dialog, b"MESSAGE", text)
        if _code(answer) == 401:
            answer = self._asked(dialog, b"MESSAGE", text + self._proof(answer, b"MESSAGE", dialog))
        return _code(answer)

    def dial(self, number: str, display: bytes = b"", headers: bytes = b"") -> int:
        """Call, hang up at once, and return the final code of the INVITE."""
        dialog = self.call(number, display, headers)
        if dialog.code == 200:
            self.hang_up(dialog)
        return dialog.code

    def take(self) -> Dialog:
        """Wait for a call, and answer it."""
        invite = self._received(b"INVITE ")
        own = _value(invite, b"To") + b";tag=" + _token()
        target, call_id = _contact(invite), _value(invite, b"Call-ID")
        dialog = Dialog(target, own, _value(invite, b"From"), call_id, 200, media=far_end(invite))
        contact = b"Contact: <sip:%b@%b>" % (self.name.encode(), self._own())
        self._reply(invite, dialog, contact, self._media.description())
        self._received(b"ACK ")
        return dialog

    def hold(self, dialog: Dialog) -> int:
        """Put a call on hold, and return the code that came back."""
        return _code(self._reinvite(dialog, b"", self._media.description(b"sendonly")))

    def resume(self, dialog: Dialog) -> int:
        """Take a call back from hold, and return the code that came back."""
        return _code(self._invite(dialog, b""))

    def press(self, dialog: Dialog, keys: str) -> None:
        """Press keys during a call."""
        self._media.press(keys, dialog.media)

    def attend(self, is_over: Callable[[], object]) -> None:
        """Answer what Asterisk asks until something is so: it keeps a call until its BYE is."""
        self._socket.settimeout(ATTEND_S)
        until(lambda: self._attended() and is_over(), RECEIVE_S, f"{self.name} is through")
        self._socket.settimeout(RECEIVE_S)

    def _attended(self) -> bool:
        with suppress(TimeoutError):
            while message := self._socket.recv(65535):
                if not message.startswith(b"SIP/2.0"):
                    self._agree(message)
        return True

    def hang_up(self, dialog: Dialog) -> None:
        """End a call that was answered."""
        self._asked(dialog, b"BYE")

    def refer(self, dialog: Dialog, number: str) -> int:
        """Transfer the other side to a number, and return the code that came back."""
        return self._refer(dialog, b"sip:" + number.encode() + b"@pbx")

    def refer_to(self, dialog: Dialog, other: Dialog) -> int:
        """Join the other sides of two calls, and return the code that came back."""
        named = other.replaces().replace(b";", b"%3B").replace(b"=", b"%3D").replace(b"@", b"%40")
        return self._refer(dialog, b"sip:x@%b?Replaces=%b" % (self._host(), named))

    def _refer(self, dialog: Dialog, target: bytes) -> int:
        return _code(self._asked(dialog, b"REFER", b"Refer-To: <" + target + b">\r\n"))

    def _dialog(self, uri: bytes, display: bytes = b"") -> Dialog:
        own = b"sip:%b@%b" % (self.name.encode(), self._domain or self._host())
        sender = display + b" <" + own + b">;tag=" + _token()
        return Dialog(uri, sender, b"<" + uri + b">", _token())

    def _invite(self, dialog: Dialog, headers: bytes) -> bytes:
        return self._reinvite(dialog, headers, self._media.description())

    def _reinvite(self, dialog: Dialog, headers: bytes, body: bytes) -> bytes:
        branch, to = _token(), dialog.to
        dialog.cseq += 1
        self._send(dialog, b"INVITE", headers, body, branch)
        answer = self._answer(dialog, b"INVITE")
        dialog.code, dialog.to = _code(answer), _value(answer, b"To")
        if dialog.code == 200:
            dialog.target, dialog.media = _contact(answer), far_end(answer)
            self._send(dialog, b"ACK")
        elif dialog.code >= 300:
            self._send(dialog, b"ACK", branch=branch)
            dialog.to = to
        return answer

    def _asked(self, dialog: Dialog, method: bytes, headers: bytes = b"") -> bytes:
        """Send a request, and return its final answer."""
        dialog.cseq += 1
        self._send(dialog, method, headers)
        return self._answer(dialog, method)

    def _send(
        self,
        dialog: Dialog,
        method: bytes,
        headers: bytes = b"",
        body: bytes = b"",
        branch: bytes = b"",
    ) -> None:
        kind = b"Content-Type: application/sdp\r\n" if body else b""
        lines = (
            method + b" " + dialog.target + b" SIP/2.0",
            b"Via: SIP/2.0/UDP " + self._own() + b";rport;branch=z9hG4bK" + (branch or _token()),
            b"Max-Forwards: 70",
            b"From: " + dialog.sender,
            b"To: " + dialog.to,
            b"Call-ID: " + dialog.call_id,
            b"CSeq: %d " % dialog.cseq + method,
            b"Contact: <sip:" + self.name.encode() + b"@" + self._own() + b">",
            headers + kind + b"Content-Length: %d" % len(body),
        )
        self._socket.sendto(b"\r\n".join(lines) + b"\r\n\r\n" + body, self._peer)

    def _answer(self, dialog: Dialog, method: bytes) -> bytes:
        """Read until the final answer to a request; say 200 to what Asterisk asks meanwhile."""
        mark = b"\r\nCSeq: %d %b\r\n" % (dialog.cseq, method)
        while True:
            message = self._socket.recv(65535)
            if not message.startswith(b"SIP/2.0"):
                self._agree(message)
            elif dialog.call_id in message and mark in message and _code(message) >= 200:
                return message

    def _received(self, method: bytes) -> bytes:
        """Read until a request of this kind comes; say 200 to all others."""
        while not (message := self._socket.recv(65535)).startswith(method):
            if not message.startswith(b"SIP/2.0"):
                self._agree(message)
        return message

    def _agree(self, request: bytes) -> None:
        if not request.startswith(b"ACK "):
            self._reply(request)

    def _reply(
        self, request: bytes, dialog: Dialog | None = None, contact: bytes = b"", body: bytes = b""
    ) -> None:
        """Say 200, in a dialog with our own tag."""
        wanted = (b"via:", b"from:", b"call-id:", b"cseq:")
        lines = request.split(b"\r\n\r\n")[0].split(b"\r\n")
        echoed = [line for line in lines if line.lower().startswith(wanted)]
        to = b"To: " + (dialog.sender if dialog else _value(request, b"To"))
        kind = [contact, b"Content-Type: application/sdp"] if body else []
        size = b"Content-Length: %d" % len(body)
        answer = b"\r\n".join([b"SIP/2.0 200 OK", *echoed, to, *kind, size]) + b"\r\n\r\n" + body
        self._socket.sendto(answer, self._peer)

    def _proof(self, challenge: bytes, method: bytes, dialog: Dialog) -> bytes:
        secret = phone_secret(self.name).encode()
        return proof(challenge, method, dialog.target, self.name.encode(), secret)

    def _host(self) -> bytes:
        return b"%b:%d" % (self._peer[0].encode(), self._peer[1])

    def _own(self) -> bytes:
        host, port = self._socket.getsockname()
        return f"{host}:{port}".encode()


def _token() -> bytes:
    return secrets.token_hex(8).encode()


def _code(answer: bytes) -> int:
    return int(answer.split(maxsplit=2)[1])


def _value(message: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?im)^" + name + rb": ([^\r\n]*)", message)
    assert found is not None, (name, message)
    return found.group(1)


def _contact(message: bytes) -> bytes:
    found = re.search(rb"(?im)^Contact: <([^>]*)>", message)
    assert found is not None, message
    return found.group(1)
