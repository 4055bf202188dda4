"""One connection: login, answers with a deadline, and its end."""

import asyncio

import pytest

from ami_listener.connection import Connection
from ami_listener.errors import AmiActionError, AmiLostError, AmiRefusedError, AmiTimeoutError
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
    assert [action["Action"] for action in pbx.actions] == ["Challenge", "Login", "Hangup"]
    assert pbx.actions[1]["Events"] == "off"
    assert pbx.actions[2]["Channel"] == "1.1"


@pytest.mark.parametrize("user", ["eyes", "hands"])
async def test_who_listens_on_the_port_is_never_told_the_secret(user: str) -> None:
    """A login is a proof by Asterisk's challenge, which is worth nothing for another one."""
    async with FakeAsterisk() as pbx:
        connection = Connection(pbx.settings(user), unheard)
        await connection.open()
        connection.close()

    assert pbx.secrets[user] not in str(pbx.actions)
    assert pbx.actions[1].keys() == {
        "Action", "ActionID", "AuthType", "Username", "Key", "Events",
    }  # fmt: skip


@pytest.mark.parametrize(
    "answer", [{"Response": "Error", "Message": "Must specify AuthType"}, None]
)
async def test_without_a_challenge_nothing_of_the_secret_is_sent(
    answer: dict[str, str] | None,
) -> None:
    """A peer that gives no challenge is refused or given up, and never gets a plain login."""
    async with FakeAsterisk() as pbx:
        pbx.answers["Challenge"] = answer
        connection = Connection(pbx.settings("eyes", Patience(connect_s=1.0)), unheard)

        with pytest.raises(AmiLostError if answer is None else AmiRefusedError):
            await connection.open()
        connection.close()

    assert [action["Action"] for action in pbx.actions] == ["Challenge"]


async def test_a_proof_of_another_secret_is_refused() -> None:
    """Asterisk's no to the proof is a refusal, which is not tried again soon."""
    async with FakeAsterisk() as pbx:
        settings = pbx.settings()
        pbx.secrets["eyes"] = "another"
        connection = Connection(settings, unheard)

        with pytest.raises(AmiRefusedError, match="Authentication failed"):
            await connection.open()
        connection.close()


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
        connection = Connection(pbx.settings("eyes", Patience(connect_s=1.0)), unheard)

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
        connection = Connection(pbx.settings("eyes", Patience(ping_s=0.05)), unheard)
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
