"""Each fault of panoramisk 1.4 that our connection cures, shown on plain panoramisk and on ours.

When a test of the first kind fails, upstream has mended the fault and our cure can go.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from ami_listener.connection import Connection
from ami_listener.errors import AmiLostError, AmiRefusedError, UnsafeValueError
from ami_listener.pending import Pending, action_of
from ami_listener.settings import Patience
from policies.events import ChannelGone, Event, HostileEvent
from tests.fakes.asterisk import QUICK, FakeAsterisk
from tests.until import until

ZOE = "Event: Hangup\r\nPrivilege: call,all\r\nTimestamp: 1.0\r\nUniqueid: Zoé\r\nCause: 16\r\n\r\n"


@contextlib.asynccontextmanager
async def plain(pbx: FakeAsterisk, **config: object) -> AsyncIterator[Any]:
    """A plain panoramisk manager, stopped from outside because it does not stop by itself."""
    options = {"host": "127.0.0.1", "port": pbx.port, "username": "eyes", "secret": "eyes-secret"}
    manager = Manager(loop=asyncio.get_running_loop(), **{**options, **config})
    manager.reconnect_timeout = 0.02
    await manager.connect()
    try:
        yield manager
    finally:
        manager.close()
        manager.connect = lambda: None
        manager.pinger = None


@contextlib.asynccontextmanager
async def ours(
    pbx: FakeAsterisk, events: list[Event], patience: Patience = QUICK
) -> AsyncIterator[Connection]:
    """Our connection to the same peer, logged in."""
    connection = Connection(pbx.settings("eyes", patience), events.append)
    try:
        await connection.open()
        yield connection
    finally:
        connection.close()


def quick_pings(ping_s: float) -> Patience:
    """Patience that gives a silent peer up soon."""
    return Patience(connect_s=2, action_s=1, ping_s=ping_s, retry_first_s=0.01)


async def test_plain_tries_a_wrong_password_for_ever() -> None:
    """Plain panoramisk logs in with a refused secret again and again and raises nothing."""
    async with FakeAsterisk() as pbx, plain(pbx, secret="wrong"):
        await until(lambda: pbx.logins >= 4)


async def test_ours_tells_a_wrong_password_once() -> None:
    """Our connection raises the refusal and does not try again by itself."""
    async with FakeAsterisk() as pbx:
        pbx.secrets["eyes"] = "right"
        settings = pbx.settings()
        pbx.secrets["eyes"] = "changed"
        connection = Connection(settings, lambda _event: None)

        with pytest.raises(AmiRefusedError, match="Authentication failed"):
            await connection.open()
        connection.close()
        await until(lambda: connection.lost.done())

        assert pbx.logins == 1


async def test_plain_never_notices_a_silent_peer_and_leaks_its_pings() -> None:
    """Plain panoramisk goes on pinging a peer that answers nothing and keeps every ping."""
    async with FakeAsterisk() as pbx, plain(pbx, ping_delay=0, ping_interval=0) as manager:
        await until(lambda: manager.authenticated)
        pbx.stalled = True
        await until(lambda: len(manager.protocol.responses) > 50)

        assert manager._connected
        manager.pinger.cancel()


async def test_ours_gives_a_silent_peer_up() -> None:
    """Our connection is lost when two ping intervals pass in silence."""
    async with FakeAsterisk() as pbx, ours(pbx, [], quick_pings(0.05)) as connection:
        pbx.stalled = True

        with pytest.raises(AmiLostError, match="ami-silent"):
            async with asyncio.timeout(5):
                await connection.lost

        assert connection.protocol.pending == 0


async def test_plain_loses_the_rest_of_a_chunk_when_a_callback_raises() -> None:
    """On plain panoramisk an exception in a callback swallows the events read with it."""
    seen: list[str] = []
    protocol = offline(seen)
    events = "".join(f"Event: Hangup\r\nUniqueid: {n}\r\n\r\n" for n in ("1", "bad", "3"))

    with pytest.raises(RuntimeError):
        protocol.data_received(events.encode())

    assert seen == ["1"]


async def test_ours_goes_on_after_a_sink_that_raises() -> None:
    """With ours the sink's exception costs that event alone, and the connection stays."""
    seen: list[str] = []

    def sink(event: Event) -> None:
        assert isinstance(event, ChannelGone)
        if event.uniqueid == "bad":
            raise RuntimeError
        seen.append(event.uniqueid)

    async with FakeAsterisk() as pbx:
        connection = Connection(pbx.settings(), sink)
        await connection.open()
        for uniqueid in ("1", "bad", "3"):
            pbx.event("Hangup", Uniqueid=uniqueid, Cause="16")
        await until(lambda: seen == ["1", "3"])

        assert connection.protocol.broken == 1
        assert not connection.lost.done()
        connection.close()


async def test_plain_loses_bytes_at_a_chunk_border() -> None:
    """Plain panoramisk decodes each chunk alone and drops what it cannot read."""
    seen: list[str] = []
    protocol = offline(seen)
    data = ZOE.encode()
    cut = data.index(b"\xc3") + 1
    protocol.data_received(data[:cut])
    protocol.data_received(data[cut:])
    protocol.data_received(b"Event: Hangup\r\nUniqueid: adm\xffin\r\n\r\n")

    assert seen == ["Zo", "admin"]


async def test_ours_keeps_every_byte() -> None:
    """With ours a character may lie across chunks, and a wrong byte stays visible."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, ours(pbx, events):
        data = ZOE.encode()
        cut = data.index(b"\xc3") + 1
        pbx.raw(data[:cut])
        pbx.raw(data[cut:])
        pbx.raw(ZOE.encode().replace("Zoé".encode(), b"adm\xffin"))
        await until(lambda: len(events) == 2)

    assert [event.uniqueid for event in events if isinstance(event, ChannelGone)] == [
        "Zoé",
        "adm\\xffin",
    ]


async def test_plain_lets_a_value_add_lines() -> None:
    """Plain panoramisk writes a value with CR LF as it is: it becomes further keys or actions."""
    wire = str(Action({"Action": "Hangup", "Channel": "1.1\r\nCause: 99"}))

    assert "\r\nCause: 99\r\n" in wire


@pytest.mark.parametrize("value", ["1.1\r\nCause: 99", "1\n2", "1\r2", "1\0"])
async def test_ours_refuses_a_value_that_adds_lines(value: str) -> None:
    """With ours such a value raises before anything is sent."""
    async with FakeAsterisk() as pbx, ours(pbx, []) as connection:
        with pytest.raises(UnsafeValueError):
            await connection.ask("Hangup", {"Channel": value})

        assert pbx.names() == []


async def test_plain_sends_an_unanswered_action_again() -> None:
    """Plain panoramisk repeats an action after a drop: an Originate would ring twice."""
    async with FakeAsterisk() as pbx, plain(pbx) as manager:
        pbx.answers["Originate"] = None
        await until(lambda: manager.authenticated)
        manager.send_action({"Action": "Originate", "Channel": "Local/1@x"})
        await until(lambda: pbx.names() == ["Originate"])
        pbx.drop()
        await until(lambda: pbx.connections == 2 and manager.authenticated)
        pbx.event("FullyBooted", "system,all")
        await until(lambda: pbx.names() == ["Originate", "Originate"])


async def test_ours_fails_an_unanswered_action_and_forgets_it() -> None:
    """With ours the asker is told that the connection ended, and nothing is kept."""
    async with FakeAsterisk() as pbx, ours(pbx, []) as connection:
        pbx.answers["Originate"] = None
        protocol = connection.protocol
        future = protocol.ask(Pending(action_of("Originate", {})))
        await until(lambda: pbx.names() == ["Originate"])
        pbx.drop()

        with pytest.raises(AmiLostError):
            await future

        assert list(connection.awaiting_actions) == []
        with pytest.raises(AmiLostError):
            await protocol.ask(Pending(action_of("Ping", {})))


async def test_plain_makes_a_task_per_event_without_limit() -> None:
    """Plain panoramisk starts a task for each event of a slow coroutine callback."""
    gate = asyncio.Event()

    async def slow(_manager: object, _event: object) -> None:
        await gate.wait()

    manager = Manager(loop=asyncio.get_running_loop())
    manager.register_event("*", slow)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory = manager
    before = len(asyncio.all_tasks())
    protocol.data_received(b"Event: Hangup\r\nUniqueid: 1\r\n\r\n" * 2000)

    assert len(asyncio.all_tasks()) - before == 2000
    gate.set()
    await until(lambda: len(asyncio.all_tasks()) == before)


async def test_ours_makes_no_tasks_and_reads_no_further_than_it_handles() -> None:
    """With ours events make no tasks, and reading is paused while frames wait."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, ours(pbx, events) as connection:
        before, paused = len(asyncio.all_tasks()), 0
        pbx.raw(ZOE.encode() * 2000)
        async with asyncio.timeout(5):
            while len(events) < 2000:
                if connection.protocol.backlog:
                    paused += 1
                    assert not connection.protocol.transport.is_reading()
                await asyncio.sleep(0)

        assert len(asyncio.all_tasks()) == before
        assert paused > 2


async def test_plain_grows_its_buffer_without_limit() -> None:
    """Plain panoramisk keeps, and copies with each chunk, a stream without an empty line."""
    protocol = offline([])
    for _ in range(64):
        protocol.data_received(b"X: " + b"y" * 65536)

    assert len(protocol.queue[0]) > 4_000_000


async def test_ours_bounds_its_buffer() -> None:
    """With ours a frame over the limit is dropped, reported once, and the next one is read."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, ours(pbx, events) as connection:
        pbx.raw(b"Event: Hangup\r\nX: ")
        await pbx.flood(b"y" * 65536, 64)
        pbx.raw(b"\r\n\r\n" + ZOE.encode())
        await until(lambda: len(events) == 2)

        assert connection.protocol._framer.buffered_bytes < 70_000
    assert isinstance(events[0], HostileEvent)
    assert events[0].reason == "oversize"
    assert isinstance(events[1], ChannelGone)


async def test_plain_reconnects_after_close() -> None:
    """Plain panoramisk connects again although it was closed during its back-off."""
    async with FakeAsterisk() as pbx, plain(pbx) as manager:
        await until(lambda: manager.authenticated)
        pbx.drop()
        await until(lambda: not manager._connected)
        manager.close()
        await until(lambda: pbx.connections == 2)


async def test_ours_stays_closed() -> None:
    """Ours never connects by itself, neither after a drop nor after close."""
    async with FakeAsterisk() as pbx, ours(pbx, []) as connection:
        pbx.drop()
        await until(lambda: connection.lost.done())
        connection.close()
        pending = [handle for handle in (connection.pinger,) if handle is not None]

        assert pending == []
        assert pbx.connections == 1


async def test_plain_turns_a_repeated_header_into_a_list() -> None:
    """On plain panoramisk a smuggled second header changes the value's type."""
    seen: list[Any] = []
    protocol = offline(seen)
    protocol.data_received(b"Event: Hangup\r\nUniqueid: 1\r\nUniqueid: 2\r\n\r\n")

    assert seen == [["1", "2"]]


async def test_ours_calls_a_repeated_header_hostile() -> None:
    """With ours nothing in an event with a repeated key is believed."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, ours(pbx, events):
        pbx.raw(ZOE.encode().replace(b"Cause", b"Uniqueid: 2\r\nCause"))
        await until(lambda: len(events) == 1)

    assert isinstance(events[0], HostileEvent)
    assert events[0].reason == "duplicate-key"


def offline(seen: list[Any]) -> Any:  # noqa: ANN401  # panoramisk has no types
    """Plain panoramisk's protocol and dispatch, fed by hand."""

    def callback(_manager: object, event: Any) -> None:  # noqa: ANN401
        if event.uniqueid == "bad":
            raise RuntimeError
        seen.append(event.uniqueid)

    manager = Manager()
    manager.register_event("*", callback)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.encoding = "utf8"
    protocol.factory = manager
    return protocol
