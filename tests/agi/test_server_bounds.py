"""What bounds a session and their number: sizes, deadlines, limits, the drain."""

import asyncio

import pytest

from agi.protocol import Refusal
from agi.server import GateServer, ServerLimits
from tests.agi.asterisk_side import (
    KEY,
    WAIT_S,
    closed,
    connect,
    direct_channel,
    environment,
    play,
)
from tests.agi.serving import ALLOW, SET, Bench, HeldJudge, begin, serving
from tests.until import until


async def test_a_mebibyte_of_header_leaves_the_next_call_answered() -> None:
    """An endless header is cut off at the limit and costs the next call nothing."""
    async with serving() as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(b"agi_network: " + b"y" * (1 << 20))
        assert await closed(reader) == b""
        writer.close()

        channel = await play(bench.gate.port, direct_channel())
        await bench.refusing(Refusal.LINE_TOO_LONG)

    assert channel.set_in_order == SET


@pytest.mark.parametrize("sent", [b"", b"agi_network: y", environment()[:-1]])
async def test_a_silent_client_is_closed_at_the_header_deadline(sent: bytes) -> None:
    """Nothing, half a line and an environment without its end all end by themselves."""
    async with serving(limits=ServerLimits(header_s=0.05)) as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(sent)

        assert await closed(reader) == b""
        await bench.refusing(Refusal.HEADER_DEADLINE)
        writer.close()


async def test_a_slow_drip_does_not_move_the_deadline() -> None:
    """A byte now and then keeps no session open."""
    async with serving(limits=ServerLimits(header_s=0.1)) as bench:
        reader, writer = await connect(bench.gate.port)
        drip = iter(environment())

        def dripped() -> bool:
            if not writer.is_closing():
                writer.write(bytes([next(drip)]))
            return bench.refused == {"header-deadline": 1}

        await until(dripped, WAIT_S)
        assert await closed(reader) == b""
        writer.close()


async def test_a_client_that_never_answers_is_closed_at_the_session_deadline() -> None:
    """A channel that stays silent after the question is let go."""
    async with serving(limits=ServerLimits(header_s=0.05, session_s=0.1)) as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(environment())
        assert (await reader.readline()).startswith(b"GET FULL VARIABLE")

        assert await closed(reader) == b""
        await bench.refusing(Refusal.SESSION_DEADLINE)
        writer.close()


@pytest.mark.usefixtures("descriptors")
async def test_two_thousand_idle_connections_leave_the_next_call_answered() -> None:
    """The oldest sessions without the key make room, so a flood keeps nobody out."""
    limits = ServerLimits(header_s=60.0, session_s=60.0)
    async with serving(limits=limits) as bench:
        writers = []
        for _ in range(2000):
            _, writer = await connect(bench.gate.port)
            writers.append(writer)
        await until(lambda: bench.refused == {"keyless-limit": 2000 - limits.keyless}, WAIT_S)

        channel = await play(bench.gate.port, direct_channel())
        assert channel.set_in_order == SET
        assert bench.gate.sessions == limits.keyless - 1
        for writer in writers:
            writer.close()
        await until(lambda: not bench.gate.sessions, WAIT_S)


async def test_the_client_limit_keeps_calls_that_are_being_judged() -> None:
    """When all places are taken by calls with the key, the newcomer is turned away."""
    judge = HeldJudge()
    async with serving(judge, ServerLimits(sessions=2, keyless=2)) as bench:
        held = [await begin(bench, judge), await begin(bench, judge)]
        reader, writer = await connect(bench.gate.port)
        assert await closed(reader) == b""
        assert bench.refused == {"client-limit": 1}
        writer.close()

        judge.released.set()
        for held_reader, held_writer in held:
            assert b"VERDICT=ALLOW" in await held_reader.readline()
            held_writer.close()


async def test_stop_lets_running_calls_finish() -> None:
    """A drain accepts no more, and waits for the call that is being judged."""
    judge = HeldJudge()
    async with serving(judge, drain_s=WAIT_S) as bench:
        reader, writer = await begin(bench, judge)
        port = bench.gate.port
        async with asyncio.TaskGroup() as stopping:
            stop = stopping.create_task(bench.gate.stop(WAIT_S), name="stop")
            await until(lambda: bench.gate.port == 0, WAIT_S)
            with pytest.raises(ConnectionRefusedError):
                await connect(port)
            judge.released.set()
            assert b"VERDICT=ALLOW" in await reader.readline()
            writer.write(b"200 result=0\n")
            await stop
        writer.close()

    assert (bench.delivered, bench.refused) == ([(ALLOW, True)], {})


async def test_stop_closes_what_outlasts_the_drain() -> None:
    """After the drain's time open sessions are closed without a verdict."""
    judge = HeldJudge()
    async with serving(judge) as bench:
        reader, writer = await begin(bench, judge)
        await bench.gate.stop(0.05)
        assert await closed(reader) == b""
        judge.released.set()
        await until(lambda: bench.delivered, WAIT_S)
        writer.close()

    assert (bench.delivered, bench.refused) == ([(ALLOW, False)], {"stopped": 1})


async def test_a_cancelled_judge_closes_its_session() -> None:
    """When the daemon's tasks are cancelled, no session stays open."""
    judge = HeldJudge()
    gate = GateServer(judge, KEY)

    async def failing_daemon() -> None:
        async with asyncio.TaskGroup() as tasks:
            await gate.start("127.0.0.1", 0, tasks)
            reader, writer = await begin(Bench(gate), judge)
            ends.append((reader, writer))
            message = "another task of the daemon failed"
            raise RuntimeError(message)

    ends: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    with pytest.raises(ExceptionGroup):
        await failing_daemon()

    ((reader, writer),) = ends
    assert await closed(reader) == b""
    assert gate.refused == {Refusal.STOPPED: 1}
    writer.close()
    await gate.stop(0.0)
