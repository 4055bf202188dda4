"""The server itself: its key, its callbacks, its start and stop."""

import asyncio
from collections.abc import Iterator

import pytest

from agi.protocol import Refusal
from agi.server import Ask, GateServer
from policies.decision import Answer, DialAttempt
from tests.agi.asterisk_side import KEY, WAIT_S, Channel, direct_channel, play
from tests.agi.serving import ALLOW, SET, allow


async def test_a_server_that_never_started_stops() -> None:
    """Stopping before the start, or twice, does nothing; the callbacks are optional."""
    gate = GateServer(allow, KEY)
    await gate.stop(0.0)

    async with asyncio.TaskGroup() as tasks:
        await gate.start("127.0.0.1", 0, tasks)
        channel = await play(gate.port, direct_channel())
        await gate.stop(WAIT_S)
        await gate.stop(0.0)

    assert (channel.set_in_order, gate.port, gate.answered) == (SET, 0, 1)


async def test_an_error_without_a_listener_is_counted() -> None:
    """A judge's error is counted when nobody asked to be told."""

    async def judge(_attempt: DialAttempt, _ask: Ask) -> Answer:
        raise RuntimeError

    gate = GateServer(judge, KEY)
    async with asyncio.TaskGroup() as tasks:
        await gate.start("127.0.0.1", 0, tasks)
        await play(gate.port, Channel(direct_channel().variables))
        await gate.stop(WAIT_S)

    assert gate.refused == {Refusal.JUDGE_ERROR: 1}


def test_a_server_refuses_a_weak_key_and_never_shows_its_own() -> None:
    """A key that is too short stops the start; a good one is in no repr."""
    with pytest.raises(ValueError, match="16 to 128"):
        GateServer(allow, "weak")

    assert KEY not in repr(GateServer(allow, KEY))


async def test_a_judge_may_answer_at_once() -> None:
    """An answer that is no awaitable is told like an awaited one; a bug in making it, too."""
    answers: Iterator[Answer | None] = iter([None, ALLOW])

    def judge(_attempt: DialAttempt, _ask: Ask) -> Answer:
        answer = next(answers)
        if answer is None:
            raise RuntimeError
        return answer

    gate = GateServer(judge, KEY)
    async with asyncio.TaskGroup() as tasks:
        await gate.start("127.0.0.1", 0, tasks)
        first = await play(gate.port, direct_channel())
        second = await play(gate.port, direct_channel())
        await gate.stop(WAIT_S)

    assert (first.set_in_order, second.set_in_order) == ([], SET)
    assert (gate.refused, gate.answered) == ({Refusal.JUDGE_ERROR: 1}, 1)
