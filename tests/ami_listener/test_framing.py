"""Framing: any cut gives the same frames, limits hold, and nothing raises."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_listener.framing import (
    FRAME_MAX_BYTES,
    LINE_MAX_BYTES,
    Frame,
    FrameKind,
    Framer,
    event_name,
    excerpt_of,
    parse,
)
from tests.corpus.ami_captures import stream

SMALL = 40
# Pieces that make up hostile streams: half line ends, empty lines, long lines, wrong bytes.
PIECES = st.lists(
    st.sampled_from(
        [b"\r\n", b"\r", b"\n", b"\r\n\r\n", b"Event: X", b"A: b", b"\xff\xc3", b"z" * 17, b""]
    )
    | st.binary(max_size=12)
)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut data at places, counted modulo its length."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(PIECES, st.lists(st.integers(0, 10_000)))
def test_any_cut_gives_the_same_frames(pieces: list[bytes], places: list[int]) -> None:
    """Any cut of the stream gives the same frames, frames over the limit included."""
    data = b"".join(pieces)
    whole, cutted = Framer(SMALL), Framer(SMALL)
    frames = [frame for part in cut(data, places) for frame in cutted.feed(part)]

    assert frames == whole.feed(data)


@given(st.lists(st.integers(0, 100_000), max_size=30))
def test_any_cut_of_a_real_capture_gives_the_same_messages(places: list[int]) -> None:
    """A real capture reads the same however the network cut it."""
    data, framer = stream(), Framer()
    frames = [frame for part in cut(data, places) for frame in framer.feed(part)]

    assert [parse(frame) for frame in frames] == [parse(frame) for frame in Framer().feed(data)]


@given(PIECES)
def test_no_stream_grows_the_buffer(pieces: list[bytes]) -> None:
    """Whatever comes, no more than one frame's limit is held, and every frame can be parsed."""
    framer = Framer(SMALL)
    for piece in pieces:
        for frame in framer.feed(piece):
            assert len(frame) <= SMALL + 1
            assert isinstance(parse(frame, SMALL), Frame)
        assert framer.buffered_bytes <= SMALL + 3


def test_a_megabyte_of_single_bytes_is_read_in_linear_time() -> None:
    """A peer that drips bytes without an end costs no more than the limit in memory."""
    framer = Framer()
    heads = [frame for _ in range(100_000) for frame in framer.feed(b"x")]

    assert [len(head) for head in heads] == [FRAME_MAX_BYTES + 1]
    assert framer.buffered_bytes <= 3


def test_an_event_becomes_fields_in_wire_order() -> None:
    """A value keeps colons and spaces, an empty one stays, and the order is the wire's."""
    frame = parse(b"Event: X\r\nPrivilege: call,all\r\nA: b: c \r\nEmpty: ")

    assert frame == Frame(
        FrameKind.EVENT,
        "X",
        {"Event": "X", "Privilege": "call,all", "A": "b: c ", "Empty": ""},
    )


def test_a_response_may_repeat_output() -> None:
    """The lines of a command's output are kept apart, in order."""
    frame = parse(b"Response: Success\r\nActionID: 1\r\nOutput: a: b\r\nOutput: \r\nOutput: c")

    assert frame == Frame(
        FrameKind.RESPONSE,
        "Success",
        {"Response": "Success", "ActionID": "1"},
        output=("a: b", "", "c"),
    )


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"Event: X\r\nA: 1\r\nA: 2", "duplicate-key"),
        (b"Event: X\r\nEvent: Y", "duplicate-key"),
        (b"Response: Success\r\nActionID: 1\r\nActionID: 2", "duplicate-key"),
        (b"Event: X\r\nnonsense", "stray-line"),
        (b"Event: X\r\nA:no space", "stray-line"),
        (b"RemoteAddress: 192.0.2.1", "stray-frame"),
        (b" Event: X", "stray-frame"),
        (b"Event: X\r\nA: " + b"y" * LINE_MAX_BYTES, "oversize"),
        (b"Event: X\r\n" + b"A: y\r\n" * 20_000, "oversize"),
    ],
)
def test_a_frame_that_breaks_a_rule_has_a_fault(raw: bytes, fault: str) -> None:
    """Each broken rule has its own name, and evidence is kept."""
    frame = parse(raw)

    assert frame.fault == fault
    assert frame.excerpt == excerpt_of(raw)


def test_a_long_frame_of_short_lines_is_fine() -> None:
    """A frame longer than the line limit is no fault when its lines are short."""
    raw = b"\r\n".join([b"Event: X", *(b"K%d: %s" % (n, b"v" * 90) for n in range(250))])

    assert len(raw) > LINE_MAX_BYTES
    assert parse(raw).fault == ""


def test_only_crlf_ends_a_line() -> None:
    """A lone CR or LF is part of the value that holds it."""
    assert parse(b"Event: X\r\nA: 1\nB: 2\rC: 3").fields == {"Event": "X", "A": "1\nB: 2\rC: 3"}


def test_bytes_that_are_no_text_stay_visible() -> None:
    """Bytes that are not UTF-8 are escaped, never dropped."""
    assert parse(b"Event: X\r\nA: adm\xffin").fields["A"] == "adm\\xffin"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"Event: Hangup\r\nA: b", b"Hangup"),
        (b"Event: Hangup", b"Hangup"),
        (b"Response: Success", b""),
        (b"", b""),
    ],
)
def test_the_name_is_read_without_parsing(raw: bytes, name: bytes) -> None:
    """An event's name comes from its first line alone."""
    assert event_name(raw) == name


def test_an_excerpt_is_short_and_printable() -> None:
    """Evidence is at most 200 characters, all of them printable ASCII."""
    excerpt = excerpt_of(b"\x00\r\n\xff" * 500)

    assert len(excerpt) == 200
    assert excerpt.isprintable()
    assert excerpt.isascii()
