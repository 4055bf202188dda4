"""FastAGI server: lets sessions in, and bounds how long they take and how many there are.

Whoever reaches the port may open connections, so sessions that have not shown the gate's key are
counted apart and the oldest makes room first: Asterisk's own show it within milliseconds.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agi.commands import KEY_PATH, check_key
from agi.protocol import Refusal
from agi.session import Session
from policies.decision import Answer, DialAttempt

BACKLOG = 1024  # connections the kernel holds while the loop is busy

# Most answers need no waiting; a task for each of them would cost a turn of the loop, and where a
# future is enough, a third of the gate's time.
# It may ask the channel meanwhile: an expression in, its value out, empty when there is none.
Ask = Callable[[str], Awaitable[str]]
Judge = Callable[[DialAttempt, Ask], Answer | Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """How long a session may take and how many there may be.

    Attributes:
        header_s: Seconds until the environment must be whole.
        session_s: Seconds until the verdict must be set. Below the dialplan's
            own 2 s, so that a late gate is quiet before the dialplan goes on.
        sessions: All sessions at once. With the daemon's other descriptors
            below 1024, the usual soft limit.
        keyless: Sessions that have not shown the gate's key. Room for a burst
            of real calls, which have no key yet when they come in.
    """

    header_s: float = 1.0
    session_s: float = 1.5
    sessions: int = 768
    keyless: int = 512


def _ignore_error(_attempt: DialAttempt, _error: Exception) -> None:
    """Stand in for an ``on_error`` that was not given."""


def _ignore_delivery(_answer: Answer, _delivered: bool) -> None:  # noqa: FBT001 a callback's shape
    """Stand in for an ``on_delivered`` that was not given."""


@dataclass(eq=False)
class GateServer:
    """Answer Asterisk's dial attempts with what a judge says.

    Attributes:
        judge: Decides an attempt, at once or awaited. It runs on after its
            session's end, so what it reserved is always told to ``on_delivered``.
            What it asks meanwhile never raises; see `Session.ask`.
        key: What Asterisk's file ``key_path`` holds; see `check_key`.
        clock: Monotonic seconds, for ``DialAttempt.at_s``.
        limits: How long and how many.
        on_error: Told when the judge raised; the session is already closed
            without a verdict.
        on_delivered: Told once of each answer: whether it may be set. False:
            it was never sent, or Asterisk refused it, so its token will not be used.
        refused: How many sessions ended without a verdict, by reason.
        answered: How many verdicts Asterisk confirmed.
    """

    judge: Judge
    key: str = field(repr=False)
    key_path: str = KEY_PATH
    clock: Callable[[], float] = time.monotonic
    limits: ServerLimits = field(default_factory=ServerLimits)
    on_error: Callable[[DialAttempt, Exception], None] = _ignore_error
    on_delivered: Callable[[Answer, bool], None] = _ignore_delivery
    refused: Counter[Refusal] = field(default_factory=Counter, init=False)
    answered: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Check the key, and have nobody in yet.

        Raises:
            ValueError: The key is too short or has a character that could
                not be told apart in Asterisk's reply, or the path has one.
        """
        self.gate_key = check_key(self.key, self.key_path)
        self._keyless: dict[Session, None] = {}  # in the order they came
        self._keyed: set[Session] = set()
        self._listener: asyncio.Server | None = None
        self._empty = asyncio.Event()

    @property
    def port(self) -> int:
        """The port that is listened on; 0 while none is."""
        if self._listener is None or not self._listener.sockets:
            return 0
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    @property
    def sessions(self) -> int:
        """How many sessions are open now."""
        return len(self._keyless) + len(self._keyed)

    async def start(self, host: str, port: int, tasks: asyncio.TaskGroup) -> None:
        """Listen.

        Args:
            host: Address to bind.
            port: Port, or 0 for any free one; then see ``port``.
            tasks: Owns the running judges. Must outlive `stop`.

        Raises:
            OSError: The address cannot be bound.
        """
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: Session(self, tasks), host, port, backlog=BACKLOG
        )

    async def stop(self, drain_s: float) -> None:
        """Accept no more, wait for open sessions, then close what is left.

        Args:
            drain_s: Longest wait in seconds. A session ends by itself within
                ``limits.session_s``.
        """
        if self._listener is None:
            return
        self._listener.close()
        try:
            async with asyncio.timeout(drain_s):
                while self.sessions:
                    self._empty.clear()
                    await self._empty.wait()
        except TimeoutError:
            for session in (*self._keyless, *self._keyed):
                session.end(Refusal.STOPPED)
        await self._listener.wait_closed()
        self._listener = None

    def admit(self, session: Session) -> None:
        """Take a new session in; the oldest without a key makes room for it."""
        self._keyless[session] = None
        if len(self._keyless) > self.limits.keyless:
            next(iter(self._keyless)).end(Refusal.KEYLESS_LIMIT)
        elif self.sessions > self.limits.sessions:
            next(iter(self._keyless)).end(Refusal.CLIENT_LIMIT)

    def trust(self, session: Session) -> None:
        """Note that a session has shown the key."""
        del self._keyless[session]
        self._keyed.add(session)

    def forget(self, session: Session) -> None:
        """Drop a session that ended."""
        self._keyless.pop(session, None)
        self._keyed.discard(session)
        if not self.sessions:
            self._empty.set()
