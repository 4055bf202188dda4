"""A phone that sends exactly the bytes that a test gives it, where SIPp would tidy them up.

It proves itself like any other phone, calls, transfers by REFER, and notices when it is hung up.
"""

import re
import secrets
import socket
from dataclasses import dataclass
from hashlib import md5
from types import TracebackType
from typing import Self

from tests.asterisk.etc import Access, phone_secret

RECEIVE_S = 10.0
_SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)
_CHALLENGE = re.compile(rb'(\w+)=("[^"]*"|[^,\s]+)')


@dataclass(slots=True)
class Dialog:
    """One call of the phone's.

    Attributes:
        target: Where requests of this call go.
        sender: The whole From header's value.
        to: The whole To header's value, with the peer's tag once it is known.
        call_id: Its Call-ID.
        code: The final code of its INVITE; 0 while there is none.
    """

    target: bytes
    sender: bytes
    to: bytes
    call_id: bytes
    code: int = 0


class RawPhone:
    """Phone 6001, or another, over UDP.

    Attributes:
        name: Its endpoint.
    """

    def __init__(self, access: Access, name: str = "6001", address: str = "127.0.0.11") -> None:
        """Take a free port of the address."""
        self.name = name
        self._peer = (access.address, access.sip_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.settimeout(RECEIVE_S)

    def __enter__(self) -> Self:
        """Return itself; the ``with`` closes its socket."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None
    ) -> None:
        """Close the socket."""
        self._socket.close()

    def call(self, number: str, display: bytes = b"", headers: bytes = b"") -> Dialog:
        """Call, with a display name and more header lines byte for byte; wait for the code."""
        host = f"{self._peer[0]}:{self._peer[1]}".encode()
        uri = b"sip:" + number.encode() + b"@" + host
        sender = display + b" <sip:" + self.name.encode() + b"@" + host + b">;tag=" + _token()
        dialog = Dialog(uri, sender, b"<" + uri + b">", _token())
        challenge = self._invite(dialog, 1, headers)
        if dialog.code == 401:
            answered = self._invite(dialog, 2, headers + self._proof(challenge, b"INVITE", uri))
            contact = re.search(rb"(?im)^Contact: <([^>]*)>", answered)
            if dialog.code == 200 and contact:
                dialog.target = contact.group(1)
                self._send(dialog, b"ACK", 2)
        return dialog

    def dial(self, number: str, display: bytes = b"", headers: bytes = b"") -> int:
        """Call, hang up at once, and return the final code of the INVITE."""
        dialog = self.call(number, display, headers)
        if dialog.code == 200:
            self.hang_up(dialog)
        return dialog.code

    def hang_up(self, dialog: Dialog) -> None:
        """End a call that was answered."""
        self._send(dialog, b"BYE", 9)
        self._answer(dialog, b"9 BYE")

    def refer(self, dialog: Dialog, number: str) -> int:
        """Transfer the other side to a number, and return the code that came back."""
        self._send(dialog, b"REFER", 5, b"Refer-To: <sip:" + number.encode() + b"@pbx>\r\n")
        return _code(self._answer(dialog, b"5 REFER"))

    def _invite(self, dialog: Dialog, cseq: int, headers: bytes) -> bytes:
        branch = _token()
        to = dialog.to
        self._send(dialog, b"INVITE", cseq, headers, _SDP, branch)
        answer = self._answer(dialog, b"%d INVITE" % cseq)
        dialog.code = _code(answer)
        tagged = re.search(rb"(?im)^To: ([^\r\n]*)", answer)
        assert tagged is not None
        dialog.to = tagged.group(1)
        if dialog.code >= 300:
            self._send(dialog, b"ACK", cseq, branch=branch)
            dialog.to = to
        return answer

    def _send(
        self,
        dialog: Dialog,
        method: bytes,
        cseq: int,
        headers: bytes = b"",
        body: bytes = b"",
        branch: bytes = b"",
    ) -> None:
        host, port = self._socket.getsockname()
        own = f"{host}:{port}".encode()
        kind = b"Content-Type: application/sdp\r\n" if body else b""
        lines = (
            method + b" " + dialog.target + b" SIP/2.0",
            b"Via: SIP/2.0/UDP " + own + b";rport;branch=z9hG4bK" + (branch or _token()),
            b"Max-Forwards: 70",
            b"From: " + dialog.sender,
            b"To: " + dialog.to,
            b"Call-ID: " + dialog.call_id,
            b"CSeq: %d " % cseq + method,
            b"Contact: <sip:" + self.name.encode() + b"@" + own + b">",
            headers + kind + b"Content-Length: %d" % len(body),
        )
        self._socket.sendto(b"\r\n".join(lines) + b"\r\n\r\n" + body, self._peer)

    def _answer(self, dialog: Dialog, cseq: bytes) -> bytes:
        """Read until the final answer to a request; say 200 to what Asterisk asks meanwhile."""
        while True:
            message = self._socket.recv(65535)
            if not message.startswith(b"SIP/2.0"):
                self._agree(message)
            elif dialog.call_id in message and b"\r\nCSeq: " + cseq in message:
                code = _code(message)
                if code >= 200:
                    return message

    def _agree(self, request: bytes) -> None:
        if request.startswith(b"ACK "):
            return
        wanted = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")
        lines = request.split(b"\r\n\r\n")[0].split(b"\r\n")
        echoed = [line for line in lines if line.lower().startswith(wanted)]
        answer = b"\r\n".join([b"SIP/2.0 200 OK", *echoed, b"Content-Length: 0"]) + b"\r\n\r\n"
        self._socket.sendto(answer, self._peer)

    def _proof(self, challenge: bytes, method: bytes, uri: bytes) -> bytes:
        line = re.search(rb"(?im)^WWW-Authenticate: Digest ([^\r\n]*)", challenge)
        assert line is not None
        words = {key: value.strip(b'"') for key, value in _CHALLENGE.findall(line.group(1))}
        who = _hex(b":".join((self.name.encode(), words[b"realm"], _secret(self.name))))
        what = _hex(method + b":" + uri)
        # chan_sip asks for no quality of protection, chan_pjsip does
        quality = (b"00000001", b"c", b"auth") if b"qop" in words else ()
        proof = _hex(b":".join((who, words[b"nonce"], *quality, what)))
        parts = (
            b'username="' + self.name.encode() + b'"',
            b'realm="' + words[b"realm"] + b'"',
            b'nonce="' + words[b"nonce"] + b'"',
            b'uri="' + uri + b'"',
            b'response="' + proof + b'"',
            b'opaque="' + words.get(b"opaque", b"") + b'"',
            b"algorithm=MD5" + (b', qop=auth, nc=00000001, cnonce="c"' if quality else b""),
        )
        return b"Authorization: Digest " + b", ".join(parts) + b"\r\n"


def _token() -> bytes:
    return secrets.token_hex(8).encode()


def _code(answer: bytes) -> int:
    return int(answer.split(maxsplit=2)[1])


def _hex(data: bytes) -> bytes:
    return md5(data, usedforsecurity=False).hexdigest().encode()


def _secret(name: str) -> bytes:
    return phone_secret(name).encode()
