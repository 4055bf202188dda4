"""How fast the gate answers beside a bare FastAGI handler, in the same run on the same loop.

The callers live in a process of their own, so their work is not the server's. Absolute figures
are this machine's; only the ratio travels. Run alone: ``python -m tests.bench.gate``.
"""

import argparse
import asyncio
import itertools
import json
import select
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import uvloop

from agi.server import Ask, GateServer, Judge, ServerLimits
from policies.decision import Answer, DialAttempt, Verdict
from tests.agi.asterisk_side import KEY, environment

ROUNDS = 3  # bare and gate take turns, so a disturbance hits both
WARM_UP_CALLS = 200
CLIENT_LIMIT_S = 120.0
VARIABLES = f"200 result=1 (1795519878.0|||PJSIP/6001-0000002a|192.0.2.7:5060|{KEY})\n".encode()
DIALLED = ("0312345678",)


@dataclass(frozen=True, slots=True)
class Speed:
    """How one server did.

    Attributes:
        calls_per_s: Whole sessions, from connect to close.
        p50_ms: Median of a session's time as its caller saw it.
        p99_ms: 99th percentile of it.
        cpu_us: The server's processor time per session.
        failed: Sessions that ended without their last command.
    """

    calls_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    failed: int


async def allow_at_once(attempt: DialAttempt, _ask: Ask) -> Answer:
    """Allow without deciding: what the server itself costs."""
    return Answer(Verdict.ALLOW, attempt.dialled, 14_400_000, "token-0123456789", "allowed")


async def bare_session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a call as a minimal handler does: the environment, one GET, one SET."""
    while (await reader.readline()).strip():
        pass
    writer.write(b"GET VARIABLE TOLLGUARD_TOKEN\n")
    await reader.readline()
    writer.write(b"SET VARIABLE TOLLGUARD_VERDICT ALLOW\n")
    await reader.readline()
    writer.close()


def answer_to(command: bytes) -> bytes:
    """Answer a command as Asterisk does, with as little work as can be."""
    if command.startswith(b"GET FULL"):
        return VARIABLES
    if command.startswith(b"GET"):
        return b"200 result=1 (key)\n"
    return b"200 result=1\n" if command.startswith(b"SET") else b"200 result=0\n"


@dataclass(slots=True)
class Call:
    """One session as its caller sees it."""

    connection: socket.socket
    begun_s: float
    told: bool = False

    def hear(self) -> bool:
        """Answer what came; False when the server closed."""
        try:
            command = self.connection.recv(4096)
        except ConnectionResetError:
            return False
        if not command:
            return False
        self.told = not command.startswith(b"GET")
        self.connection.sendall(answer_to(command))
        return True


def client(port: int, callers: int, calls: int, dialled: Sequence[str]) -> None:
    """Place ``calls`` calls, ``callers`` at a time, and print what was seen as JSON.

    Plain sockets and epoll: an event loop here would cost more than the server.
    """
    waiting = itertools.islice(itertools.cycle(environment(agi_arg_2=n) for n in dialled), calls)
    poll = select.epoll()
    running: dict[int, Call] = {}
    seen: list[tuple[float, bool]] = []

    def place(start: bytes) -> None:
        call = Call(socket.create_connection(("127.0.0.1", port)), time.perf_counter())
        # One write a line, as Asterisk does (strace of 22.10.1): a server reads several pieces.
        for line in start.splitlines(keepends=True):
            call.connection.send(line)
        running[call.connection.fileno()] = call
        poll.register(call.connection, select.EPOLLIN)

    begun_s = time.perf_counter()
    for start in itertools.islice(waiting, callers):
        place(start)
    while running:
        for descriptor, _ in poll.poll():
            call = running[descriptor]
            if call.hear():
                continue
            seen.append((time.perf_counter() - call.begun_s, call.told))
            del running[descriptor]
            call.connection.close()
            for start in itertools.islice(waiting, 1):
                place(start)
    took_s = time.perf_counter() - begun_s
    print(json.dumps({"took_s": took_s, "seen": seen}))  # noqa: T201 the answer to the parent


async def measure(port: int, callers: int, calls: int, dialled: Sequence[str]) -> list[Speed]:
    """Have a client process call the server on ``port``; one figure of the server's own CPU."""
    arguments = ["--port", str(port), "--callers", str(callers), "--calls", str(calls)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.gate", *arguments, *dialled,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    cpu_s = time.process_time()
    async with asyncio.timeout(CLIENT_LIMIT_S):
        output, _ = await process.communicate()
    cpu_s = time.process_time() - cpu_s
    told = json.loads(output)
    took_ms = sorted(took_s * 1000 for took_s, _ in told["seen"])
    return [
        Speed(
            calls_per_s=calls / told["took_s"],
            p50_ms=statistics.median(took_ms),
            p99_ms=took_ms[int(len(took_ms) * 0.99)],
            cpu_us=cpu_s / calls * 1e6,
            failed=sum(not verdict for _, verdict in told["seen"]),
        )
    ]


def middle(rounds: Sequence[Speed]) -> Speed:
    """Take the round with the median rate; failures of all rounds are added."""
    by_rate = sorted(rounds, key=lambda speed: speed.calls_per_s)
    chosen = by_rate[len(by_rate) // 2]
    return Speed(
        chosen.calls_per_s,
        chosen.p50_ms,
        chosen.p99_ms,
        chosen.cpu_us,
        sum(speed.failed for speed in rounds),
    )


async def run(
    callers: int, calls: int, judge: Judge = allow_at_once, dialled: Sequence[str] = DIALLED
) -> dict[str, object]:
    """Compare the gate with a bare handler on the running loop, which should be uvloop's.

    Args:
        callers: Calls at a time.
        calls: Calls of each server, in all rounds together.
        judge: What the gate asks; the full decision, to measure that.
        dialled: Numbers that the callers dial in turn.

    Returns:
        ``callers``, ``calls``, ``bare`` and ``gate`` as `Speed`, ``ratio`` of
        their rates and ``cpu_ratio`` of their processor time, in which a client
        that is slower than the server hides nothing. Both: 1 is equal.
    """
    gate = GateServer(judge, KEY, limits=ServerLimits(header_s=30.0, session_s=60.0))
    bare = await asyncio.start_server(bare_session, "127.0.0.1", 0, backlog=1024)
    bare_port = bare.sockets[0].getsockname()[1]
    speeds: dict[int, list[Speed]] = {}
    async with asyncio.TaskGroup() as tasks:
        await gate.start("127.0.0.1", 0, tasks)
        ports = (bare_port, gate.port)
        for port in ports:
            await measure(port, callers, max(WARM_UP_CALLS, callers), dialled)
            speeds[port] = []
        for _ in range(ROUNDS):
            for port in ports:
                speeds[port] += await measure(port, callers, calls // ROUNDS, dialled)
        await gate.stop(5.0)
    bare.close()
    of_bare, of_gate = (middle(speeds[port]) for port in ports)
    return {
        "callers": callers,
        "calls": calls,
        "bare": asdict(of_bare),
        "gate": asdict(of_gate),
        "ratio": of_gate.calls_per_s / of_bare.calls_per_s,
        "cpu_ratio": of_bare.cpu_us / of_gate.cpu_us,
    }


async def compare() -> None:
    """Print the figures of the bare gate at 1, 50 and 500 callers."""
    for callers, calls in ((1, 6_000), (50, 15_000), (500, 15_000)):
        print(json.dumps(await run(callers, calls)))  # noqa: T201 what the command is for


def main() -> None:
    """Run the comparison, or be the client that it starts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int)
    parser.add_argument("--callers", type=int, default=1)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("dialled", nargs="*")
    asked = parser.parse_args()
    if asked.port is None:
        uvloop.run(compare())
    else:
        client(asked.port, asked.callers, asked.calls, asked.dialled)


if __name__ == "__main__":
    main()
