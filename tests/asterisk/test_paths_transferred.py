"""Shows who answers for a call that is sent abroad by somebody who is in it."""

from collections.abc import Iterator

import pytest

from tests.asterisk.paths_proof import Record, assert_granted, assert_refused, granted, refused
from tests.asterisk.paths_stage import Stage
from tests.asterisk.paths_transferred import TRANSFERRED

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("paths-transferred")]


@pytest.fixture(scope="module")
def stage(installed: None) -> Iterator[Stage]:
    """Play all of them at once."""
    with Stage(TRANSFERRED) as stage:
        stage.play()
        yield stage


@pytest.mark.parametrize("name", granted(TRANSFERRED))
def test_a_transferred_call_stands_for_those_who_may(
    stage: Stage, record: Record, name: str
) -> None:
    """With just those granted who are held responsible, the call is up after 5 s, as judged."""
    play = stage.plays[name, None]
    record(play)
    assert_granted(play)


@pytest.mark.parametrize(("name", "without"), refused(TRANSFERRED))
def test_a_transferred_call_is_closed_to_one_who_may_not(
    stage: Stage, record: Record, name: str, without: int | None
) -> None:
    """One of them without the right is enough, though every other phone has it."""
    play = stage.plays[name, without]
    record(play)
    assert_refused(play)
