"""Shows that a call which nobody asks for goes nowhere that costs money."""

from collections.abc import Iterator

import pytest

from tests.asterisk.paths_originated import ORIGINATED
from tests.asterisk.paths_proof import Record, assert_refused, refused
from tests.asterisk.paths_stage import Stage

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("paths-originated")]


@pytest.fixture(scope="module")
def stage(installed: None) -> Iterator[Stage]:
    """Play all of them at once."""
    with Stage(ORIGINATED) as stage:
        stage.play()
        yield stage


@pytest.mark.parametrize(("name", "without"), refused(ORIGINATED))
def test_a_call_that_nobody_asks_for_is_refused(
    stage: Stage, record: Record, name: str, without: int | None
) -> None:
    """Though every phone of the play may call abroad."""
    play = stage.plays[name, without]
    record(play)
    assert_refused(play)
