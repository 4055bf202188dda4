"""Gives a raw phone a media port, and presses its keys as RFC 2833 events, as real phones do."""

import re
import socket
import struct
import time
from types import TracebackType
from typing import Self

KEYS = "0123456789*#"
EVENT_TYPE = 101  # the payload type that our session description names
PACKET_S = 0.02
SAMPLES = 160  # of 20 ms at 8 kHz
UPDATES = 5  # packets of one key press
ENDS = 3  # the last is sent three times, RFC 2833 §3.6
GAP_S = 0.08  # between two keys; Asterisk waits a second for the next one of a feature code


class Media:
    """A UDP port for speech; nothing is said, and what comes is not read."""

    def __init__(self, address: str) -> None:
        """Take a free port of the address."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._sequence = 0
        self._timestamp = 0

    def __enter__(self) -> Self:
        """Return itself; the ``with`` closes the port."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None
    ) -> None:
        """Close the port."""
        self._socket.close()

    def description(self, direction: bytes = b"sendrecv") -> bytes:
        """Write the session description of a phone with one codec and key events."""
        host, port = self._socket.getsockname()
        return (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0 {EVENT_TYPE}\r\na=rtpmap:0 PCMU/8000\r\n"
            f"a=rtpmap:{EVENT_TYPE} telephone-event/8000\r\n"
        ).encode() + b"a=%b\r\n" % direction

    def press(self, keys: str, far_end: tuple[str, int]) -> None:
        """Send key presses to where the other side listens."""
        for key in keys:
            self._timestamp += 10 * SAMPLES
            for number in range(1, UPDATES + ENDS):
                ended = number >= UPDATES
                self._send(key, min(number, UPDATES), first=number == 1, ended=ended, to=far_end)
            time.sleep(GAP_S)

    def _send(
        self, key: str, length: int, *, first: bool, ended: bool, to: tuple[str, int]
    ) -> None:
        self._sequence += 1
        marked = EVENT_TYPE | (0x80 if first else 0)
        head = struct.pack("!BBHII", 0x80, marked, self._sequence, self._timestamp, 1)
        volume = (0x80 if ended else 0) | 10
        event = struct.pack("!BBH", KEYS.index(key), volume, length * SAMPLES)
        self._socket.sendto(head + event, to)
        time.sleep(PACKET_S)


def far_end(description: bytes) -> tuple[str, int]:
    """Read from a message with a session description where the other side listens."""
    host = re.search(rb"(?m)^c=IN IP4 (\S+)", description)
    port = re.search(rb"(?m)^m=audio (\d+)", description)
    assert host is not None
    assert port is not None
    return (host.group(1).decode(), int(port.group(1)))
