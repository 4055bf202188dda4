"""The dialplan is read whole or not at all, on a connection of its own."""

import pytest

from ami_listener import dialplan as module
from ami_listener.dialplan import read_dialplan
from ami_listener.errors import AmiActionError, AmiLostError, AmiRefusedError
from policies.coverage.dialplan import Dialplan, Line, Place
from tests.fakes.asterisk import FakeAsterisk

ENTRY = {"Event": "ListDialplan", "Context": "phones", "Registrar": "pbx_config"}
LINE = {**ENTRY, "Extension": "_0X.", "Priority": "1", "Application": "Dial"}


async def test_every_kind_of_entry_is_read() -> None:
    """Lines with and without label and arguments, includes without times, switches; no hints."""
    async with FakeAsterisk() as pbx:
        pbx.lists["ShowDialPlan"] = [
            {**LINE, "ExtensionLabel": "out", "AppData": "PJSIP/1@trunk"},
            {**LINE, "Priority": "2", "Application": "Hangup"},
            {**LINE, "Priority": "hint", "Application": "PJSIP/1"},
            {**ENTRY, "IncludeContext": "out|9:00-17:00|mon-fri|*|*"},
            {**ENTRY, "IgnorePattern": "9"},
            {**ENTRY, "Switch": "Lua/x"},
        ]
        pbx.lists["QueueStatus"] = [
            {"Event": "QueueMember", "Queue": "sales", "Location": "PJSIP/6001"},
            {"Event": "QueueMember", "Queue": "sales", "Location": "PJSIP/6002"},
        ]
        read = await read_dialplan(pbx.settings())

    assert read == Dialplan(
        (
            Line(Place("phones", "_0X.", 1), "Dial", "PJSIP/1@trunk", "out", "pbx_config"),
            Line(Place("phones", "_0X.", 2), "Hangup", "", "", "pbx_config"),
        ),
        (("phones", "out"),),
        (("phones", "Lua/x"),),
        {"sales": ("PJSIP/6001", "PJSIP/6002")},
    )


async def test_without_queues_there_are_none() -> None:
    """An Asterisk that knows no QueueStatus has no queues."""
    async with FakeAsterisk() as pbx:
        pbx.lists["ShowDialPlan"] = []
        pbx.lists["QueueStatus"] = None
        read = await read_dialplan(pbx.settings())

    assert read.queues == {}


@pytest.mark.parametrize("refusing", [True, False])
async def test_queues_that_asterisk_does_not_tell_are_unknown(
    refusing: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Refused, or more members than the bound: not known, which is not none."""
    monkeypatch.setattr(module, "MEMBERS_MAX", 1)
    async with FakeAsterisk() as pbx:
        pbx.lists["ShowDialPlan"] = []
        pbx.lists["QueueStatus"] = [{"Event": "QueueMember", "Queue": "q", "Location": "x"}] * 2
        if refusing:
            pbx.answers["QueueStatus"] = {"Response": "Error", "Message": "Permission denied"}
        read = await read_dialplan(pbx.settings())

    assert read.queues is None


async def test_a_list_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound nothing is believed, and the connection is given up at once."""
    monkeypatch.setattr(module, "ENTRIES_MAX", 3)
    async with FakeAsterisk() as pbx:
        pbx.lists["ShowDialPlan"] = [LINE] * 50
        with pytest.raises(AmiActionError, match="more than 3 entries"):
            await read_dialplan(pbx.settings())


async def test_one_unreadable_entry_spoils_the_list() -> None:
    """It may be the hole, so the sentence shows it and nothing is told of the rest."""
    async with FakeAsterisk() as pbx:
        pbx.lists["ShowDialPlan"] = [LINE, {**LINE, "AppData": "x\r\nContext: y"}, LINE]
        with pytest.raises(AmiActionError, match="cannot be read: Event: ListDialplan"):
            await read_dialplan(pbx.settings())


async def test_a_refusal_of_asterisk_is_told() -> None:
    """Without class reporting there is no dialplan to look at."""
    async with FakeAsterisk() as pbx:
        pbx.answers["ShowDialPlan"] = {"Response": "Error", "Message": "Permission denied"}
        with pytest.raises(AmiActionError, match="Permission denied"):
            await read_dialplan(pbx.settings())


async def test_an_asterisk_that_goes_is_told() -> None:
    """A connection that ends within the list is lost, and a wrong secret is refused."""
    async with FakeAsterisk() as pbx:
        pbx.lists["ShowDialPlan"] = [LINE]
        pbx.before_complete = lambda _name: pbx.drop()
        with pytest.raises(AmiLostError):
            await read_dialplan(pbx.settings())
        settings = pbx.settings()
        pbx.secrets["eyes"] = "other"
        with pytest.raises(AmiRefusedError):
            await read_dialplan(settings)
