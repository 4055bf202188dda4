"""Asterisk's side of a FastAGI session, as seen on 22.10.1, for tests that need no Asterisk."""

import asyncio
from dataclasses import dataclass, field

KEY = "gate-key_0123456789"
KEY_QUESTION = "${FILE(/etc/asterisk/tollguard-gate-key,0,19)}"
WAIT_S = 5.0

# In the order that Asterisk 16.28 and 22.10 sent them; test_protocol pins it to the code's.
ENVIRONMENT = (
    ("agi_network", "yes"),
    ("agi_network_script", "gate"),
    ("agi_request", "agi://127.0.0.1:4573/gate"),
    ("agi_channel", "PJSIP/6001-0000002a"),
    ("agi_language", "en"),
    ("agi_type", "PJSIP"),
    ("agi_uniqueid", "1795519878.1"),
    ("agi_version", "22.10.1"),
    ("agi_callerid", "6001"),
    ("agi_calleridname", "unknown"),
    ("agi_callingpres", "67"),
    ("agi_callingani2", "0"),
    ("agi_callington", "0"),
    ("agi_callingtns", "0"),
    ("agi_dnid", "unknown"),
    ("agi_rdnis", "unknown"),
    ("agi_context", "tollguard-gate"),
    ("agi_extension", "s"),
    ("agi_priority", "11"),
    ("agi_enhanced", "0.0"),
    ("agi_accountcode", ""),
    ("agi_threadid", "139679258793664"),
    ("agi_arg_1", "trunk"),
    ("agi_arg_2", "0312345678"),
)


def lines_of(pairs: tuple[tuple[str, str], ...]) -> bytes:
    """Write pairs as an environment with its empty last line."""
    return "".join(f"{key}: {value}\n" for key, value in pairs).encode() + b"\n"


def environment(**changed: str) -> bytes:
    """Write a good environment with some values changed."""
    return lines_of(tuple((key, changed.get(key, value)) for key, value in ENVIRONMENT))


@dataclass
class Channel:
    """A channel that answers the gate's questions and keeps what MSet set.

    Attributes:
        variables: What an expression such as ``${FORWARDERNAME}`` evaluates to;
            absent ones are empty, as in Asterisk.
        set_in_order: Each variable that was set, in order.
    """

    variables: dict[str, str] = field(default_factory=dict)
    set_in_order: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, command: bytes) -> bytes:
        """Answer one command as Asterisk does; an unexpected one fails the test."""
        text = command.decode()
        verb, _, quoted = text.partition('"')
        assert quoted.endswith('"\n'), text
        if verb == "GET FULL VARIABLE ":
            values = [self.variables.get(name, "") for name in quoted[:-2].split("|")]
            return f"200 result=1 ({'|'.join(values)})\n".encode()
        assert verb == "EXEC MSet ", text
        for assignment in quoted[:-2].split(","):
            name, _, value = assignment.partition("=")
            self.set_in_order.append((name, value))
        return b"200 result=0\n"


def direct_channel(key: str = KEY, **variables: str) -> Channel:
    """Make the channel of a direct call, of an Asterisk that holds a key."""
    return Channel(
        {
            KEY_QUESTION: key,
            "${CHANNEL(linkedid)}": "1795519878.0",
            "${CHANNEL(pjsip,remote_addr)}": "192.0.2.7:5060",
        }
        | {f"${{{name}}}": value for name, value in variables.items()}
    )


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection to the gate."""
    return await asyncio.open_connection("127.0.0.1", port)


async def closed(reader: asyncio.StreamReader) -> bytes:
    """Read what still comes until the gate closes; fail when it does not close."""
    try:
        async with asyncio.timeout(WAIT_S):
            return await reader.read()
    except ConnectionResetError:
        return b""


async def play(port: int, channel: Channel, start: bytes | None = None) -> Channel:
    """Play one whole session; returns when the gate closed it."""
    reader, writer = await connect(port)
    writer.write(environment() if start is None else start)
    try:
        async with asyncio.timeout(WAIT_S):
            while command := await reader.readline():
                writer.write(channel.answer(command))
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    return channel
