"""Shows on a real Asterisk what may be dialled while the gate is gone, and nothing else."""

from collections.abc import Iterator

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.etc import Site
from tests.asterisk.world import World, start_world, stop_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-failmode")]

# DIALPLANS of Japan: what reaches abroad, with carrier codes and prefixes in every order.
ABROAD = (
    "01037793123456", "003301037793123456", "0081010377931234", "00101037793123456",
    "00530103779312345", "004601037793123456", "009130010377931234", "00534501037793123456",
    "184010377931234", "184186010377931234", "1860033010377931234", "122003301017671234567",
    "00370102484217123", "0066010299321000", "0078010299321000", "0033010377931234",
    "01018095551234", "01012425551234", "18401018765551234", "0107840123456789",
    "01079401234567", "01076001234567", "+18095551234", "+78401234567", "+37793123456",
    "010870773123456", "0108811234567890", "01088213300123", "010979123456789", "01080012345678",
    "010377931234*1", "*67010377931234", "#31#010377931234", "142010377931234",
)  # fmt: skip
# Carriers, numbers that cost extra, and what no trunk should be given.
CLOSED = (
    "00330312345678", "0037680312345678", "0010", "0100377931234", "01001", "010377*1",
    "+81010377931234", "+810312345678", "+81312345678", "0570012345", "0990512345", "0180991234",
    "0170123456", "0200123456", "02041234567", "0600123456", "0910123456", "09112345678901",
    "02012345678", "104", "117", "188", "1840312345", "184184312345678", "1220312345678",
    "18418600312345678", "1841860312345678", "18400330312345678", "142", "1421", "031234567",
    "03123456789", "2123456", "*72", "#7119", "0312345678*1", "0312345678#", "184", "186",
)  # fmt: skip
DOMESTIC = (
    "0312345678", "0451234567", "0112345678", "0123456789", "0471234567", "0571234567",
    "0991234567", "09012345678", "08012345678", "07012345678", "06012345678", "05012345678",
    "0120444113", "08001234567", "1840312345678", "18609012345678",
)  # fmt: skip


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one whose outside line is 9."""
    world = start_world(Site(globals={"TOLLGUARD_OUTSIDE_LINE": "9"}))
    yield world
    stop_world(world)


@pytest.fixture(autouse=True)
def no_gate(world: World) -> None:
    """Let the gate break off every session; there is no script either."""
    world.reset(gatepeer.close_at_once)


@pytest.mark.parametrize("dialled", DOMESTIC)
def test_a_domestic_number_passes(world: World, dialled: str) -> None:
    """Fixed, mobile, IP and freephone numbers, one 184 or 186 before them, go as dialled."""
    assert world.phone.dial(dialled) == 200
    assert world.trunk.numbers() == [dialled.encode()]


@pytest.mark.parametrize("dialled", [*ABROAD, *CLOSED])
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


@pytest.fixture
def observing(world: World) -> Iterator[None]:
    """Lay the marker that is there while the site only observes."""
    marker = world.asterisk.folder / "observe"
    marker.touch()
    yield
    marker.unlink()


@pytest.mark.usefixtures("observing")
@pytest.mark.parametrize("dialled", [*ABROAD[:12], "00330312345678", "0570012345", "104", "*72"])
def test_while_observing_everything_is_dialled_as_it_was_dialled(
    world: World, dialled: str
) -> None:
    """The fail mode stops nothing that the site does not stop either."""
    assert world.phone.dial(dialled) == 200
    assert world.trunk.numbers() == [dialled.encode()]


@pytest.mark.usefixtures("observing")
def test_while_observing_the_limit_is_a_day(world: World) -> None:
    """No call is without an end, and none is shortened."""
    assert world.phone.dial("9010377931234", hold_s=0.3) == 200
    assert world.trunk.numbers() == [b"9010377931234"]
    assert "Setting call duration limit to 86400.000 seconds" in world.asterisk.log()


@pytest.mark.usefixtures("observing")
@pytest.mark.parametrize("dialled", ["010%20377", "0312345678%26PJSIP", "0102%22x", "0" * 65])
def test_while_observing_malformed_numbers_are_refused(world: World, dialled: str) -> None:
    """The refusal of hostile characters is in no mode."""
    assert world.phone.dial(dialled) in {403, 404}
    assert world.trunk.numbers() == []


@pytest.mark.usefixtures("observing")
def test_while_observing_domestic_calls_are_never_shut(world: World) -> None:
    """Observe wins over TOLLGUARD_FAIL_DOMESTIC=deny."""
    world.asterisk.cli("dialplan set global TOLLGUARD_FAIL_DOMESTIC deny")
    try:
        assert world.phone.dial("0312345678") == 200
    finally:
        world.asterisk.cli("dialplan set global TOLLGUARD_FAIL_DOMESTIC allow")


def test_the_outside_line_alone_is_no_number(installed: None) -> None:
    """Nothing is dialled where nothing stands behind the prefix."""
    world = start_world(Site(globals={"TOLLGUARD_OUTSIDE_LINE": "00"}))
    world.reset(gatepeer.close_at_once)
    try:
        assert [world.phone.dial(dialled) for dialled in ("00", "00184")] == [403, 403]
        assert world.trunk.numbers() == []
    finally:
        stop_world(world)


@pytest.mark.asterisk16
def test_asterisk_16_has_the_same_fail_mode() -> None:
    """There the marker is seen as well, and the same numbers pass."""
    world = start_world(Site(flavour="16"))
    world.reset(gatepeer.close_at_once)
    try:
        assert [world.phone.dial(dialled) for dialled in ABROAD[:8]] == [403] * 8
        assert world.phone.dial("1840312345678") == 200
        (world.asterisk.folder / "observe").touch()
        assert world.phone.dial(ABROAD[0]) == 200
        assert world.trunk.numbers() == [b"1840312345678", ABROAD[0].encode()]
    finally:
        stop_world(world)
