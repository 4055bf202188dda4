"""Shows on a real Asterisk which numbers get past the dialplan to be judged at all."""

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.world import World

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-numbers")]

# As the phone writes them into the request line; %-escapes are decoded by Asterisk.
HOSTILE = {
    "quote": "0102%22x",
    "quote at the end": "010377%22",
    "comma": "010377,1",
    "ampersand": "0312345678&PJSIP",
    "second destination": "0312345678%26PJSIP%2Ftrunk-b%2F010377",
    "at sign": "0312345678%40trunk-b",
    "semicolon": "0312345678%3B010377",
    "parameter": "0312345678;phone-context=010377",
    "quote after a semicolon": "0312345678%3B%22x",
    "quotes that would close a comparison": "0312345678%3B%22=%22",
    "full-width digits": "%EF%BC%90%EF%BC%91%EF%BC%90%EF%BC%93%EF%BC%97%EF%BC%97",
    "full-width after a digit": "0%EF%BC%91%EF%BC%90377",
    "hyphens": "010-377-93123456",
    "letters": "010ABC377",
    "letter first": "a010377",
    "space": "010%20377",
    "parentheses": "010(377)",
    "closing parenthesis": "010377)",
    "backslash": "010377%5C",
    "variable": "0%24%7BTOLLGUARD_KEY%7D",
    "expression": "0%24%5B1+1%5D",
    "tab": "010%09377",
    "line feed": "010%0A377",
    "carriage return": "010%0D377",
    "too long": "0" * 65,
}

EMERGENCY = {
    "110": b"110",
    "118": b"118",
    "119": b"119",
    "184110": b"110",
    "186119": b"119",
    "184186110": b"110",
    "110;phone-context=+81": b"110",
    "110%3Bisub=1": b"110",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_number_is_refused_before_the_gate(world: World, kind: str) -> None:
    """The phone gets a refusal, the gate is not asked and no trunk is dialled."""
    assert world.phone.dial(HOSTILE[kind]) in {403, 404}
    assert world.gate.environments == []
    assert world.trunk.numbers() == []
    assert world.trunk_b.numbers() == []


@pytest.mark.parametrize("dialled", EMERGENCY)
def test_an_emergency_call_passes_without_the_gate(world: World, dialled: str) -> None:
    """Emergency numbers reach the trunk as their literal, while the gate denies everything."""
    world.reset(gatepeer.deny)

    assert world.phone.dial(dialled) == 200
    assert world.trunk.numbers() == [EMERGENCY[dialled]]
    assert world.gate.environments == []


@pytest.mark.parametrize("dialled", ["1100", "1119", "010110", "18411", "184", "*110", "+110"])
def test_a_number_that_only_resembles_an_emergency_number_is_judged(
    world: World, dialled: str
) -> None:
    """No prefix or suffix makes a call free of the gate."""
    world.reset(gatepeer.deny)

    assert world.phone.dial(dialled) == 403
    assert [e["agi_arg_2"] for e in world.gate.environments] == [dialled]
    assert world.trunk.numbers() == []


def test_a_number_of_64_characters_is_judged(world: World) -> None:
    """The dialplan's bound is the plan's own: the longest number reaches the gate whole."""
    world.reset(gatepeer.deny)
    dialled = "0" * 64

    assert world.phone.dial(dialled) == 403
    assert [e["agi_arg_2"] for e in world.gate.environments] == [dialled]
