"""One connection: login, answers with a deadline, and its end."""

import asyncio

import pytest

from ami_listener.connection import Connection
from ami_listener.errors import AmiActionError, AmiLostError, AmiTimeoutError
from ami_listener.lists import CONTACTS
from ami_listener.settings import AmiSettings, Patience
from policies.events import Event
from tests.fakes.asterisk import FakeAsterisk
from tests.until import until


def unheard(_event: Event) -> None:
    """Nobody listens."""


async def test_it_logs_in_and_asks() -> None:
    """After the login an action is answered by its response."""
    async with FakeAsterisk() as pbx:
        pbx.answers["Hangup"] = {"Response": "Success", "Message": "Channel Hungup"}
        connection = Connection(pbx.settings("hands"), unheard, events=False)
        await connection.open()
        frame = await connection.ask("Hangup", {"Channel": "1.1"})
        connection.close()

    assert frame.fields["Message"] == "Channel Hungup"
    assert pbx.actions[0]["Events"] == "off"
    assert pbx.actions[1]["Channel"] == "1.1"


async def test_nobody_listens_there() -> None:
    """A refused connect is a loss that may heal."""
    async with FakeAsterisk() as pbx:
        settings = pbx.settings()
    connection = Connection(settings, unheard)

    with pytest.raises(AmiLostError, match="ami-unreachable"):
        await connection.open()
    connection.close()


async def test_a_peer_that_accepts_and_says_nothing() -> None:
    """A peer without banner and answer is given up after the deadline."""
    async with FakeAsterisk() as pbx:
        pbx.banner, pbx.stalled = b"", True
        connection = Connection(pbx.settings("eyes", Patience(connect_s=0.05)), unheard)

        with pytest.raises(AmiLostError, match="no answer in time"):
            await connection.open()
        connection.close()


async def test_a_peer_that_is_no_ami() -> None:
    """Another protocol behind the port is told as such."""
    async with FakeAsterisk() as pbx:
        pbx.banner = b"220 mail.example.org ESMTP\r\n"
        connection = Connection(pbx.settings(), unheard)

        with pytest.raises(AmiLostError, match="not-ami"):
            await connection.open()
        connection.close()


async def test_an_action_has_a_deadline() -> None:
    """An unanswered action raises, is forgotten, and the connection stays."""
    async with FakeAsterisk() as pbx:
        pbx.answers["Hangup"] = None
        connection = Connection(pbx.settings("eyes", Patience(action_s=0.02)), unheard)
        await connection.open()

        with pytest.raises(AmiTimeoutError, match=r"0\.02 s"):
            await connection.ask("Hangup", {"Channel": "1.1"})

        assert connection.protocol.pending == 0
        assert not connection.lost.done()
        connection.close()


async def test_an_error_of_a_list_raises() -> None:
    """An absent module is told with Asterisk's words."""
    async with FakeAsterisk() as pbx:
        pbx.lists["PJSIPShowContacts"] = None
        connection = Connection(pbx.settings(), unheard)
        await connection.open()

        with pytest.raises(AmiActionError, match="Invalid/unknown command"):
            await connection.ask_list(CONTACTS, lambda *_item: None)
        connection.close()


async def test_pings_keep_a_quiet_connection() -> None:
    """A peer that answers pings is not silent, however little else it says."""
    async with FakeAsterisk() as pbx:
        connection = Connection(pbx.settings("eyes", Patience(ping_s=0.01)), unheard)
        await connection.open()
        await until(lambda: sum(action["Action"] == "Ping" for action in pbx.actions) >= 5)

        assert not connection.lost.done()
        connection.close()
        connection.ping()
        assert connection.protocol.transport.is_closing()


async def test_close_ends_everything() -> None:
    """After close nothing can be sent, the loss is told, and no timer is left."""
    async with FakeAsterisk() as pbx:
        connection = Connection(pbx.settings(), unheard)
        await connection.open()
        connection.close()

        with pytest.raises(AmiLostError):
            async with asyncio.timeout(5):
                await connection.lost
        with pytest.raises(AmiLostError, match="gone"):
            await connection.ask("Ping", {})

        assert connection.pinger is None
        connection.ping()
        assert connection.pinger is None


def test_no_repr_shows_the_secret() -> None:
    """The secret is in no text that could reach a log."""
    assert "s3cret" not in repr(AmiSettings("192.0.2.1", 5038, "eyes", "s3cret"))
