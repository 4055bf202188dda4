"""Keeping a connection up: pauses, and each change told once."""

import asyncio
from itertools import islice

import pytest

from ami_listener.errors import AmiLostError, AmiRefusedError
from ami_listener.settings import Patience
from ami_listener.upkeep import LinkState, Standing, Upkeep, backoff

PATIENCE = Patience(retry_first_s=1.0, retry_most_s=4.0, refused_s=300.0)


def test_pauses_double_up_to_the_longest() -> None:
    """The back-off doubles and stays at its limit."""
    assert list(islice(backoff(0.25, 1.0), 5)) == [0.25, 0.5, 1.0, 1.0, 1.0]


async def test_each_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """However often the same thing fails it is told once, and a refusal is left alone for long."""
    caplog.set_level("INFO", "ami_listener")
    told: list[LinkState] = []
    pauses: list[float] = []

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)

    upkeep = Upkeep("eyes", PATIENCE, told.append, lambda: 5.0, sleep=sleep)
    steps = iter("ddrrudd")

    async def attend() -> None:
        step = next(steps, "")
        if not step:
            raise asyncio.CancelledError
        if step == "u":
            upkeep.up()
        if step == "r":
            message = "ami-refused: Authentication failed"
            raise AmiRefusedError(message)
        message = "ami-lost: reset\r\nforged"
        raise AmiLostError(message)

    assert upkeep.state == LinkState(Standing.DOWN, 5.0, "ami-starting")
    with pytest.raises(asyncio.CancelledError):
        await upkeep.run(attend)

    assert pauses == [1.0, 2.0, 300.0, 300.0, 1.0, 2.0, 4.0]
    assert [state.standing for state in told] == ["down", "refused", "up", "down"]
    assert upkeep.state.reason == "ami-lost: reset\r\nforged"
    assert len(caplog.records) == 4
    assert "\n" not in caplog.text.strip().splitlines()[-1]
    assert "forged" in caplog.text.splitlines()[-1]


def test_a_refused_login_is_tried_again_within_a_minute() -> None:
    """So long an operator waits after the secret was mended; not so often that it is an attack."""
    assert Patience().refused_s == 60.0
