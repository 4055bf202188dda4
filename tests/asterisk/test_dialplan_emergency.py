"""Shows on a real Asterisk that no form of an emergency number needs the gate."""

from collections.abc import Iterator
from itertools import product

import pytest

from policies.numbering.plans import plan_for
from policies.policy import Site as PolicySite
from tests.asterisk.etc import Site
from tests.asterisk.world import World, start_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-emergency")]

PLAN = plan_for(PolicySite(outside_line="9"))
LINES = ("", PLAN.outside_line)
# Bare and after one line prefix, then after two; longer stacks are left to the gate.
FORMS = [
    line + one + number
    for line in LINES
    for one in ("", *PLAN.line_prefixes)
    for number in sorted(PLAN.emergency)
]
STACKED = [
    line + first + second + "110"
    for line in LINES
    for first, second in product(PLAN.line_prefixes, repeat=2)
]


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one whose outside line is 9 and whose gate is dead."""
    world = start_world(Site(globals={"TOLLGUARD_OUTSIDE_LINE": "9"}))
    world.gate.stop()
    yield world
    world.asterisk.stop()
    world.trunk.stop()
    world.trunk_b.stop()


@pytest.mark.parametrize("dialled", [*FORMS, *STACKED, "122184186122119"])
def test_every_form_of_an_emergency_number_passes_with_the_gate_dead(
    world: World, dialled: str
) -> None:
    """The trunk gets the bare number at once, whatever stood before it."""
    assert world.phone.dial(dialled) == 200
    assert world.trunk.numbers() == [dialled[-3:].encode()]


@pytest.mark.parametrize(
    "dialled", ["122", "110%23%23", "11%23", "1221", "9122", "12211", "1221100", "122010377931"]
)
def test_a_prefix_makes_nothing_else_free(world: World, dialled: str) -> None:
    """What only begins like an emergency number is refused while the gate is dead."""
    assert world.phone.dial(dialled) == 403
    assert world.trunk.numbers() == []
