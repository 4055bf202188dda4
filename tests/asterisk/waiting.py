"""Waits for something to become true, so that no test sleeps a guessed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_S = 0.02


def until(predicate: Callable[[], T], timeout_s: float = 10.0, what: str = "") -> T:
    """Ask again and again until the answer is truthy, and return it.

    Raises:
        AssertionError: It stayed false for ``timeout_s``; names ``what`` and the last answer.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        answer = predicate()
        if answer:
            return answer
        if time.monotonic() > deadline:
            msg = f"not within {timeout_s} s: {what or predicate} (last answer: {answer!r})"
            raise AssertionError(msg)
        time.sleep(PAUSE_S)
