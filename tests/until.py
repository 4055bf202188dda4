"""Waiting in tests: for a state, never for a time."""

import asyncio
import time
from collections.abc import Callable

LOOK_EVERY_S = 0.005


async def until(reached: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Wait until ``reached()`` is true; fail when it is not within ``timeout_s``.

    Raises:
        AssertionError: The state was not reached.
    """
    deadline = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < deadline, f"not reached within {timeout_s} s"
        await asyncio.sleep(LOOK_EVERY_S)


def until_sync(reached: Callable[[], object], timeout_s: float) -> None:
    """Wait as `until` does, in a test without a loop.

    Raises:
        AssertionError: The state was not reached.
    """
    deadline = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < deadline, f"not reached within {timeout_s} s"
        time.sleep(LOOK_EVERY_S)
