"""A scripted AMI peer on a real socket: answers what a test told it to, and fails on anything else.

    async with FakeAsterisk() as pbx:
        pbx.lists["PJSIPShowContacts"] = [{"Event": "ContactList", …}]
        session = AmiSession(pbx.settings("eyes"), sink)
        …
        await until(lambda: pbx.users == ["eyes"])
        pbx.event("Hangup", Uniqueid="1.1", Cause="16")

Leaving the block fails when an action came that nobody expected.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Iterable
from hashlib import md5
from typing import Self

from ami_listener.settings import AmiSettings, Patience

QUICK = Patience(
    connect_s=2.0,
    action_s=1.0,
    list_s=2.0,
    ping_s=5.0,
    reconcile_s=60.0,
    retry_first_s=0.01,
    retry_most_s=0.05,
    refused_s=60.0,
)
LISTS = {
    "PJSIPShowContacts": "ContactListComplete",
    "PJSIPShowEndpoints": "EndpointListComplete",
    "PJSIPShowEndpoint": "EndpointDetailComplete",
    "SIPpeers": "PeerlistComplete",
    "IAXpeerlist": "PeerlistComplete",
    "CoreShowChannels": "CoreShowChannelsComplete",
    "ShowDialPlan": "ShowDialPlanComplete",
    "QueueStatus": "QueueStatusComplete",
}
Fields = dict[str, str]


class Client:
    """One connection as the fake sees it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.user = ""
        self.challenge = ""
        self.events = False

    def send(self, fields: Iterable[tuple[str, str]]) -> None:
        """Write one frame."""
        lines = "".join(f"{key}: {value}\r\n" for key, value in fields)
        self.raw(f"{lines}\r\n".encode())

    def raw(self, data: bytes) -> None:
        """Write any bytes, when there is still somebody to read them."""
        if not self.writer.is_closing():
            self.writer.write(data)


class FakeAsterisk:
    """The peer; every attribute may be changed at any time.

    Attributes:
        secrets: User to secret.
        lists: Action to the items of its list reply, each with its ``Event``. An action
            mapped to None is answered as an absent module would.
        answers: Action to what answers it: fields (``Response`` first), or None for no answer.
        variables: Uniqueid of each channel that exists for ``Getvar`` to its variables.
        actions: Every action that came, in order, logins and pings included.
        banner: What is said first.
        stalled: Read on, but answer nothing any more.
        logins: How many logins were tried.
    """

    def __init__(self) -> None:
        self.secrets = {"eyes": "eyes-secret", "hands": "hands-secret"}
        self.lists: dict[str, list[Fields] | None] = {name: [] for name in LISTS}
        timeout_set = {"Response": "Success", "Message": "Timeout Set"}
        self.answers: dict[str, Fields | None] = {"AbsoluteTimeout": timeout_set}
        self.variables: dict[str, Fields] = {}
        self.actions: list[Fields] = []
        self.unexpected: list[Fields] = []
        self.banner = b"Asterisk Call Manager/11.0.0\r\n"
        self.stalled = False
        self.logins = 0
        self.connections = 0
        self.before_complete: Callable[[str], None] | None = None
        self._clients: list[Client] = []
        self._server: asyncio.Server | None = None
        self._port = 0

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.listen()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Stop, and fail when something unexpected was asked."""
        await self.stop()
        if exc_info[0] is None:
            assert self.unexpected == []

    async def listen(self) -> None:
        """Listen on a free port of 127.0.0.1, the same one again after `stop`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        self.drop()
        if self._server is not None:
            await self._server.wait_closed()
        self._server = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def users(self) -> list[str]:
        """Who is logged in now."""
        return [client.user for client in self._clients if client.user]

    def settings(self, user: str = "eyes", patience: Patience = QUICK) -> AmiSettings:
        """Settings that log in here."""
        return AmiSettings("127.0.0.1", self._port, user, self.secrets[user], patience=patience)

    def names(self, but: Iterable[str] = ("Challenge", "Login", "Ping", *LISTS)) -> list[str]:
        """Names of the actions that came, without the everyday ones."""
        return [fields["Action"] for fields in self.actions if fields["Action"] not in set(but)]

    def event(self, name: str, privilege: str = "call,all", **fields: str) -> None:
        """Send an event as Asterisk does, to everybody who wants events."""
        head = [("Event", name), ("Privilege", privilege), ("Timestamp", f"{time.time():.6f}")]
        for client in self._clients:
            if client.events:
                client.send([*head, *fields.items()])

    def raw(self, data: bytes) -> None:
        """Send any bytes to everybody who wants events."""
        for client in self._clients:
            if client.events:
                client.raw(data)

    async def flood(self, data: bytes, times: int) -> None:
        """Send ``data`` again and again as fast as it is read."""
        for _ in range(times):
            self.raw(data)
            for client in self._clients:
                await client.writer.drain()

    def drop(self) -> None:
        """Reset every connection."""
        for client in self._clients:
            client.writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(writer)
        self._clients.append(client)
        self.connections += 1
        client.raw(self.banner)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                self._act(client, _fields(await reader.readuntil(b"\r\n\r\n")))
        self._clients.remove(client)
        writer.close()

    def _act(self, client: Client, fields: Fields) -> None:
        self.actions.append(fields)
        name = fields["Action"]
        if self.stalled:
            return
        if name in self.answers:
            self._answer(client, fields, self.answers[name])
        elif name == "Login":
            self._login(client, fields)
        elif name == "Challenge":
            client.challenge = secrets.token_hex(4)
            self._answer(client, fields, {"Response": "Success", "Challenge": client.challenge})
        elif name == "Ping":
            self._answer(client, fields, {"Response": "Success", "Ping": "Pong"})
        elif name in self.lists:
            self._list(client, fields)
        elif name == "Getvar":
            self._variable(client, fields)
        else:
            self.unexpected.append(fields)

    def _login(self, client: Client, fields: Fields) -> None:
        self.logins += 1
        if not self._proved(client, fields):
            refusal = {"Response": "Error", "Message": "Authentication failed"}
            self._answer(client, fields, refusal)
            client.writer.close()
            return
        client.user, client.events = fields["Username"], fields["Events"] == "on"
        self._answer(client, fields, {"Response": "Success", "Message": "Authentication accepted"})

    def _proved(self, client: Client, fields: Fields) -> bool:
        """By the challenge, once each; plain panoramisk can only send the secret itself."""
        secret = self.secrets.get(fields["Username"], "")
        if "Secret" in fields:
            return bool(secret) and fields["Secret"] == secret
        challenge, client.challenge = client.challenge, ""
        key = md5(f"{challenge}{secret}".encode(), usedforsecurity=False).hexdigest()
        return bool(secret and challenge) and fields["Key"] == key

    def _answer(self, client: Client, asked: Fields, answer: Fields | None) -> None:
        if answer is not None:
            (first, *rest) = answer.items()
            client.send([first, ("ActionID", asked["ActionID"]), *rest])

    def _variable(self, client: Client, asked: Fields) -> None:
        channel, name = self.variables.get(asked["Channel"]), asked["Variable"]
        if channel is None:
            self._answer(client, asked, {"Response": "Error", "Message": "No such channel"})
            return
        value = channel.get(name, "")
        self._answer(client, asked, {"Response": "Success", "Variable": name, "Value": value})

    def _list(self, client: Client, asked: Fields) -> None:
        name = asked["Action"]
        items = self.lists[name]
        if items is None:
            absent = f"Invalid/unknown command: {name}. Use Action: ListCommands"
            self._answer(client, asked, {"Response": "Error", "Message": absent})
            return
        self._answer(client, asked, {"Response": "Success", "EventList": "start"})
        for item in items:
            self._answer(client, asked, item)
        if self.before_complete is not None:
            self.before_complete(name)
        end = {"Event": LISTS[name], "EventList": "Complete", "ListItems": str(len(items))}
        self._answer(client, asked, end)


def _fields(frame: bytes) -> Fields:
    lines = frame.decode().split("\r\n")
    pairs = [line.partition(": ") for line in lines if line]
    assert len({key for key, _, _ in pairs}) == len(pairs), f"a key twice in {frame!r}"
    return {key: value for key, _, value in pairs}
