"""Keeps one connection up for ever: when to try again, and telling up and down once each.

A refused login waits long, because Asterisk reports every refused try as an attack from us.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ami_listener.errors import AmiError, AmiRefusedError
from ami_listener.settings import Patience

_log = logging.getLogger(__name__)


class Standing(StrEnum):
    """How a connection stands."""

    UP = "up"
    DOWN = "down"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LinkState:
    """How a connection stands, since when, and why.

    Attributes:
        standing: Up, down or refused.
        since_s: Monotonic seconds.
        reason: Empty when up; else a code, a colon and what was seen (untrusted text).
    """

    standing: Standing
    since_s: float
    reason: str


def backoff(first_s: float, most_s: float) -> Iterator[float]:
    """Give the pauses between tries, doubling up to the longest, without end."""
    pause_s = first_s
    while True:
        yield pause_s
        pause_s = min(pause_s * 2, most_s)


class Upkeep:
    """The loop around a connection. One object lives as long as its user."""

    def __init__(
        self,
        name: str,
        patience: Patience,
        on_change: Callable[[LinkState], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._name, self._patience = name, patience
        self._on_change, self._clock, self._sleep = on_change, clock, sleep
        self._delays = backoff(patience.retry_first_s, patience.retry_most_s)
        self.state = LinkState(Standing.DOWN, clock(), "ami-starting")

    def up(self) -> None:
        """Say that the connection works; the next loss begins with the shortest pause."""
        self._delays = backoff(self._patience.retry_first_s, self._patience.retry_most_s)
        self._change(Standing.UP, "")

    async def run(self, attend: Callable[[], Awaitable[None]]) -> None:
        """Attend to connection after connection until cancelled.

        Args:
            attend: Opens a connection and stays with it; ends only by an `AmiError`.
        """
        while True:
            try:
                await attend()
            except AmiRefusedError as error:
                self._change(Standing.REFUSED, str(error))
                await self._sleep(self._patience.refused_s)
            except AmiError as error:
                self._change(Standing.DOWN, str(error))
                await self._sleep(next(self._delays))

    def _change(self, standing: Standing, reason: str) -> None:
        first = self.state.reason == "ami-starting"
        if standing is self.state.standing and not first:
            return
        self.state = LinkState(standing, self._clock(), reason)
        level = logging.INFO if standing is Standing.UP else logging.WARNING
        _log.log(level, "ami user=%s standing=%s reason=%r", self._name, standing, reason)
        self._on_change(self.state)
