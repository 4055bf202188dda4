"""Noticing wrong gate keys: the dialplan's differs from ours, or somebody local tries the gate."""

from collections.abc import Callable

import structlog

RECENT_S = 600.0  # a warning for ever would be one that nobody reads
TELL_EVERY_S = 60.0

log = structlog.get_logger("tollguard.gate")


class KeyWatch:
    """Follows the gate's counter of sessions with a wrong key.

    Attributes:
        count: How many there were since ``since_s``; 0 when the last is long ago.
        since_s: Monotonic seconds of the first of them.
    """

    def __init__(self, total: Callable[[], int]) -> None:
        self.count = 0
        self.since_s = 0.0
        self._total = total
        self._seen = 0
        self._last_s = 0.0
        self._untold = 0
        self._told_s = float("-inf")

    def look(self, now_s: float) -> None:
        """Take notice of new ones; called once a second with monotonic seconds."""
        total = self._total()
        fresh, self._seen = total - self._seen, total
        if fresh:
            self.since_s = self.since_s if self.count else now_s
            self.count += fresh
            self._untold += fresh
            self._last_s = now_s
        elif now_s - self._last_s > RECENT_S:
            self.count = 0
        self._tell(now_s)

    def _tell(self, now_s: float) -> None:
        if self._untold and now_s - self._told_s >= TELL_EVERY_S:
            log.warning("wrong-gate-key", count=self._untold)
            self._untold, self._told_s = 0, now_s
