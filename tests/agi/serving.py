"""A gate on a real socket with everything that its judge and callbacks saw."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agi.protocol import Refusal
from agi.server import Ask, GateServer, ServerLimits
from policies.decision import Answer, DialAttempt, Verdict
from tests.agi.asterisk_side import (
    KEY,
    WAIT_S,
    connect,
    direct_channel,
    environment,
)
from tests.until import until

ALLOW = Answer(Verdict.ALLOW, "0312345678", 14_400_000, "tok-1_A", "allowed")
SET = [
    ("_TOLLGUARD_TOKEN", "tok-1_A"),
    ("TOLLGUARD_NUMBER", "0312345678"),
    ("TOLLGUARD_LIMIT_MS", "14400000"),
    ("TOLLGUARD_REASON", "allowed"),
    ("TOLLGUARD_VERDICT", "ALLOW"),
]


@dataclass
class Bench:
    """A running server with everything that its judge and callbacks saw."""

    gate: GateServer
    attempts: list[DialAttempt] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    delivered: list[tuple[Answer, bool]] = field(default_factory=list)
    errors: list[tuple[DialAttempt, Exception]] = field(default_factory=list)

    @property
    def refused(self) -> dict[str, int]:
        """The counts by their plain code."""
        return {str(reason): count for reason, count in self.gate.refused.items()}

    async def refusing(self, *reasons: Refusal) -> None:
        """Wait until exactly these refusals are counted and no session is open."""
        expected = {str(reason): len(list(same)) for reason, same in itertools.groupby(reasons)}
        await until(lambda: self.refused == expected and not self.gate.sessions, WAIT_S)


Judge = Callable[[DialAttempt], Awaitable[Answer]]


async def allow(_attempt: DialAttempt, _ask: Ask | None = None) -> Answer:
    return ALLOW


@asynccontextmanager
async def serving(
    judge: Judge = allow,
    limits: ServerLimits | None = None,
    drain_s: float = 0.0,
    clock: Callable[[], float] = lambda: 123.5,
) -> AsyncIterator[Bench]:
    async def recorded(attempt: DialAttempt, ask: Ask) -> Answer:
        bench.attempts.append(attempt)
        bench.asks.append(ask)
        return await judge(attempt)

    gate = GateServer(
        recorded,
        KEY,
        clock=clock,
        limits=limits or ServerLimits(),
        on_error=lambda attempt, error: bench.errors.append((attempt, error)),
        on_delivered=lambda answer, done: bench.delivered.append((answer, done)),
    )
    bench = Bench(gate)
    async with asyncio.TaskGroup() as tasks:
        await gate.start("127.0.0.1", 0, tasks)
        try:
            yield bench
        finally:
            await gate.stop(drain_s)


@dataclass
class HeldJudge:
    """A judge that answers when it is let go."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _attempt: DialAttempt, _ask: Ask | None = None) -> Answer:
        """Wait for ``released``."""
        self.begun.set()
        await self.released.wait()
        return ALLOW


async def begin(
    bench: Bench, judge: HeldJudge
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Bring a session to where its judge is at work."""
    reader, writer = await connect(bench.gate.port)
    writer.write(environment())
    writer.write(direct_channel().answer(await reader.readline()))
    await judge.begun.wait()
    return reader, writer
