"""Shows that a call's limit ends it on time whatever was done with the call meanwhile."""

from collections.abc import Iterator

import pytest

from tests.asterisk.paths_forwarded import FORWARDED
from tests.asterisk.paths_limited import LIMITED
from tests.asterisk.paths_stage import Stage
from tests.asterisk.paths_transferred import TRANSFERRED

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("paths-limits")]

LIMIT_S = 5
OFF_BY_S = 0.2
PATHS = tuple(path for path in (*FORWARDED, *TRANSFERRED, *LIMITED) if path.may_stand)


@pytest.fixture(scope="module")
def stage(installed: None) -> Iterator[Stage]:
    """Play all of them at once, under a limit of 5 s."""
    with Stage(PATHS, refused=False) as stage:
        stage.guarded.daemon.run("limits", "set", "--max-call", f"{LIMIT_S}s")
        stage.play(stay_s=LIMIT_S + 1)
        yield stage


@pytest.mark.parametrize("name", [path.name for path in PATHS])
def test_a_limited_call_is_cut_on_time(stage: Stage, name: str) -> None:
    """From the trunk's answer to the end it stood 5 s, and Asterisk ended it."""
    play = stage.plays[name, None]

    assert play.error == ""
    assert play.call is not None
    assert play.call.ended_by == "BYE"
    assert abs(play.lived_s - LIMIT_S) < OFF_BY_S
