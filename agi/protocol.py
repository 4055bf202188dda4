"""AGI's wire format without any socket: bytes in; an environment, replies or a refusal out.

A caller can put control characters into values that Asterisk copies into the environment, so a
forged line looks like Asterisk's own. Everything that Asterisk itself would not send, in its own
order, is therefore refused instead of skipped. How the stream was cut never changes the outcome.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import NamedTuple

# A real environment is about 600 bytes in 24 lines (measured, Asterisk 16.28 and 22.10).
MAX_LINE_BYTES = 2048  # AGI_BUF_LEN, asterisk res/res_agi.c
MAX_TOTAL_BYTES = 8192
MAX_LINES = 100

# The order of launch_netscript and setup_env in asterisk res/res_agi.c; seen in 16.28 and 22.10.
ENVIRONMENT_KEYS = (
    "agi_network",
    "agi_network_script",
    "agi_request",
    "agi_channel",
    "agi_language",
    "agi_type",
    "agi_uniqueid",
    "agi_version",
    "agi_callerid",
    "agi_calleridname",
    "agi_callingpres",
    "agi_callingani2",
    "agi_callington",
    "agi_callingtns",
    "agi_dnid",
    "agi_rdnis",
    "agi_context",
    "agi_extension",
    "agi_priority",
    "agi_enhanced",
    "agi_accountcode",
    "agi_threadid",
)
_PREFIXES = tuple(f"{key}: ".encode() for key in ENVIRONMENT_KEYS)
_FIXED = len(_PREFIXES)
_KNOWN = {key.encode(): place for place, key in enumerate(ENVIRONMENT_KEYS)}
_WANTED = (
    *map(ENVIRONMENT_KEYS.index, ("agi_network_script", "agi_channel", "agi_type", "agi_uniqueid")),
    _FIXED,
    _FIXED + 1,
)

# An environment with two arguments, the common case: 5 times as fast as line by line.
_PLAIN = (*_PREFIXES, b"agi_arg_1: ", b"agi_arg_2: ")
_TEXT = rb"[^\x00-\x1f\x7f]*"
_WHOLE = re.compile(
    b"".join(
        prefix + (b"(%s)\n" if place in _WANTED else b"%s\n") % _TEXT
        for place, prefix in enumerate(_PLAIN)
    )
    + b"\n"
)

_KEY_OF_LINE = re.compile(rb"([^:]*): ")
_ARGUMENT_KEY = re.compile(rb"agi_arg_([1-9][0-9]?)")
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")  # all but the line feed that ends a line
_RESULT = re.compile(rb"200 result=(-?[0-9]{1,10})(?: \(([^\x00-\x1f\x7f]*)\))?")
_RESULT_LINE = re.compile(_RESULT.pattern + b"\n")  # a reply in one piece, the common case
_ERROR_LINE = re.compile(rb"(5[0-9]{2})[ -].*")


class Refusal(StrEnum):
    """Why a session ended without a verdict. Codes are only added to, never renamed."""

    # what was sent
    LINE_TOO_LONG = "line-too-long"
    TOO_LARGE = "too-large"
    TOO_MANY_LINES = "too-many-lines"
    CONTROL_CHARACTER = "control-character"
    MALFORMED_LINE = "malformed-line"
    UNKNOWN_KEY = "unknown-key"
    DUPLICATE_KEY = "duplicate-key"
    OUT_OF_ORDER_KEY = "out-of-order-key"
    MISSING_KEY = "missing-key"
    SURPLUS_BYTES = "surplus-bytes"
    MALFORMED_REPLY = "malformed-reply"
    COMMAND_REFUSED = "command-refused"
    # what it meant
    UNKNOWN_PATH = "unknown-path"
    ARGUMENT_COUNT = "argument-count"
    EMPTY_VALUE = "empty-value"
    AMBIGUOUS_VARIABLE = "ambiguous-variable"
    WRONG_KEY = "wrong-key"
    BAD_SOURCE = "bad-source"
    # how it went
    KEYLESS_LIMIT = "keyless-limit"
    CLIENT_LIMIT = "client-limit"
    HEADER_DEADLINE = "header-deadline"
    SESSION_DEADLINE = "session-deadline"
    CLIENT_GONE = "client-gone"
    HANGUP = "hangup"
    JUDGE_ERROR = "judge-error"
    UNSAFE_ANSWER = "unsafe-answer"
    VERDICT_NOT_SET = "verdict-not-set"
    STOPPED = "stopped"


class AgiProtocolError(ValueError):
    """The peer broke the protocol, or a value cannot be put on the wire.

    Attributes:
        reason: Which rule was broken.
    """

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Environment(NamedTuple):
    """What Asterisk says of a session before the first command.

    Attributes:
        script: Path of the request without its leading slash.
        channel: Name of the calling channel.
        technology: Channel driver, ``PJSIP``, ``SIP``, ``Local`` …
        uniqueid: Asterisk's id of the channel.
        arguments: ``agi_arg_1`` and on. Untrusted text; bytes that are not
            UTF-8 are shown as backslash escapes.
    """

    script: str
    channel: str
    technology: str
    uniqueid: str
    arguments: tuple[str, ...]


class Reply(NamedTuple):
    """One answer of Asterisk's to one command.

    Attributes:
        code: 200, or 5xx for a refused command; 0 only in `HANGUP`.
        result: The number after ``result=`` as text; empty unless code is 200.
        value: What stood between the parentheses; None without any.
    """

    code: int
    result: str = ""
    value: str | None = None


# Not a reply: Asterisk says at any moment that the caller is gone (run_agi, res/res_agi.c).
HANGUP = Reply(0)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


class _Meter:
    """The limits of one message: bytes of a line, bytes in all, lines."""

    __slots__ = ("_lines", "_used")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin a new message."""
        self._used = 0
        self._lines = 0

    def check(self, length: int) -> None:
        """Refuse a line, whole or still growing, that has no room left."""
        room = MAX_TOTAL_BYTES - self._used
        if length > room or length > MAX_LINE_BYTES:
            # What overflows first in the stream names the reason, so a cut cannot change it.
            raise AgiProtocolError(
                Refusal.TOO_LARGE if room < MAX_LINE_BYTES else Refusal.LINE_TOO_LONG
            )

    def count(self, length: int) -> None:
        """Account for a whole line."""
        used = self._used = self._used + length
        if length > MAX_LINE_BYTES or used > MAX_TOTAL_BYTES:
            self._used -= length
            self.check(length)
        self._lines += 1
        if self._lines > MAX_LINES:
            raise AgiProtocolError(Refusal.TOO_MANY_LINES)


@cache
def _plain_from(place: int) -> re.Pattern[bytes]:
    """Match as many lines of a plain environment, from one place on, as are there."""
    lines = b""
    for prefix in reversed(_PLAIN[place:]):
        lines = b"(?:%s%s\n%s)?" % (prefix, _TEXT, lines)
    return re.compile(lines)


class EnvironmentReader:
    """Read one AGI environment from a stream of bytes, once.

    As long as its lines are plain they are matched in one go and kept. Anything else is read line
    by line from the start, which tells what is wrong; the tests hold both to the same outcome.
    After an error or a whole environment the reader is spent.
    """

    __slots__ = (
        "_by_line", "_dirty", "_done", "_end", "_meter", "_place", "_seen", "_tail", "_values",
    )  # fmt: skip

    _dirty: bool
    _meter: _Meter
    _tail: bytes
    _values: list[bytes]

    def __init__(self) -> None:
        self._seen = b""
        self._end = 0  # of the plain lines in it
        self._place = 0  # how many they are
        self._by_line = False
        self._done = False

    def feed(self, data: bytes) -> Environment | None:
        """Take the next bytes, of any length, as the socket gave them. Untrusted.

        Returns:
            The environment when its empty last line has come, else None.

        Raises:
            AgiProtocolError: The bytes are not an environment as Asterisk
                sends it, or more bytes follow although no command was sent.
        """
        if self._done and data:
            raise AgiProtocolError(Refusal.SURPLUS_BYTES)
        if self._done or self._by_line:
            return None if self._done else self._feed_lines(data)
        seen = self._seen = self._seen + data
        if len(seen) > MAX_LINE_BYTES:  # below that no limit is passed
            return self._read_by_line(seen)
        if seen.endswith(b"\n\n") and (whole := _WHOLE.fullmatch(seen)):
            self._done = True
            return _environment(whole.groups())
        return None if self._is_plain(seen) else self._read_by_line(seen)

    def _is_plain(self, seen: bytes) -> bool:
        """Tell whether what came may become a plain environment; what was matched stays matched."""
        found = _plain_from(self._place).match(seen, self._end)
        if found is not None and found.end() > self._end:
            self._place += seen.count(b"\n", self._end, found.end())
            self._end = found.end()
        return seen.find(b"\n", self._end) < 0

    def _read_by_line(self, seen: bytes) -> Environment | None:
        """Begin again with what came so far."""
        self._by_line = True
        self._seen = self._tail = b""
        self._values = []
        self._meter = _Meter()
        self._dirty = False
        return self._feed_lines(seen)

    def _feed_lines(self, data: bytes) -> Environment | None:
        self._dirty = self._dirty or _CONTROL.search(data) is not None
        lines = (self._tail + data).split(b"\n")
        self._tail = lines.pop()
        for place, line in enumerate(lines, 1):
            if not line:
                return self._end_lines(surplus=bool(self._tail) or place < len(lines))
            self._take(line)
        self._meter.check(len(self._tail))
        return None

    def _take(self, line: bytes) -> None:
        self._meter.count(len(line))
        if self._dirty and _CONTROL.search(line):
            raise AgiProtocolError(Refusal.CONTROL_CHARACTER)
        place = len(self._values)
        prefix = _PREFIXES[place] if place < _FIXED else b"agi_arg_%d: " % (place - _FIXED + 1)
        if not line.startswith(prefix):
            raise AgiProtocolError(_misfit(line, place))
        self._values.append(line[len(prefix) :])

    def _end_lines(self, *, surplus: bool) -> Environment:
        values = self._values
        if len(values) < _FIXED:
            raise AgiProtocolError(Refusal.MISSING_KEY)
        if surplus:
            raise AgiProtocolError(Refusal.SURPLUS_BYTES)
        self._done = True
        return _environment([*(values[n] for n in _WANTED[:4]), *values[_FIXED:]])


def _environment(values: Sequence[bytes]) -> Environment:
    """Make it of the wanted lines' values, the arguments last."""
    script, channel, technology, uniqueid, *arguments = map(_text, values)
    return Environment(script, channel, technology, uniqueid, tuple(arguments))


def _misfit(line: bytes, place: int) -> Refusal:
    """Name what is wrong with a line that is not the one Asterisk sends at this place."""
    found = _KEY_OF_LINE.match(line)
    if found is None:
        return Refusal.MALFORMED_LINE
    argument = _ARGUMENT_KEY.fullmatch(found[1])
    its_place = _KNOWN.get(found[1]) if argument is None else _FIXED - 1 + int(argument[1])
    if its_place is None:
        return Refusal.UNKNOWN_KEY
    return Refusal.DUPLICATE_KEY if its_place < place else Refusal.OUT_OF_ORDER_KEY


class ReplyReader:
    """Read replies to commands from a stream of bytes.

    After an error the reader is spent.
    """

    __slots__ = ("_meter", "_tail", "_usage")

    def __init__(self) -> None:
        self._tail = b""
        self._meter = _Meter()
        self._usage = False

    @property
    def idle(self) -> bool:
        """Tell whether nothing half read waits: only then may a command be sent."""
        return not self._tail and not self._usage

    def feed(self, data: bytes) -> list[Reply]:
        """Take the next bytes, of any length, as the socket gave them. Untrusted.

        Returns:
            The replies that are now whole, in order; `HANGUP` for a hangup
            line; none while a reply is incomplete.

        Raises:
            AgiProtocolError: A line is no reply, or too long.
        """
        if self.idle and len(data) <= MAX_LINE_BYTES and (found := _RESULT_LINE.fullmatch(data)):
            return [_result(found)]
        lines = (self._tail + data).split(b"\n")
        self._tail = lines.pop()
        replies = [reply for line in lines if (reply := self._take(line)) is not None]
        self._meter.check(len(self._tail))
        return replies

    def _take(self, line: bytes) -> Reply | None:
        self._meter.count(len(line))
        if self._usage:
            # The usage text of a 520 is free text that ends with its code and a space.
            self._usage = not line.startswith(b"520 ")
            return None if self._usage else self._whole(Reply(520))
        if line == b"HANGUP":
            return self._whole(HANGUP)
        if line.startswith(b"520-"):
            self._usage = True
            return None
        return self._whole(_reply(line))

    def _whole(self, reply: Reply) -> Reply:
        self._meter.reset()
        return reply


def _result(found: re.Match[bytes]) -> Reply:
    result, value = found.groups()
    return Reply(200, result.decode(), None if value is None else _text(value))


def _reply(line: bytes) -> Reply:
    """Read a reply of one line."""
    if found := _RESULT.fullmatch(line):
        return _result(found)
    if _CONTROL.search(line):
        raise AgiProtocolError(Refusal.CONTROL_CHARACTER)
    if found := _ERROR_LINE.fullmatch(line):
        return Reply(int(found[1]))
    raise AgiProtocolError(Refusal.MALFORMED_REPLY)
