"""Gives tests a real Asterisk with its trunk and a scripted gate, and sees that none leaks."""

from collections.abc import Callable, Iterator

import pytest

from tests.asterisk import fetch, gatepeer
from tests.asterisk.matrix_report import PROPERTY
from tests.asterisk.paths_proof import Record, outcome
from tests.asterisk.world import World, start_world, stop_world


@pytest.fixture(scope="session")
def installed(pytestconfig: pytest.Config) -> None:
    """Fetch Asterisk 22 and SIPp once, with the progress shown over pytest's capturing."""
    capture = pytestconfig.pluginmanager.get_plugin("capturemanager")
    if capture is None:
        fetch.installation("22")
        return
    with capture.global_and_fixture_disabled():
        fetch.installation("22")


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one Asterisk for a test file."""
    world = start_world()
    yield world
    stop_world(world)


@pytest.fixture
def world(running_world: World) -> Iterator[World]:
    """Hand a test the file's Asterisk, its gate allowing everything; afterwards nothing is left."""
    running_world.reset(gatepeer.allow())
    yield running_world
    running_world.asterisk.assert_clean()


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Record:
    """Let a test of a path say what came of it, for the table at the end of the run."""
    return lambda play: record_property(PROPERTY, outcome(play))
