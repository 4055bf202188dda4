"""The byte side: banner, bounded turns, and what reaches the sink."""

import asyncio
import time

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from ami_listener.connection import Connection
from ami_listener.errors import AmiError, AmiLostError
from ami_listener.events import Rules
from ami_listener.lists import CHANNELS
from ami_listener.pending import Pending, action_of
from ami_listener.protocol import PENDING_MAX, AmiProtocol
from policies.events import ChannelGone, Event, HostileEvent
from tests.bench.ami import Sinkhole
from tests.corpus.ami_captures import stream
from tests.fakes.asterisk import FakeAsterisk
from tests.until import until

HANGUP = (
    b"Event: Hangup\r\nPrivilege: call,all\r\nTimestamp: 1.0\r\nUniqueid: 1.1\r\nCause: 16\r\n\r\n"
)


class Wire(Sinkhole):
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.written += bytes(data)

    def is_closing(self) -> bool:
        """After an abort."""
        return self.aborted

    def abort(self) -> None:
        """Close at once."""
        self.aborted = True


def wired(events: list[Event], lost: list[AmiError] | None = None) -> tuple[AmiProtocol, Wire]:
    """A protocol on a transport of memory."""
    ends: list[AmiError] = [] if lost is None else lost
    protocol, wire = AmiProtocol(events.append, Rules(), time.monotonic, ends.append), Wire()
    protocol.connection_made(wire)
    return protocol, wire


async def test_the_banner_may_come_in_pieces() -> None:
    """The banner's line is taken off however it was cut, and the version is known."""
    events: list[Event] = []
    protocol, _ = wired(events)
    for byte in b"Asterisk Call Manager/11.0.0\r\n" + HANGUP:
        protocol.data_received(bytes([byte]))
    await until(lambda: len(events) == 1)

    assert protocol.version == "11.0.0"
    assert isinstance(events[0], ChannelGone)


@pytest.mark.parametrize("banner", [b"SSH-2.0-OpenSSH\r\n", b"Asterisk Call Manager/" + b"1" * 300])
async def test_a_peer_that_is_no_ami_is_dropped(banner: bytes) -> None:
    """Whoever does not begin as AMI does is cut off at once."""
    lost: list[AmiError] = []
    protocol, wire = wired([], lost)
    protocol.data_received(banner)
    assert wire.aborted
    protocol.connection_lost(None)

    assert str(lost[0]).startswith("not-ami")


async def test_reading_pauses_until_everything_is_handled() -> None:
    """Each read pauses reading; it goes on only when no frame waits any more."""
    events: list[Event] = []
    protocol, wire = wired(events)
    protocol.data_received(b"Asterisk Call Manager/11.0.0\r\n" + HANGUP * 3000)
    turns = 0
    assert protocol.backlog == 3000
    while protocol.backlog:
        assert not wire.drained.is_set()
        before = protocol.backlog
        await asyncio.sleep(0)
        turns += before != protocol.backlog

    assert wire.drained.is_set()
    assert turns > 5
    assert len(events) == 3000


async def test_what_was_read_before_the_end_is_handled_before_the_end_is_told() -> None:
    """A loss is told after the last event that was read, and pending actions fail with it."""
    events: list[Event] = []
    lost: list[AmiError] = []
    protocol, _ = wired(events, lost)
    future = protocol.ask(Pending(action_of("Ping", {})))
    protocol.data_received(b"Asterisk Call Manager/11.0.0\r\n" + HANGUP * 2000)
    protocol.connection_lost(ConnectionResetError("reset"))
    assert lost == []
    await until(lambda: len(lost) == 1)

    assert len(events) == 2000
    with pytest.raises(AmiLostError, match="reset"):
        await future


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"RemoteAddress: IPV4/UDP/192.0.2.1/5060", "stray-frame"),
        (b"Event: ContactList\r\nActionID: forged\r\nUri: sip:a@192.0.2.1", "unasked-reply"),
        (b"Event: ContactListComplete\r\nActionID: forged", "unasked-reply"),
        (b"Event: PeerEntry\r\nActionID: 1\r\nActionID: 2", "duplicate-key"),
        (b"Event: Hangup\r\nUniqueid: 1.1\r\nCause: 16", "no-privilege"),
    ],
)
async def test_forged_frames_are_evidence(raw: bytes, reason: str) -> None:
    """Frames that Asterisk would not write are told as evidence only."""
    events: list[Event] = []
    protocol, _ = wired(events)
    protocol.data_received(b"Asterisk Call Manager/11.0.0\r\n" + raw + b"\r\n\r\n")
    await until(lambda: len(events) == 1)

    assert isinstance(events[0], HostileEvent)
    assert events[0].reason == reason


async def test_unneeded_events_and_late_answers_are_dropped() -> None:
    """Other events and answers that nobody waits for are neither told nor kept."""
    events: list[Event] = []
    protocol, _ = wired(events)
    late = b"Response: Success\r\nActionID: long-ago\r\n\r\n"
    protocol.data_received(b"Asterisk Call Manager/11\r\nEvent: VarSet\r\nA: b\r\n\r\n" + late)
    await until(lambda: not protocol.backlog)

    assert events == []


async def test_a_list_is_answered_only_by_what_it_expects() -> None:
    """While a list is pending, other list items with its id are evidence."""
    events: list[Event] = []
    items: list[str] = []
    protocol, wire = wired(events)
    pending = Pending(
        action_of("CoreShowChannels", {}), CHANNELS, lambda frame, _at_s: items.append(frame.name)
    )
    answered = protocol.ask(pending)
    assert b"Action: CoreShowChannels\r\n" in wire.written
    names = ("CoreShowChannel", "PeerEntry", "CoreShowChannelsComplete")
    frames = "".join(
        f"Event: {name}\r\nActionID: {pending.action_id}\r\nEventList: Complete\r\n\r\n"
        for name in names
    )
    answer = f"Response: Success\r\nActionID: {pending.action_id}\r\n\r\n{frames}"
    protocol.data_received(b"Asterisk Call Manager/11\r\n" + answer.encode())
    await answered

    assert items == ["CoreShowChannel"]
    assert [type(event) for event in events] == [HostileEvent]
    assert protocol.pending == 0


async def test_the_number_of_waiting_actions_is_bounded() -> None:
    """A peer that answers nothing cannot make us keep actions without end."""
    protocol, _ = wired([])
    waiting = [protocol.ask(Pending(action_of("Ping", {}))) for _ in range(PENDING_MAX)]

    with pytest.raises(AmiLostError, match="wait for an answer"):
        await protocol.ask(Pending(action_of("Ping", {})))
    assert protocol.pending == len(waiting)


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_random_bytes_never_raise(chunks: list[bytes]) -> None:
    """Whatever comes after the banner, nothing raises and nothing waits for ever."""

    async def feed() -> AmiProtocol:
        protocol, wire = wired([])
        protocol.data_received(b"Asterisk Call Manager/11\r\n")
        for chunk in chunks:
            protocol.data_received(chunk)
            await wire.drained.wait()
        return protocol

    protocol = asyncio.run(feed())

    assert protocol.broken == 0
    assert protocol.backlog == 0


def test_it_works_on_the_loop_that_the_daemon_uses() -> None:
    """On uvloop, too, a capture sent in one go is read whole, with pauses."""
    events: list[Event] = []

    async def read() -> None:
        async with FakeAsterisk() as pbx:
            connection = Connection(pbx.settings(), events.append)
            await connection.open()
            pbx.raw(stream(20))
            pbx.event("Hangup", Uniqueid="the-last", Cause="16")
            await until(lambda: events and getattr(events[-1], "uniqueid", "") == "the-last")
            connection.close()

    uvloop.run(read())

    assert len(events) > 500
