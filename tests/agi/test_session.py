"""A session on a real socket, with a scripted Asterisk on the other side."""

from collections.abc import Iterator

import pytest

from agi.protocol import Refusal
from agi.server import ServerLimits
from policies.decision import Answer, DialAttempt, Verdict
from policies.principal import Claim
from tests.agi.asterisk_side import WAIT_S, closed, connect, direct_channel, environment, play
from tests.agi.serving import ALLOW, SET, HeldJudge, begin, serving
from tests.until import until


async def test_a_direct_call_is_judged_and_told_in_order() -> None:
    """The judge gets what Asterisk proved, and the channel gets the verdict last."""
    async with serving() as bench:
        channel = await play(bench.gate.port, direct_channel())
        await until(lambda: bench.delivered, WAIT_S)

    assert channel.set_in_order == SET
    assert bench.attempts == [
        DialAttempt(
            dialled="0312345678",
            trunk="trunk",
            channel="PJSIP/6001-0000002a",
            uniqueid="1795519878.1",
            linkedid="1795519878.0",
            source="192.0.2.7:5060",
            at_s=123.5,
        )
    ]
    assert bench.delivered == [(ALLOW, True)]
    assert (bench.gate.answered, bench.refused) == (1, {})


@pytest.mark.parametrize(
    ("variable", "claim"),
    [
        ("FORWARDERNAME", Claim(forwarder="PJSIP/6002-0000002b")),
        ("BLINDTRANSFER", Claim(transferer="PJSIP/6002-0000002b")),
        ("MASTER_CHANNEL(CHANNEL(name))", Claim(master="PJSIP/6002-0000002b")),
    ],
)
async def test_what_the_channel_claims_reaches_the_judge(variable: str, claim: Claim) -> None:
    """A forwarder, a transferer and the call's first channel are handed on as claims."""
    async with serving() as bench:
        await play(bench.gate.port, direct_channel(**{variable: "PJSIP/6002-0000002b"}))

    assert [attempt.claim for attempt in bench.attempts] == [claim]


async def test_a_local_channel_is_not_asked_for_an_address() -> None:
    """Only PJSIP has a packet source."""
    start = environment(agi_channel="Local/1@out-00000000;2", agi_type="Local")
    async with serving() as bench:
        await play(bench.gate.port, direct_channel(), start)

    assert [(a.channel, a.source) for a in bench.attempts] == [("Local/1@out-00000000;2", None)]


async def test_a_stream_in_single_bytes_is_read() -> None:
    """An environment that comes byte by byte is judged like any other."""
    async with serving() as bench:
        reader, writer = await connect(bench.gate.port)
        for byte in environment():
            writer.write(bytes([byte]))
            await writer.drain()
        question = await reader.readline()
        writer.write(direct_channel().answer(question))
        verdict = await reader.readline()
        writer.close()

    assert verdict.endswith(b'TOLLGUARD_VERDICT=ALLOW"\n')


async def test_a_wrong_key_gets_no_judging() -> None:
    """A session without the gate's key is closed after the question and told nothing."""
    async with serving() as bench:
        channel = await play(bench.gate.port, direct_channel("gate-key_9999999999"))
        await bench.refusing(Refusal.WRONG_KEY)

    assert (bench.attempts, channel.set_in_order) == ([], [])


async def test_a_shorter_key_with_its_line_end_is_a_wrong_key() -> None:
    """FILE reads as many bytes as our key has, so a shorter one brings its line end along."""
    async with serving() as bench:
        channel = await play(bench.gate.port, direct_channel("gate-key_9999\n"))
        await bench.refusing(Refusal.WRONG_KEY)

    assert (bench.attempts, channel.set_in_order) == ([], [])


async def test_a_bar_inside_a_variable_is_refused() -> None:
    """A value that could shift its neighbours is not guessed at."""
    async with serving() as bench:
        await play(bench.gate.port, direct_channel(FORWARDERNAME="a|b"))
        await bench.refusing(Refusal.AMBIGUOUS_VARIABLE)

    assert bench.attempts == []


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (environment(agi_network_script="other"), Refusal.UNKNOWN_PATH),
        (environment(agi_channel=""), Refusal.EMPTY_VALUE),
        (environment(agi_uniqueid=""), Refusal.EMPTY_VALUE),
        (environment()[:-1] + b"agi_arg_3: 5\n\n", Refusal.ARGUMENT_COUNT),
        (environment().replace(b"agi_arg_2: 0312345678\n", b""), Refusal.ARGUMENT_COUNT),
        (environment() + b"200 result=1 (x)\n", Refusal.SURPLUS_BYTES),
        (environment().replace(b"agi_type", b"agi_shell"), Refusal.UNKNOWN_KEY),
        (b"\xff" * 5000, Refusal.LINE_TOO_LONG),
    ],
)
async def test_a_bad_start_is_closed_unanswered(start: bytes, reason: Refusal) -> None:
    """What is no request of ours is closed without a single byte, counted by its reason."""
    async with serving() as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(start)

        assert await closed(reader) == b""
        await bench.refusing(reason)
        writer.close()


async def test_a_judge_past_the_deadline_is_not_told() -> None:
    """A late answer never reaches the channel, and its giver learns that."""
    judge = HeldJudge()
    async with serving(judge, ServerLimits(header_s=0.02, session_s=0.05)) as bench:
        reader, writer = await begin(bench, judge)
        assert await closed(reader) == b""
        judge.released.set()
        await until(lambda: bench.delivered, WAIT_S)
        writer.close()

    assert bench.delivered == [(ALLOW, False)]
    assert bench.refused == {"session-deadline": 1}


async def test_a_client_gone_while_judged_gives_the_answer_back() -> None:
    """A caller who left before the verdict leaves an undelivered answer."""
    judge = HeldJudge()
    async with serving(judge) as bench:
        _, writer = await begin(bench, judge)
        writer.close()
        await bench.refusing(Refusal.CLIENT_GONE)
        judge.released.set()
        await until(lambda: bench.delivered, WAIT_S)

    assert bench.delivered == [(ALLOW, False)]


async def test_a_hangup_while_judged_gives_the_answer_back() -> None:
    """A stray HANGUP line ends the session before its verdict."""
    judge = HeldJudge()
    async with serving(judge) as bench:
        reader, writer = await begin(bench, judge)
        writer.write(b"HANG")
        writer.write(b"UP\n")
        assert await closed(reader) == b""
        judge.released.set()
        await until(lambda: bench.delivered, WAIT_S)
        writer.close()

    assert bench.delivered == [(ALLOW, False)]
    assert bench.refused == {"hangup": 1}


async def test_a_reply_nobody_asked_for_is_refused() -> None:
    """A reply while no command is out ends the session."""
    judge = HeldJudge()
    async with serving(judge) as bench:
        reader, writer = await begin(bench, judge)
        writer.write(b"200 result=0\n")
        assert await closed(reader) == b""
        await bench.refusing(Refusal.SURPLUS_BYTES)
        judge.released.set()
        writer.close()


async def test_no_verdict_is_sent_behind_half_a_line() -> None:
    """Bytes that wait when the judge answers cost the session its verdict."""
    judge = HeldJudge()
    async with serving(judge) as bench:
        reader, writer = await begin(bench, judge)
        writer.write(b"200 resu")
        await writer.drain()
        session = next(iter(bench.gate._keyed))
        await until(lambda: not session._replies.idle, WAIT_S)
        judge.released.set()
        assert await closed(reader) == b""
        await bench.refusing(Refusal.SURPLUS_BYTES)
        writer.close()

    assert bench.delivered == [(ALLOW, False)]


@pytest.mark.parametrize("more", [b"200 result=0\n", b"200 res"])
async def test_a_reply_with_something_behind_it_is_refused(more: bytes) -> None:
    """One question has one answer: what comes with it is forged."""
    async with serving() as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(environment())
        writer.write(direct_channel().answer(await reader.readline()) + more)
        assert await closed(reader) == b""
        await bench.refusing(Refusal.SURPLUS_BYTES)
        writer.close()

    assert bench.attempts == []


@pytest.mark.parametrize("hangup", [b"HANGUP\n", b"HANGUP\n200 result=1 (x)\n"])
async def test_a_hangup_before_the_answer_ends_the_session(hangup: bytes) -> None:
    """A caller who is gone is not judged."""
    async with serving() as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(environment())
        await reader.readline()
        writer.write(hangup)
        assert await closed(reader) == b""
        await bench.refusing(Refusal.HANGUP)
        writer.close()

    assert bench.attempts == []


async def test_a_hangup_after_the_verdict_waits_for_its_answer() -> None:
    """The verdict was set although the caller left: its answer was delivered."""
    async with serving() as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(environment())
        writer.write(direct_channel().answer(await reader.readline()))
        await reader.readline()
        writer.write(b"HANGUP\n")
        writer.write(b"200 result=0\n")
        assert await closed(reader) == b""
        await until(lambda: bench.delivered, WAIT_S)
        writer.close()

    assert (bench.delivered, bench.refused) == ([(ALLOW, True)], {})


@pytest.mark.parametrize("reply", [b"200 result=-2\n", b"510 Invalid or unknown command\n"])
async def test_a_verdict_that_was_not_set_is_not_delivered(reply: bytes) -> None:
    """An MSet that Asterisk refused leaves an undelivered answer."""
    async with serving() as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(environment())
        writer.write(direct_channel().answer(await reader.readline()))
        await reader.readline()
        writer.write(reply)
        assert await closed(reader) == b""
        await bench.refusing(Refusal.VERDICT_NOT_SET)
        writer.close()

    assert bench.delivered == [(ALLOW, False)]


async def test_a_client_gone_after_the_verdict_may_have_it() -> None:
    """Without Asterisk's word nobody knows that the verdict is not set, so it is not taken back."""
    async with serving() as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(environment())
        writer.write(direct_channel().answer(await reader.readline()))
        await reader.readline()
        writer.close()
        await bench.refusing(Refusal.CLIENT_GONE)

    assert bench.delivered == [(ALLOW, True)]


async def test_a_late_asterisk_may_still_read_the_verdict() -> None:
    """A verdict that was sent and not confirmed within the deadline may be set all the same."""
    async with serving(limits=ServerLimits(header_s=0.02, session_s=0.05)) as bench:
        reader, writer = await connect(bench.gate.port)
        writer.write(environment())
        writer.write(direct_channel().answer(await reader.readline()))
        await reader.readline()
        assert await closed(reader) == b""
        await bench.refusing(Refusal.SESSION_DEADLINE)
        writer.close()

    assert bench.delivered == [(ALLOW, True)]


async def test_a_judge_that_raises_is_told_and_leaves_no_verdict() -> None:
    """A bug in the judge closes the session; the next call is answered."""
    failure = RuntimeError("ledger")
    answers: Iterator[Answer | RuntimeError] = iter([failure, ALLOW])

    async def judge(_attempt: DialAttempt) -> Answer:
        answer = next(answers)
        if isinstance(answer, RuntimeError):
            raise answer
        return answer

    async with serving(judge) as bench:
        first = await play(bench.gate.port, direct_channel())
        second = await play(bench.gate.port, direct_channel())
        await bench.refusing(Refusal.JUDGE_ERROR)

    assert (first.set_in_order, second.set_in_order) == ([], SET)
    assert bench.errors == [(bench.attempts[0], failure)]


async def test_an_answer_that_cannot_be_sent_leaves_no_verdict() -> None:
    """A number outside the alphabet is never put on the wire, and its giver learns that."""
    unsafe = Answer(Verdict.ALLOW, "1&PJSIP/2", 1000, "tok", "allowed")

    async def judge(_attempt: DialAttempt) -> Answer:
        return unsafe

    async with serving(judge) as bench:
        channel = await play(bench.gate.port, direct_channel())
        await bench.refusing(Refusal.UNSAFE_ANSWER)

    assert (channel.set_in_order, bench.delivered) == ([], [(unsafe, False)])
