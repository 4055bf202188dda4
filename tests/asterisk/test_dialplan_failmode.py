"""Shows on a real Asterisk what may be dialled while the gate is gone, and nothing else."""

from collections.abc import Iterator

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.etc import Site
from tests.asterisk.world import World, start_world, stop_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-failmode")]

DOMESTIC = (
    "0312345678", "0451234567", "0112345678", "0123456789", "0471234567", "0571234567",
    "0991234567", "09012345678", "08012345678", "07012345678", "06012345678", "05012345678",
    "0120444113", "08001234567",
)  # fmt: skip
REFUSED = (
    "01037793123456", "0081010377931234", "184010377931234", "0010377931234", "+37793123456",
    "010377931234", "003301037793123456", "00330312345678", "+81312345678", "0570012345",
    "0990512345", "0180991234", "0170123456", "0200123456", "02012345678", "0910123456",
    "122003301017671234567", "104", "117", "031234567", "03123456789", "*72",
    "#7119", "0312345678*1", "0312345678#",
)  # fmt: skip


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one whose outside line is 9."""
    world = start_world(Site(globals={"TOLLGUARD_OUTSIDE_LINE": "9"}))
    yield world
    stop_world(world)


@pytest.fixture(autouse=True)
def no_gate(world: World) -> None:
    """Let the gate break off every session."""
    world.reset(gatepeer.close_at_once)


@pytest.mark.parametrize("dialled", DOMESTIC)
def test_a_domestic_number_passes(world: World, dialled: str) -> None:
    """Fixed, mobile, IP and freephone numbers reach the trunk unchanged."""
    assert world.phone.dial(dialled) == 200
    assert world.trunk.numbers() == [dialled.encode()]


@pytest.mark.parametrize("dialled", REFUSED)
def test_anything_else_is_refused(world: World, dialled: str) -> None:
    """International, carrier, premium, prefixed and short numbers are refused."""
    assert world.phone.dial(dialled) == 403
    assert world.trunk.numbers() == []


def test_the_outside_line_is_taken_off(world: World) -> None:
    """The trunk gets the number without the prefix for an outside line."""
    assert world.phone.dial("90312345678") == 200
    assert world.trunk.numbers() == [b"0312345678"]


@pytest.mark.parametrize("dialled", ["9010377931234", "90010377931234", "9+37793123456"])
def test_the_outside_line_opens_nothing(world: World, dialled: str) -> None:
    """A prefix before an international number does not make it domestic."""
    assert world.phone.dial(dialled) == 403
    assert world.trunk.numbers() == []


@pytest.mark.parametrize("dialled", ["9110", "9184119", "1849118"])
def test_an_emergency_number_passes_behind_the_outside_line(world: World, dialled: str) -> None:
    """110, 118 and 119 pass with the prefix as well."""
    assert world.phone.dial(dialled) == 200
    assert world.trunk.numbers() == [dialled[-3:].encode()]


def test_domestic_calls_can_be_shut_too(world: World) -> None:
    """TOLLGUARD_FAIL_DOMESTIC=deny refuses everything but emergency calls."""
    world.asterisk.cli("dialplan set global TOLLGUARD_FAIL_DOMESTIC deny")
    try:
        assert world.phone.dial("0312345678") == 403
        assert world.phone.dial("110") == 200
        assert world.trunk.numbers() == [b"110"]
    finally:
        world.asterisk.cli("dialplan set global TOLLGUARD_FAIL_DOMESTIC allow")


def test_a_call_of_the_fail_mode_has_a_limit(world: World) -> None:
    """The leg is dialled with L(): an hour, never without an end."""
    assert world.phone.dial("0312345678", hold_s=0.3) == 200
    assert "Setting call duration limit to 3600.000 seconds" in world.asterisk.log()
