"""A look asks Asterisk, walks its dialplan, and answers what a row of the store can hold."""

import asyncio
import json
from pathlib import Path

import pytest

from policies.coverage import walk
from policies.coverage.findings import Coverage, Finding, Hop, Why
from policies.policy import Policy, Site, Trunk
from tests.fakes.asterisk import FakeAsterisk
from tollguard import coverage_look
from tollguard.coverage_look import CoverageLook, shipped_dialplans, told
from tollguard.errors import InputError
from tollguard.shipped import asterisk_conf

POLICY = Policy(site=Site(trunks=(Trunk("trunk"), Trunk("dahdi", dial="DAHDI/g1/{number}"))))
LINE = {"Event": "ListDialplan", "Context": "a", "Extension": "s", "Application": "Dial"}


def look_at(pbx: FakeAsterisk) -> CoverageLook:
    """Make a look at a scripted Asterisk."""
    return CoverageLook(pbx.settings(), lambda: POLICY)


async def test_a_look_finds_what_dials_a_declared_trunk() -> None:
    """Trunks come from the policy in force, by endpoint and by template."""
    async with FakeAsterisk() as pbx:
        pbx.lists["ShowDialPlan"] = [
            {**LINE, "Priority": "1", "AppData": "PJSIP/1@trunk"},
            {**LINE, "Priority": "2", "AppData": "DAHDI/g1/1"},
            {**LINE, "Priority": "3", "AppData": "PJSIP/6001"},
        ]
        found = await look_at(pbx).look()

    path = [{"context": "a", "exten": "s", "priority": 1, "leaves": ""}]
    assert json.loads(json.dumps(found)) == {
        "contexts": 1,
        "extensions": 1,
        "lines": 3,
        "dials": 3,
        "gates": 0,
        "more": 0,
        "findings": [
            {
                "why": "dial-without-gate",
                "path": [{**path[0], "priority": priority}],
                "app": "Dial",
                "data": data,
                "registrar": "",
                "detail": data,
            }
            for priority, data in ((1, "PJSIP/1@trunk"), (2, "DAHDI/g1/1"))
        ],
    }


async def test_what_cannot_be_asked_is_a_sentence() -> None:
    """Asterisk's own refusal stands in it."""
    async with FakeAsterisk() as pbx:
        pbx.answers["ShowDialPlan"] = {"Response": "Error", "Message": "Permission denied"}
        with pytest.raises(InputError, match="cannot be looked at: Permission denied"):
            await look_at(pbx).look()


async def test_a_tangle_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dialplan with too many steps is refused, and said so."""
    monkeypatch.setattr(walk, "STEPS_MAX", 0)
    async with FakeAsterisk() as pbx:
        pbx.lists["ShowDialPlan"] = [{**LINE, "Priority": "1"}]
        with pytest.raises(InputError, match="more than 0 steps"):
            await look_at(pbx).look()


async def test_two_looks_at_once_are_one() -> None:
    """The second is refused while the first goes on, and not afterwards."""
    async with FakeAsterisk() as pbx, asyncio.TaskGroup() as group:
        look = look_at(pbx)
        first = group.create_task(look.look())
        await asyncio.sleep(0)
        with pytest.raises(InputError, match="another look"):
            await look.look()
        assert (await first)["findings"] == []
        assert (await look.look())["findings"] == []


def test_a_result_fits_into_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too long for it is counted."""
    monkeypatch.setattr(coverage_look, "TEXT_MAX_CHARS", 500)
    finding = Finding(Why.DIAL, (Hop("a", "s", 1),), "Dial", "x" * 100)
    result = told(Coverage(1, 1, 9, 9, 0, (finding,) * 9, more=3))

    assert isinstance(result["findings"], list)
    assert (len(result["findings"]), result["more"]) == (1, 11)


def test_our_own_dialplan_is_read_in_each_flavour(tmp_path: Path) -> None:
    """The shipped file with its contexts; a flavour that ships none of its own has none."""
    (shipped, *others) = shipped_dialplans(asterisk_conf())

    assert {"tollguard-dial", "tollguard-gate"} <= {line.place.context for line in shipped.lines}
    assert len(others) <= 1
    assert shipped_dialplans(tmp_path) == []
