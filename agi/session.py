"""One session: a dial attempt from the channel's environment to its verdict.

Asterisk has no read timeout and half a line blocks its channel for good, so each command leaves in
one write. A session that cannot be judged is closed without a verdict, and the dialplan's written
fail mode answers; AGISTATUS says SUCCESS all the same, which is why only the variable counts.
"""

import asyncio
from collections.abc import Awaitable
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from agi.commands import (
    ask_expression,
    ask_variables,
    is_verdict_set,
    read_expression,
    read_variables,
    tell_verdict,
)
from agi.protocol import (
    HANGUP,
    AgiProtocolError,
    Environment,
    EnvironmentReader,
    Refusal,
    Reply,
    ReplyReader,
)
from policies.decision import Answer, DialAttempt

if TYPE_CHECKING:
    from agi.server import GateServer

SCRIPT = "gate"  # the request's path: agi://host:port/gate


class _Stage(Enum):
    """What a session waits for."""

    ENVIRONMENT = auto()
    VARIABLES = auto()
    JUDGE = auto()
    ASKED = auto()
    CONFIRMATION = auto()
    ENDED = auto()


class Session(asyncio.Protocol):
    """Drive one connection through its stages; `end` is the only way out."""

    __slots__ = (
        "_answer", "_asked", "_began_s", "_environment", "_reader", "_replies",
        "_server", "_stage", "_tasks", "_timer", "_transport",
    )  # fmt: skip

    _transport: asyncio.Transport
    _timer: asyncio.TimerHandle
    _environment: Environment
    _replies: ReplyReader
    _answer: Answer
    _asked: asyncio.Future[str]
    _began_s: float

    def __init__(self, server: "GateServer", tasks: asyncio.TaskGroup) -> None:
        self._server = server
        self._tasks = tasks
        self._reader = EnvironmentReader()
        self._stage = _Stage.ENVIRONMENT

    # uvloop's transports have all of asyncio.Transport's methods but are no instances of it.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the session's deadlines and ask the server for room."""
        self._transport = transport
        self._began_s = self._server.clock()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._server.limits.header_s, self._header_due)
        self._server.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio names it
        """End the session when the peer ended it first."""
        self.end(Refusal.CLIENT_GONE)

    def data_received(self, data: bytes) -> None:
        """Take the next bytes. Untrusted."""
        try:
            if self._is_late() and self._stage is not _Stage.CONFIRMATION:
                self.end(Refusal.SESSION_DEADLINE)
            elif self._stage is _Stage.ENVIRONMENT:
                self._begin(self._reader.feed(data))
            elif self._stage is not _Stage.ENDED:
                self._hear(self._replies.feed(data))
        except AgiProtocolError as error:
            self.end(self._told(error.reason))

    def _told(self, refusal: Refusal) -> Refusal:
        """Call a broken answer to the key's question a wrong key.

        A key file shorter than ours hands its line end over with it, which cuts the reply in two.
        """
        if self._stage is _Stage.VARIABLES and refusal is Refusal.MALFORMED_REPLY:
            return Refusal.WRONG_KEY
        return refusal

    def _is_late(self) -> bool:
        """Tell whether the deadline passed while our process stood still: Asterisk has gone on."""
        return self._server.clock() - self._began_s > self._server.limits.session_s

    def _begin(self, environment: Environment | None) -> None:
        """Ask the channel for what the environment does not tell."""
        if environment is None:
            return
        if environment.script != SCRIPT:
            raise AgiProtocolError(Refusal.UNKNOWN_PATH)
        if len(environment.arguments) != 2:  # the trunk and the number
            raise AgiProtocolError(Refusal.ARGUMENT_COUNT)
        if not environment.channel or not environment.uniqueid:
            raise AgiProtocolError(Refusal.EMPTY_VALUE)
        self._environment = environment
        self._replies = ReplyReader()
        self._stage = _Stage.VARIABLES
        self._transport.write(ask_variables(environment, self._server.gate_key))

    def _hear(self, replies: list[Reply]) -> None:
        """Take Asterisk's answer to the one command that is out."""
        if len(replies) == 1 and replies[0] is not HANGUP:
            self._take(replies[0])
            return
        answers = [reply for reply in replies if reply is not HANGUP]
        # Once the verdict is out it may be set, so a hangup then waits for the answer.
        if len(answers) < len(replies) and self._stage is not _Stage.CONFIRMATION:
            self.end(Refusal.HANGUP)
            return
        if len(answers) > 1:
            raise AgiProtocolError(Refusal.SURPLUS_BYTES)
        if answers:
            self._take(answers[0])

    def _take(self, reply: Reply) -> None:
        """Take one answer as what this stage waits for."""
        if self._stage is _Stage.VARIABLES:
            self._identify(reply)
        elif self._stage is _Stage.CONFIRMATION:
            self.end(None if is_verdict_set(reply) else Refusal.VERDICT_NOT_SET)
        elif self._stage is _Stage.ASKED:
            self._stage = _Stage.JUDGE
            self._asked.set_result(read_expression(reply))
        else:
            raise AgiProtocolError(Refusal.SURPLUS_BYTES)

    def _identify(self, reply: Reply) -> None:
        """Have the attempt judged, once the channel has shown the gate's key."""
        if not self._replies.idle:
            raise AgiProtocolError(Refusal.SURPLUS_BYTES)
        heard = read_variables(self._environment, reply, self._server.gate_key)
        self._server.trust(self)
        environment = self._environment
        trunk, dialled = environment.arguments
        attempt = DialAttempt(
            dialled=dialled,
            trunk=trunk,
            channel=environment.channel,
            uniqueid=environment.uniqueid,
            linkedid=heard.linkedid,
            source=heard.source,
            at_s=self._server.clock(),
            claim=heard.claim,
        )
        self._stage = _Stage.JUDGE
        self._judge(attempt)

    def _judge(self, attempt: DialAttempt) -> None:
        try:
            answer = self._server.judge(attempt, self.ask)
        except Exception as error:  # noqa: BLE001 whatever the judge's bug, the dialplan answers
            self._fail(attempt, error)
            return
        if isinstance(answer, Answer):
            self._tell(answer)
        elif isinstance(answer, asyncio.Future):
            answer.add_done_callback(partial(self._came, attempt))
        else:
            _ = self._tasks.create_task(self._wait(attempt, answer), name=attempt.uniqueid)

    def _fail(self, attempt: DialAttempt, error: Exception) -> None:
        self.end(Refusal.JUDGE_ERROR)
        self._server.on_error(attempt, error)

    def _came(self, attempt: DialAttempt, answer: asyncio.Future[Answer]) -> None:
        """Tell what a callback answered."""
        if answer.cancelled():
            self.end(Refusal.STOPPED)
        elif isinstance(error := answer.exception(), Exception):
            self._fail(attempt, error)
        else:
            self._tell(answer.result())

    async def _wait(self, attempt: DialAttempt, coming: Awaitable[Answer]) -> None:
        try:
            answer = await coming
        except Exception as error:  # noqa: BLE001 as in _judge
            self._fail(attempt, error)
        except asyncio.CancelledError:
            self.end(Refusal.STOPPED)
            raise
        else:
            self._tell(answer)

    async def ask(self, expression: str) -> str:
        """Ask the channel one thing more while its call is judged.

        Args:
            expression: From `agi.commands.call_of`.

        Returns:
            Its value; empty when Asterisk has none, when it may not be asked, or
            when the session ended. Untrusted.
        """
        command = ask_expression(expression)
        if command is None or self._stage is not _Stage.JUDGE or not self._replies.idle:
            return ""
        self._stage = _Stage.ASKED
        self._asked = asyncio.get_running_loop().create_future()
        self._transport.write(command)
        return await self._asked

    def _tell(self, answer: Answer) -> None:
        """Send the verdict, unless the session ended while it was judged."""
        if self._is_late():
            self.end(Refusal.SESSION_DEADLINE)
        if self._stage is _Stage.ENDED:
            self._server.on_delivered(answer, False)  # noqa: FBT003 a callback's shape
            return
        try:
            if not self._replies.idle:
                raise AgiProtocolError(Refusal.SURPLUS_BYTES)
            command = tell_verdict(answer)
        except AgiProtocolError as error:
            self.end(error.reason)
            self._server.on_delivered(answer, False)  # noqa: FBT003 as above
            return
        self._stage = _Stage.CONFIRMATION
        self._answer = answer
        self._transport.write(command)

    def _header_due(self) -> None:
        if self._stage is _Stage.ENVIRONMENT:
            self.end(Refusal.HEADER_DEADLINE)
            return
        limits = self._server.limits
        loop = asyncio.get_running_loop()
        left_s = max(0.0, limits.session_s - limits.header_s)
        self._timer = loop.call_later(left_s, self.end, Refusal.SESSION_DEADLINE)

    def end(self, refusal: Refusal | None) -> None:
        """Close the session, once; further calls do nothing.

        Args:
            refusal: Why there is no verdict; None when Asterisk confirmed it.
        """
        if self._stage is _Stage.ENDED:
            return
        was_told = self._stage is _Stage.CONFIRMATION
        if self._stage is _Stage.ASKED and not self._asked.done():
            self._asked.set_result("")
        self._stage = _Stage.ENDED
        self._timer.cancel()
        self._transport.abort()
        server = self._server
        server.forget(self)
        if refusal is None:
            server.answered += 1
        else:
            server.refused[refusal] += 1
        if was_told:
            # Without Asterisk's word the verdict may be set yet: a late one still reads it.
            server.on_delivered(self._answer, refusal is not Refusal.VERDICT_NOT_SET)
