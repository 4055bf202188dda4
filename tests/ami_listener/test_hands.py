"""The hands: channels by uniqueid, a deadline each, errors as exceptions."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from ami_listener.errors import AmiActionError, AmiLostError, AmiTimeoutError, UnsafeValueError
from ami_listener.hands import Hands
from ami_listener.settings import Patience
from ami_listener.upkeep import Standing
from tests.fakes.asterisk import FakeAsterisk
from tests.until import until

PATIENCE = Patience(action_s=0.2, retry_first_s=0.01, retry_most_s=0.02)


@contextlib.asynccontextmanager
async def at_work(pbx: FakeAsterisk) -> AsyncIterator[Hands]:
    """Hands that run until the block ends."""
    hands = Hands(pbx.settings("hands", PATIENCE))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(hands.run())
        await until(lambda: hands.state.standing is Standing.UP)
        yield hands
        task.cancel()


async def test_a_channel_is_hung_up_by_its_uniqueid() -> None:
    """Hangup names the channel by uniqueid and gives the cause."""
    async with FakeAsterisk() as pbx, at_work(pbx) as hands:
        pbx.answers["Hangup"] = {"Response": "Success", "Message": "Channel Hungup"}
        await hands.hangup("1795519836.1")
        await hands.hangup("pbx1-1795519836.1", 16)

        asked = [(a["Channel"], a["Cause"]) for a in pbx.actions if a["Action"] == "Hangup"]
        assert asked == [("1795519836.1", "21"), ("pbx1-1795519836.1", "16")]


async def test_a_limit_is_set_by_uniqueid() -> None:
    """AbsoluteTimeout gives the seconds from now, fractions too."""
    async with FakeAsterisk() as pbx, at_work(pbx) as hands:
        pbx.answers["AbsoluteTimeout"] = {"Response": "Success", "Message": "Timeout Set"}
        await hands.absolute_timeout("1.1", 60)
        await hands.absolute_timeout("1.2", 0.25)

        asked = [(a["Channel"], a["Timeout"]) for a in pbx.actions[-2:]]
        assert asked == [("1.1", "60.000"), ("1.2", "0.250")]


@pytest.mark.parametrize("uniqueid", ["", "/.*/", "1.1\r\nCause: 1", "1.1\n", "a b", "1" * 200])
async def test_nothing_but_a_uniqueid_is_sent(uniqueid: str) -> None:
    """A pattern, a line end or any other text is refused before it is sent."""
    async with FakeAsterisk() as pbx, at_work(pbx) as hands:
        with pytest.raises(UnsafeValueError, match="uniqueid"):
            await hands.hangup(uniqueid)

        assert pbx.names() == []


@pytest.mark.parametrize("uniqueid", ["a thief's id", "/x/", "a:b", "PJSIP/6001-00000001", "x "])
async def test_a_channel_whose_id_is_out_of_form_is_named(uniqueid: str) -> None:
    """Who originates chooses the id; the name, which Asterisk looks for first, is its own."""
    name = "PJSIP/trunk-00000007"
    async with FakeAsterisk() as pbx, at_work(pbx) as hands:
        pbx.variables[name] = {"UNIQUEID": "x"}
        for action in ("Hangup", "AbsoluteTimeout"):
            pbx.answers[action] = {"Response": "Success", "Message": "done"}
        await hands.hangup(uniqueid, channel=name)
        await hands.absolute_timeout(uniqueid, 60, channel=name)
        await hands.variable(uniqueid, "UNIQUEID", channel=name)
        await hands.hangup("1.1", channel=name)

        asked = [action["Channel"] for action in pbx.actions if "Channel" in action]
        assert asked == [name, name, name, "1.1"]


@pytest.mark.parametrize(
    "name",
    ["", "/PJSIP/.*/", "1.1", "PJSIP", "PJSIP/", "PJSIP/a\r\nCause: 1", "P/\x85", "P/" + "1" * 300],
)
async def test_no_name_out_of_form_is_sent(name: str) -> None:
    """A pattern, an id, a line end or a name that may be cut short is no name."""
    async with FakeAsterisk() as pbx, at_work(pbx) as hands:
        with pytest.raises(UnsafeValueError, match="no help"):
            await hands.hangup("a b", channel=name)

        assert pbx.names() == []


async def test_causes_and_limits_have_a_range() -> None:
    """A cause outside Q.850 and a limit that would lift the old one are refused."""
    async with FakeAsterisk() as pbx, at_work(pbx) as hands:
        for cause in (-1, 128):
            with pytest.raises(UnsafeValueError, match="cause"):
                await hands.hangup("1.1", cause)
        for seconds in (0, 0.0001, -1, float("nan"), float("inf")):
            with pytest.raises(UnsafeValueError, match="no limit"):
                await hands.absolute_timeout("1.1", seconds)

        assert pbx.names() == []


async def test_an_error_is_asterisks_own_words() -> None:
    """A channel that is gone already is told as an error."""
    async with FakeAsterisk() as pbx, at_work(pbx) as hands:
        pbx.answers["Hangup"] = {"Response": "Error", "Message": "No such channel"}

        with pytest.raises(AmiActionError, match="No such channel"):
            await hands.hangup("1.1")


async def test_no_answer_is_told_in_time() -> None:
    """An action that is not answered raises after its deadline."""
    async with FakeAsterisk() as pbx, at_work(pbx) as hands:
        pbx.answers["Hangup"] = None

        with pytest.raises(AmiTimeoutError):
            await hands.hangup("1.1")


async def test_without_a_connection_nothing_is_kept_for_later() -> None:
    """Not connected is an error at once, and after reconnecting nothing is sent by itself."""
    async with FakeAsterisk() as pbx, at_work(pbx) as hands:
        await pbx.stop()
        await until(lambda: hands.state.standing is Standing.DOWN)
        with pytest.raises(AmiLostError):
            await hands.hangup("1.1")
        await pbx.listen()
        await until(lambda: hands.state.standing is Standing.UP)

        assert pbx.names() == []
        assert pbx.users == ["hands"]


async def test_a_channel_is_asked_for_a_variable() -> None:
    """Getvar gives the value, empty when it is not set; nothing else than a plain name is sent."""
    async with FakeAsterisk() as pbx, at_work(pbx) as hands:
        pbx.variables["1.1"] = {"CHANNEL(state)": "Up"}

        assert await hands.variable("1.1", "CHANNEL(state)") == "Up"
        assert await hands.variable("1.1", "CHANNEL(pjsip,remote_addr)") == ""
        with pytest.raises(AmiActionError, match="No such channel"):
            await hands.variable("1.2", "TOLLGUARD_TOKEN")
        for name in ("X\r\nAction: Command", "SHELL(rm)x", "x", "", "SHELL(rm -r,x)", "X(a,b,c)"):
            with pytest.raises(UnsafeValueError, match="name"):
                await hands.variable("1.1", name)

        assert pbx.names() == ["Getvar"] * 3
