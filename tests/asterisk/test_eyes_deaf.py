"""Shows on a real Asterisk that a line missing in manager.conf is noticed, and by what name."""

from collections.abc import Iterator

import pytest

from policies.events import Technology
from tests.asterisk.eyes import watching
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world, stop_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("eyes-deaf")]

# File, what is right in it, what an operator wrote instead, and what must be said of it.
MISTAKES = {
    "no class call": (
        "manager.d/tollguard.conf",
        "read=system,call,security",
        "read=system,security",
        "ami-no-call-events",
    ),
    "two channelvars": (
        "manager.conf",
        "channelvars=TOLLGUARD_TOKEN",
        "channelvars=TOLLGUARD_TOKEN,ACCOUNT",
        "ami-repeated-header",
    ),
    "no timestamps": (
        "manager.conf",
        "timestampevents=yes",
        "timestampevents=no",
        "ami-no-timestamps",
    ),
}


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one whose manager.conf may be spoilt."""
    world = start_world()
    yield world
    stop_world(world)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_manager_conf_is_named_within_ten_seconds(world: World, mistake: str) -> None:
    """One call that goes on is evidence enough; the blindness lasts while it does."""
    name, right, wrong, reason = MISTAKES[mistake]
    conf = world.asterisk.folder / "etc" / name
    text = conf.read_text()
    assert right in text
    conf.write_text(text.replace(right, wrong))
    try:
        world.asterisk.cli("manager reload")
        with (
            watching(world.asterisk.access, Technology.PJSIP) as situation,
            world.phone.call("0312345678", hold_s=5) as run,
        ):
            run.answered()
            until(lambda: situation.blind.startswith(reason), 10, f"named {reason}")
            run.wait()
    finally:
        conf.write_text(text)
        world.asterisk.cli("manager reload")


def test_with_the_files_as_they_are_a_call_blinds_nobody(world: World) -> None:
    """The pictures of a call that goes on for seconds raise no doubt."""
    with (
        watching(world.asterisk.access, Technology.PJSIP) as situation,
        world.phone.call("0312345678", hold_s=4) as run,
    ):
        run.answered()
        with pytest.raises(AssertionError):
            until(lambda: situation.blind, 3.5, "blind")
        run.wait()
