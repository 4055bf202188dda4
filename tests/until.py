"""Waiting in tests: for a state, never for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

LOOK_EVERY_S = 0.005

T = TypeVar("T")


async def until(reached: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Wait until ``reached()`` is true; fail when it is not within ``timeout_s``.

    Raises:
        AssertionError: The state was not reached.
    """
    deadline = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < deadline, f"not reached within {timeout_s} s"
        await asyncio.sleep(LOOK_EVERY_S)


async def until_told(ask: Callable[[], Awaitable[T]], timeout_s: float) -> T:
    """Ask again and again until the answer is true, and return it; fail after ``timeout_s``.

    Raises:
        AssertionError: No answer was true in time.
    """
    deadline = time.monotonic() + timeout_s
    while not (answer := await ask()):
        assert time.monotonic() < deadline, f"not told within {timeout_s} s"
        await asyncio.sleep(LOOK_EVERY_S)
    return answer


def until_sync(reached: Callable[[], object], timeout_s: float) -> None:
    """Wait as `until` does, in a test without a loop.

    Raises:
        AssertionError: The state was not reached.
    """
    deadline = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < deadline, f"not reached within {timeout_s} s"
        time.sleep(LOOK_EVERY_S)
