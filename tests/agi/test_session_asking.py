"""What a judge asks the channel meanwhile, and sessions that our own stop made too late."""

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from agi.commands import call_of
from agi.protocol import Refusal
from agi.server import Ask, GateServer, ServerLimits
from policies.decision import Answer, DialAttempt
from tests.agi.asterisk_side import KEY, WAIT_S, closed, connect, direct_channel, environment, play
from tests.agi.serving import ALLOW, SET, Bench, HeldJudge, begin, serving
from tests.until import until

QUESTION = call_of("PJSIP/6002-0000002b")
ASKED = b'GET FULL VARIABLE "${IMPORT(PJSIP/6002-0000002b,CHANNEL(linkedid))}"\n'


@dataclass
class AskingJudge:
    """A judge that asks the channel before it answers, and keeps what it heard."""

    questions: tuple[str, ...] = (QUESTION,)
    heard: list[str] = field(default_factory=list)

    async def __call__(self, _attempt: DialAttempt, ask: Ask) -> Answer:
        """Ask everything, then allow."""
        for question in self.questions:
            self.heard.append(await ask(question))
        return ALLOW


async def test_a_judge_asks_the_channel_and_then_tells() -> None:
    """The value of an expression comes back, and the verdict follows in the same session."""
    judge = AskingJudge()
    channel = direct_channel(**{QUESTION[2:-1]: "1795519878.0"})
    gate = GateServer(judge, KEY)
    async with asyncio.TaskGroup() as tasks:
        await gate.start("127.0.0.1", 0, tasks)
        await play(gate.port, channel)
        await gate.stop(WAIT_S)

    assert judge.heard == ["1795519878.0"]
    assert channel.set_in_order == SET


@pytest.mark.parametrize(
    "question",
    [
        "",
        "${SHELL(id)}",
        call_of('PJSIP/6002-0000002b"'),
        call_of("PJSIP/6002,CHANNEL(linkedid))}${SHELL(id)}${IMPORT(x"),
        call_of("PJSIP/6002-0000002b\n"),
        call_of("PJSIP/６００２-0000002b"),
        call_of("Local/1@x-00000000;2"),
        call_of("PJSIP/" + "6" * 200 + "-0000002b"),
        QUESTION + "x",
    ],
)
async def test_only_the_closed_set_is_asked(question: str) -> None:
    """What is no expression of ours is not sent: its value is empty and the verdict follows."""
    judge = AskingJudge((question,))
    channel = direct_channel()
    gate = GateServer(judge, KEY)
    async with asyncio.TaskGroup() as tasks:
        await gate.start("127.0.0.1", 0, tasks)
        await play(gate.port, channel)
        await gate.stop(WAIT_S)

    assert judge.heard == [""]
    assert channel.set_in_order == SET


@pytest.mark.parametrize("answer", [b"510 Invalid or unknown command\n", b"200 result=0\n"])
async def test_a_question_that_failed_has_no_value(answer: bytes) -> None:
    """Asterisk's refusal is an empty value and no end of the session."""
    judge = AskingJudge()
    gate = GateServer(judge, KEY)
    async with asyncio.TaskGroup() as tasks:
        await gate.start("127.0.0.1", 0, tasks)
        reader, writer = await connect(gate.port)
        writer.write(environment())
        writer.write(direct_channel().answer(await reader.readline()))
        assert await reader.readline() == ASKED
        writer.write(answer)
        assert b"VERDICT=ALLOW" in await reader.readline()
        writer.close()
        await gate.stop(WAIT_S)

    assert judge.heard == [""]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [(b"HANGUP\n", Refusal.HANGUP), (b"rubbish\n", Refusal.MALFORMED_REPLY)],
)
async def test_a_session_that_ends_meanwhile_leaves_no_judge_waiting(
    sent: bytes, reason: Refusal
) -> None:
    """A hangup or rubbish in place of the value ends the session, and the judge goes on."""
    judge = AskingJudge((QUESTION, QUESTION))
    gate = GateServer(judge, KEY)
    async with asyncio.TaskGroup() as tasks:
        await gate.start("127.0.0.1", 0, tasks)
        reader, writer = await connect(gate.port)
        writer.write(environment())
        writer.write(direct_channel().answer(await reader.readline()))
        assert await reader.readline() == ASKED
        writer.write(sent)
        assert await closed(reader) == b""
        writer.close()
        await gate.stop(WAIT_S)

    assert judge.heard == ["", ""]
    assert gate.refused == {reason: 1}


@dataclass
class Clock:
    """A clock that stands where a test puts it."""

    now_s: float = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now_s


async def test_what_came_while_we_were_stopped_is_not_judged() -> None:
    """Bytes that are read after the session's deadline end it, whatever they say."""
    clock = Clock()
    async with serving(limits=ServerLimits(60.0, 60.0), clock=clock) as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(environment())
        question = await reader.readline()
        clock.now_s += 60.1
        writer.write(direct_channel().answer(question))
        assert await closed(reader) == b""
        await bench.refusing(Refusal.SESSION_DEADLINE)
        writer.close()

    assert bench.attempts == []


async def test_an_answer_that_comes_after_a_stop_is_not_told() -> None:
    """The dialplan has gone on, so what was reserved is given back."""
    clock, judge = Clock(), HeldJudge()
    async with serving(judge, ServerLimits(60.0, 60.0), clock=clock) as bench:
        reader, writer = await begin(bench, judge)
        clock.now_s += 60.1
        judge.released.set()
        assert await closed(reader) == b""
        await bench.refusing(Refusal.SESSION_DEADLINE)
        writer.close()

    assert bench.delivered == [(ALLOW, False)]


async def test_a_confirmation_that_comes_late_still_counts() -> None:
    """Asterisk set the verdict before we were stopped, so it is one."""
    clock = Clock()
    async with serving(limits=ServerLimits(60.0, 60.0), clock=clock) as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(environment())
        writer.write(direct_channel().answer(await reader.readline()))
        verdict = await reader.readline()
        clock.now_s += 60.1
        writer.write(direct_channel().answer(verdict))
        await until(lambda: bench.gate.answered == 1, WAIT_S)
        writer.close()

    assert bench.delivered == [(ALLOW, True)]


# The promise: whatever came before, a real call is answered in less than this.
ANSWERED_WITHIN_S = 0.05
GARBAGE = (
    b"\x00\xff\xfe" * 1000,
    b"agi_network: yes\n" * 3,
    environment().replace(b"agi_channel", b"agi_chanel"),
    environment().replace(b"agi_type: PJSIP\nagi_uniqueid", b"agi_uniqueid", 1),
    environment()[:-1] + b"agi_network: yes\n\n",
    environment() + b"200 result=1 (1)\n",
    environment()[: len(environment()) // 2],
    b"agi_network: " + b"y" * (1 << 20),
    b"GET / HTTP/1.1\r\nHost: pbx\r\n\r\n",
)


async def fastest_call_s(bench: Bench) -> float:
    """Make some calls, and tell how long the quickest took: a busy machine slows each of them."""
    took = []
    for _ in range(5):
        begun = time.monotonic()
        channel = await play(bench.gate.port, direct_channel())
        took.append(time.monotonic() - begun)
        assert channel.set_in_order == SET
    return min(took)


async def test_garbage_on_the_port_leaves_the_next_call_quick() -> None:
    """Rubbish in every form is refused with a reason, and costs the next call nothing."""
    async with serving() as bench:
        writers = []
        for sent in GARBAGE * 10:
            _, writer = await connect(bench.gate.port)
            writer.write(sent)
            writers.append(writer)

        assert await fastest_call_s(bench) < ANSWERED_WITHIN_S
        refused = {
            Refusal.CONTROL_CHARACTER, Refusal.DUPLICATE_KEY, Refusal.UNKNOWN_KEY,
            Refusal.OUT_OF_ORDER_KEY, Refusal.SURPLUS_BYTES, Refusal.LINE_TOO_LONG,
        }  # fmt: skip
        await until(lambda: refused <= bench.gate.refused.keys(), WAIT_S)
        for writer in writers:
            writer.close()


@pytest.mark.usefixtures("descriptors")
async def test_two_thousand_idle_connections_leave_the_next_call_quick() -> None:
    """A flood that says nothing keeps no call waiting."""
    async with serving(limits=ServerLimits(header_s=60.0, session_s=60.0)) as bench:
        writers = [(await connect(bench.gate.port))[1] for _ in range(2000)]

        assert await fastest_call_s(bench) < ANSWERED_WITHIN_S
        for writer in writers:
            writer.close()
        await until(lambda: not bench.gate.sessions, WAIT_S)
