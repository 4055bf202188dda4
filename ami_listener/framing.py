r"""Cuts AMI's byte stream into frames, strictly, because text from strangers travels inside it.

Lines end in CR LF and nothing else, a frame ends at an empty line, and bytes are decoded after
that: cutting decoded chunks loses characters and turns `adm\xffin` into `admin`.
Asterisk writes `Event`, `Privilege` and `Timestamp` as an event's first lines (main/manager.c),
so a line that a phone smuggled in cannot stand for them.
"""

from enum import StrEnum
from typing import Final, NamedTuple

# The longest real line is an endpoint's list of contacts, the longest frame an EndpointDetail.
LINE_MAX_BYTES: Final = 16 * 1024
FRAME_MAX_BYTES: Final = 64 * 1024
EXCERPT_CHARS: Final = 200
BANNER: Final = b"Asterisk Call Manager/"
_END: Final = b"\r\n\r\n"
# A tail without an end can hold three bytes of it, so only beyond that is it surely too long.
_PARTIAL_END_BYTES: Final = len(_END) - 1


class FrameKind(StrEnum):
    """What a frame is by its first line."""

    EVENT = "event"
    RESPONSE = "response"
    STRAY = "stray"


class Frame(NamedTuple):
    """One message. A tuple and not a dataclass: it is made for each event of a flood.

    Attributes:
        kind: By the first line.
        name: The event's name, or the response's word (``Success``, ``Error``).
        fields: In wire order. Untrusted text.
        output: Values of a response's ``Output`` lines, in order.
        fault: Empty, or why nothing in the frame may be believed: ``duplicate-key``,
            ``stray-line``, ``stray-frame``, ``oversize``.
        excerpt: The frame's beginning, escaped, only when there is a fault.
    """

    kind: FrameKind
    name: str
    fields: dict[str, str]
    output: tuple[str, ...] = ()
    fault: str = ""
    excerpt: str = ""


class Framer:
    """Collects bytes and gives whole frames; holds at most one frame's limit between calls."""

    def __init__(self, frame_max_bytes: int = FRAME_MAX_BYTES) -> None:
        self._max = frame_max_bytes
        self._buffer = bytearray()
        self._scanned = 0
        self._skipping = False

    @property
    def buffered_bytes(self) -> int:
        """How much of an unfinished frame is held."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes and return the raw frames that they complete, in order.

        A frame over the limit comes out once, cut to one byte more than the limit,
        so that `parse` calls it oversize; the rest of it is dropped.

        Args:
            data: Any cut of the stream. Untrusted.

        Returns:
            Frames without their empty line, never empty ones.
        """
        self._buffer += data
        if self._buffer.find(_END, self._scanned) < 0:
            return self._wait()
        parts = bytes(self._buffer).split(_END)
        self._buffer[:] = parts.pop()
        self._scanned = 0
        if self._skipping:
            self._skipping = False
            del parts[0]
        frames = [self._bounded(part) for part in parts if part and part != b"\r\n"]
        return frames + self._wait()

    def _bounded(self, part: bytes) -> bytes:
        return part.removeprefix(b"\r\n")[: self._max + 1]

    def _wait(self) -> list[bytes]:
        """Keep what is unfinished, within the limit."""
        if self._skipping:
            del self._buffer[:-_PARTIAL_END_BYTES]
            return []
        if self._buffer.startswith(b"\r\n"):
            del self._buffer[:2]
        if len(self._buffer) <= self._max + _PARTIAL_END_BYTES:
            self._scanned = max(0, len(self._buffer) - _PARTIAL_END_BYTES)
            return []
        head = bytes(self._buffer[: self._max + 1])
        self._skipping = True
        self._scanned = 0
        del self._buffer[:-_PARTIAL_END_BYTES]
        return [head]


def event_name(raw: bytes) -> bytes:
    """Read an event's name without parsing the frame; empty for anything else."""
    if not raw.startswith(b"Event: "):
        return b""
    end = raw.find(b"\r\n", 7)
    return raw[7:end] if end >= 0 else raw[7:]


def parse(raw: bytes, frame_max_bytes: int = FRAME_MAX_BYTES) -> Frame:
    """Turn a raw frame into pairs, or into a faulty frame that is evidence only.

    Args:
        raw: From `Framer.feed`. Untrusted.
        frame_max_bytes: The limit that the framer had.

    Returns:
        Always a frame; look at ``fault`` first.
    """
    fields = fields_of(raw) if raw.startswith(b"Event: ") else None
    if fields is not None:
        return Frame(FrameKind.EVENT, fields["Event"], fields)
    return _parse_with_care(raw, frame_max_bytes)


def fields_of(raw: bytes) -> dict[str, str] | None:
    """Read an event's fields in the way of nearly every frame.

    Returns:
        None when `parse` has to look closer: a repeated key, a stray line, a long frame.
    """
    if len(raw) > LINE_MAX_BYTES:
        return None
    lines = _lines(raw)
    fields = _pairs(lines)
    return fields if len(fields) == len(lines) else None


def _lines(raw: bytes) -> list[str]:
    return raw.decode("utf-8", "backslashreplace").split("\r\n")


def _pairs(lines: list[str]) -> dict[str, str]:
    """Pairs by key; fewer than lines when a line has no separator or repeats a key."""
    # partition and this shape of loop: a third faster than dict(split), measured
    return {key: value for line in lines for key, sep, value in (line.partition(": "),) if sep}


def _parse_with_care(raw: bytes, frame_max_bytes: int) -> Frame:
    kind, lines = _kind(raw), _lines(raw)
    name = lines[0].partition(": ")[2]
    if len(raw) > LINE_MAX_BYTES and _oversize(raw, frame_max_bytes):
        return Frame(kind, name, {}, fault="oversize", excerpt=excerpt_of(raw))
    output: tuple[str, ...] = ()
    if kind is FrameKind.RESPONSE:
        output = tuple(line[8:] for line in lines if line.startswith("Output: "))
        lines = [line for line in lines if not line.startswith("Output: ")]
    fields = _pairs(lines)
    if any(": " not in line for line in lines):
        return Frame(kind, name, {}, fault="stray-line", excerpt=excerpt_of(raw))
    fault = _fault(kind, surplus=len(fields) != len(lines))
    return Frame(kind, name, fields, output, fault, excerpt_of(raw) if fault else "")


def excerpt_of(raw: bytes) -> str:
    """Show the beginning of a frame, safe to print."""
    return ascii(raw[:EXCERPT_CHARS])[2:-1][:EXCERPT_CHARS]


def _kind(raw: bytes) -> FrameKind:
    if raw.startswith(b"Event: "):
        return FrameKind.EVENT
    return FrameKind.RESPONSE if raw.startswith(b"Response: ") else FrameKind.STRAY


def _fault(kind: FrameKind, *, surplus: bool) -> str:
    if kind is FrameKind.STRAY:
        return "stray-frame"
    return "duplicate-key" if surplus else ""


def _oversize(raw: bytes, frame_max_bytes: int) -> bool:
    if len(raw) > frame_max_bytes:
        return True
    return any(len(line) > LINE_MAX_BYTES for line in raw.split(b"\r\n"))
