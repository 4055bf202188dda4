"""Shows on a real Asterisk that a SIP MESSAGE, which runs the dialplan as nobody, dials nothing."""

from collections.abc import Iterator

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world, stop_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-messages")]

HUNG_UP = 'Hangup("Message/ast_msg_queue'


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one whose phones' messages go where their calls go, as they do by default."""
    world = start_world()
    yield world
    stop_world(world)


@pytest.mark.parametrize("number", ["0312345678", "01037793123456", "104", "110"])
def test_a_message_reaches_no_trunk(running_world: World, number: str) -> None:
    """It is no call, to an emergency number neither; the gate is not even asked."""
    world = running_world  # its one channel of messages stays, so no world is found empty again
    world.reset(gatepeer.allow())
    before = world.asterisk.log().count(HUNG_UP)
    with RawPhone(world.asterisk.access) as phone:
        assert phone.message(number) == 202

    until(lambda: world.asterisk.log().count(HUNG_UP) > before, 10, "it came to its end")
    assert world.gate.environments == []
    assert world.trunk.numbers() == []
