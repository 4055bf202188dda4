"""The same scenarios on the loop that the daemon runs."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
import uvloop

from tests.agi import test_server_bounds as bounds
from tests.agi import test_session as session

SCENARIO_LIMIT_S = 30.0


@pytest.mark.parametrize(
    "scenario",
    [
        session.test_a_direct_call_is_judged_and_told_in_order,
        bounds.test_a_mebibyte_of_header_leaves_the_next_call_answered,
        bounds.test_a_slow_drip_does_not_move_the_deadline,
        session.test_a_client_gone_while_judged_gives_the_answer_back,
        session.test_a_judge_that_raises_is_told_and_leaves_no_verdict,
        bounds.test_two_thousand_idle_connections_leave_the_next_call_answered,
        bounds.test_the_client_limit_keeps_calls_that_are_being_judged,
        bounds.test_stop_lets_running_calls_finish,
        bounds.test_stop_closes_what_outlasts_the_drain,
        bounds.test_a_cancelled_judge_closes_its_session,
    ],
)
@pytest.mark.usefixtures("descriptors")
def test_the_same_holds_on_the_daemons_loop(
    scenario: Callable[[], Coroutine[None, None, None]],
) -> None:
    """uvloop, whose transports are no asyncio.Transport, changes nothing of the others."""
    uvloop.run(asyncio.wait_for(scenario(), SCENARIO_LIMIT_S))
