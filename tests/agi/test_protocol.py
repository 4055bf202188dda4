"""What the readers take, what they refuse and why; no sockets."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.protocol import (
    ENVIRONMENT_KEYS,
    HANGUP,
    MAX_LINE_BYTES,
    MAX_TOTAL_BYTES,
    AgiProtocolError,
    Environment,
    EnvironmentReader,
    Refusal,
    Reply,
    ReplyReader,
)
from tests.agi.asterisk_side import ENVIRONMENT, environment, lines_of

GOOD = environment()
READ = Environment(
    script="gate",
    channel="PJSIP/6001-0000002a",
    technology="PJSIP",
    uniqueid="1795519878.1",
    arguments=("trunk", "0312345678"),
)

FIXED = len(ENVIRONMENT_KEYS)


def without(key: str) -> bytes:
    return lines_of(tuple(pair for pair in ENVIRONMENT if pair[0] != key))


def with_line(line: bytes, before: str) -> bytes:
    return GOOD.replace(f"{before}: ".encode(), line + b"\n" + f"{before}: ".encode(), 1)


def swapped(first: str, second: str) -> bytes:
    names = [key for key, _ in ENVIRONMENT]
    pairs = list(ENVIRONMENT)
    i, j = names.index(first), names.index(second)
    pairs[i], pairs[j] = pairs[j], pairs[i]
    return lines_of(tuple(pairs))


def read_environment(chunks: list[bytes]) -> Environment | Refusal | None:
    """Feed chunks one after the other; the last word is a refusal or the environment."""
    reader = EnvironmentReader()
    found: Environment | None = None
    try:
        for chunk in chunks:
            found = reader.feed(chunk) or found
    except AgiProtocolError as error:
        return error.reason
    return found


def read_replies(chunks: list[bytes]) -> tuple[list[Reply], bool] | Refusal:
    reader = ReplyReader()
    replies: list[Reply] = []
    try:
        for chunk in chunks:
            replies += reader.feed(chunk)
    except AgiProtocolError as error:
        return error.reason
    return replies, reader.idle


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def test_a_real_environment_is_read() -> None:
    """The environment of a real Asterisk gives its channel, its id and its arguments."""
    assert read_environment([GOOD]) == READ


def test_the_keys_are_those_of_a_real_asterisk() -> None:
    """The order in the code is the one that was captured."""
    assert tuple(key for key, _ in ENVIRONMENT[:FIXED]) == ENVIRONMENT_KEYS


def test_bytes_that_are_not_utf8_are_escaped() -> None:
    """A name in another encoding is shown with escapes and refuses nothing."""
    read = read_environment([GOOD.replace(b"0312345678", b"03\xff\xe3\x81\x82")])

    assert isinstance(read, Environment)
    assert read.arguments == ("trunk", "03\\xffあ")


BAD_ENVIRONMENTS = {
    "duplicate": (with_line(b"agi_channel: PJSIP/6002-00000001", "agi_language"), "duplicate-key"),
    "forged line": (with_line(b"agi_arg_2: 0", "agi_context"), "out-of-order-key"),
    "forged after name": (with_line(b"agi_type: SIP", "agi_callingpres"), "duplicate-key"),
    "swapped": (swapped("agi_type", "agi_uniqueid"), "out-of-order-key"),
    "unknown": (with_line(b"agi_shell: yes", "agi_context"), "unknown-key"),
    "unknown last": (GOOD[:-1] + b"x: y\n\n", "unknown-key"),
    "argument skipped": (GOOD[:-1] + b"agi_arg_4: y\n\n", "out-of-order-key"),
    "argument again": (GOOD[:-1] + b"agi_arg_1: y\n\n", "duplicate-key"),
    "argument zero": (GOOD[:-1] + b"agi_arg_0: y\n\n", "unknown-key"),
    "argument key fullwidth": (GOOD[:-1] + "agi_arg_３: y\n\n".encode(), "unknown-key"),
    "no path": (without("agi_network_script"), "out-of-order-key"),
    "cut short": (lines_of(ENVIRONMENT[: FIXED - 1]), "missing-key"),
    "nothing": (b"\n", "missing-key"),
    "no colon": (with_line(b"hello", "agi_context"), "malformed-line"),
    "no space": (GOOD.replace(b"agi_type: ", b"agi_type:"), "malformed-line"),
    "carriage returns": (GOOD.replace(b"\n", b"\r\n"), "control-character"),
    "nul": (environment(agi_calleridname="a\0b"), "control-character"),
    "delete": (environment(agi_calleridname="a\x7fb"), "control-character"),
    "tab": (environment(agi_calleridname="a\tb"), "control-character"),
    "surplus": (GOOD + b"x", "surplus-bytes"),
    "surplus line": (GOOD + b"200 result=1 (x)\n", "surplus-bytes"),
    "surplus empty line": (GOOD + b"\n", "surplus-bytes"),
    "long line": (environment(agi_calleridname="a" * MAX_LINE_BYTES), "line-too-long"),
    "long, no end": (b"a" * (MAX_LINE_BYTES + 1), "line-too-long"),
    "1 MiB, no end": (b"a" * (1 << 20), "line-too-long"),
    "many arguments": (
        GOOD[:-1] + b"".join(b"agi_arg_%d: \n" % n for n in range(3, 99)) + b"\n",
        "too-many-lines",
    ),
    "large": (
        GOOD[:-1] + b"".join(b"agi_arg_%d: %s\n" % (n, b"1" * 900) for n in range(3, 20)) + b"\n",
        "too-large",
    ),
    "not AGI": (b"GET / HTTP/1.1\r\n\r\n", "control-character"),
}


@pytest.mark.parametrize("case", BAD_ENVIRONMENTS)
def test_what_asterisk_would_not_send_is_refused(case: str) -> None:
    """Each deviation has its own stable reason, whole or byte by byte."""
    data, reason = BAD_ENVIRONMENTS[case]
    byte_by_byte = [data[i : i + 1] for i in range(min(len(data), 20_000))]

    assert read_environment([data]) == reason
    assert read_environment(byte_by_byte) == reason


@pytest.mark.parametrize("length", [MAX_TOTAL_BYTES - 1, MAX_TOTAL_BYTES, MAX_TOTAL_BYTES + 1])
def test_the_total_limit_is_exact(length: int) -> None:
    """An environment of the limit's size passes and one byte more does not."""
    used = len(GOOD) - GOOD.count(b"\n")
    extra = b"".join(b"agi_arg_%d: %s\n" % (n, b"1" * 1989) for n in (3, 4, 5))
    used += len(extra) - 3
    last = b"agi_arg_6: "
    data = GOOD[:-1] + extra + last + b"1" * (length - used - len(last)) + b"\n\n"

    expected = Environment if length <= MAX_TOTAL_BYTES else Refusal
    assert isinstance(read_environment([data]), expected)


def test_a_read_environment_takes_no_more() -> None:
    """Bytes after the environment are refused in a later chunk too; no bytes are not."""
    reader = EnvironmentReader()
    reader.feed(GOOD)

    assert reader.feed(b"") is None
    with pytest.raises(AgiProtocolError, match="surplus-bytes"):
        reader.feed(b"H")


@given(
    st.sampled_from([GOOD, *(data for data, _ in BAD_ENVIRONMENTS.values() if len(data) < 20_000)]),
    st.lists(st.integers(min_value=0, max_value=20_000), max_size=12),
)
def test_any_cut_of_an_environment_gives_the_same(data: bytes, places: list[int]) -> None:
    """Where the stream was cut never changes the outcome."""
    assert read_environment(cut(data, places)) == read_environment([data])


@given(st.lists(st.integers(min_value=0, max_value=700), max_size=4), st.binary(max_size=40))
def test_a_damaged_environment_never_reads_as_another(places: list[int], noise: bytes) -> None:
    """Noise put anywhere is refused or leaves a value changed; nothing else is raised."""
    for place in places:
        data = GOOD[:place] + noise + GOOD[place:]
        assert read_environment(cut(data, places)) == read_environment([data])


@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    """Random bytes are refused or wait for more."""
    read_environment([data])
    read_replies([data])


USAGE = (
    b"520-Invalid command syntax.  Proper usage follows:\n Usage: EXEC <application>\n"
    b"\tExecutes it.\n520 End of proper usage.\n"
)

REPLIES = {
    "result": (b"200 result=0\n", [Reply(200, "0")]),
    "negative": (b"200 result=-2\n", [Reply(200, "-2")]),
    "value": (b"200 result=1 (a|b (c)|)\n", [Reply(200, "1", "a|b (c)|")]),
    "empty value": (b"200 result=1 ()\n", [Reply(200, "1", "")]),
    "two": (b"200 result=0\n200 result=1 (x)\n", [Reply(200, "0"), Reply(200, "1", "x")]),
    "not UTF-8": (b"200 result=1 (\xff)\n", [Reply(200, "1", "\\xff")]),
    "hangup": (b"HANGUP\n", [HANGUP]),
    "hangup between": (b"200 result=0\nHANGUP\n", [Reply(200, "0"), HANGUP]),
    "unknown command": (b"510 Invalid or unknown command\n", [Reply(510)]),
    "dead channel": (b"511 Command Not Permitted on a dead channel\n", [Reply(511)]),
    "usage": (USAGE + b"HANGUP\n", [Reply(520), HANGUP]),
    "short usage": (b"520 Invalid command syntax.\n", [Reply(520)]),
}

BAD_REPLIES = {
    "empty": (b"\n", "malformed-reply"),
    "no result": (b"200 OK\n", "malformed-reply"),
    "trying": (b"100 result=0 Trying...\n", "malformed-reply"),
    "open value": (b"200 result=1 (x\n", "malformed-reply"),
    "after value": (b"200 result=1 (x) y\n", "malformed-reply"),
    "huge number": (b"200 result=12345678901\n", "malformed-reply"),
    "lower case": (b"hangup\n", "malformed-reply"),
    "control": (b"200 result=1 (a\tb)\n", "control-character"),
    "carriage return": (b"HANGUP\r\n", "control-character"),
    "long": (b"200 result=1 (" + b"x" * MAX_LINE_BYTES, "line-too-long"),
    "usage without end": (b"520-x\n" + b"y\n" * 200, "too-many-lines"),
    "large usage": (b"520-x\n" + (b"y" * 2000 + b"\n") * 5, "too-large"),
}


@pytest.mark.parametrize("case", REPLIES)
def test_replies_are_read(case: str) -> None:
    """Each form of reply is read, and nothing is left waiting."""
    data, expected = REPLIES[case]

    assert read_replies([data]) == (expected, True)
    assert read_replies([data[i : i + 1] for i in range(len(data))]) == (expected, True)


@pytest.mark.parametrize("case", BAD_REPLIES)
def test_other_replies_are_refused(case: str) -> None:
    """Whatever is no reply has its own stable reason."""
    data, reason = BAD_REPLIES[case]

    assert read_replies([data]) == reason


@pytest.mark.parametrize("data", [b"2", b"200 result=0", b"520-x\n", b"520-x\ny\n"])
def test_half_a_reply_is_not_idle(data: bytes) -> None:
    """A reply of which a part has come keeps the reader from being idle."""
    assert read_replies([data]) == ([], False)


def test_limits_count_each_reply_for_itself() -> None:
    """Many replies in one session are no overflow."""
    data = b"200 result=1 (xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx)\n"

    result = read_replies([data] * 1000)

    assert not isinstance(result, Refusal)
    assert len(result[0]) == 1000


@given(
    st.sampled_from([data for data, _ in (*REPLIES.values(), *BAD_REPLIES.values())]),
    st.lists(st.integers(min_value=0, max_value=20_000), max_size=12),
)
def test_any_cut_of_replies_gives_the_same(data: bytes, places: list[int]) -> None:
    """Where the stream was cut never changes the replies."""
    assert read_replies(cut(data, places)) == read_replies([data])
