"""Notices when calls go on that the eyes do not hear, or that they may not believe.

A wrong line in manager.conf raises no error anywhere: the login works, the lists come, and every
call stays unseen. So the evidence is looked for, and named as long as nothing refutes it.
"""

import re
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from policies.events import (
    BridgeEntered,
    ChannelGone,
    ChannelSeen,
    Event,
    HostileEvent,
    LegAnswered,
    LegDialled,
    LegForwarded,
    Transferred,
)

# So many events in a row that break the same rule, none kept between them, are no stranger's.
HOSTILE_COUNT: Final = 3
HOSTILE_WITHIN_S: Final = 10.0

# Both forms that an excerpt begins with. Only an event of a call speaks of a setting: a stranger
# repeats a key in a security event with three packets, but makes no channel without a password.
_OF_A_CALL: Final = re.compile(
    r"(?:Event: |\[\('Event', ')"
    r"(?:Newchannel|Rename|DialBegin|DialEnd|BlindTransfer|AttendedTransfer|BridgeEnter|Hangup)\b"
)

NO_CALLS: Final = "ami-no-call-events: class call is missing"
_FAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "no-timestamp": "ami-no-timestamps: timestampevents must be yes",
        "duplicate-key": "ami-repeated-header: channelvars must name one variable",
    }
)


class Hearing:
    """What speaks for and against our hearing calls, from one login on.

    Attributes:
        fault: Why we do not; a code, a colon and the likely cause. Empty while nothing says so.
    """

    def __init__(self) -> None:
        self.fault = ""
        self._calls_heard = False
        self._hostile: dict[str, deque[float]] = {
            reason: deque(maxlen=HOSTILE_COUNT) for reason in _FAULTS
        }
        self._at_login: frozenset[str] | None = None
        self._unannounced: frozenset[str] = frozenset()

    @property
    def in_doubt(self) -> bool:
        """Whether a channel is there that no event announced: another picture will tell."""
        return bool(self._unannounced) and not self._calls_heard

    def heard(self, event: Event) -> None:
        """Take a live event into account, one that was kept or one that was not."""
        match event:
            case HostileEvent():
                self._refused(event)
            case (
                ChannelSeen()
                | LegDialled()
                | LegAnswered()
                | LegForwarded()
                | Transferred()
                | BridgeEntered()
                | ChannelGone()
            ):
                self._calls_heard = True
                self._refuted(*_FAULTS, NO_CALLS)
            case _:
                self._refuted("no-timestamp")

    def pictured(self, channels: frozenset[str]) -> None:
        """Take a whole picture into account.

        A list may show a channel before its event is sent, so only one that the next
        picture shows as well counts.

        Args:
            channels: Uniqueids of every channel there is.
        """
        if self._at_login is None:
            self._at_login = channels
        unannounced = channels - self._at_login
        if not unannounced:  # nothing is there that we do not know of, so nothing is missed now
            self._refuted(*_FAULTS)
        if self._unannounced & unannounced and not self._calls_heard and not self.fault:
            self.fault = NO_CALLS
        self._unannounced = unannounced

    def _refused(self, event: HostileEvent) -> None:
        times = self._hostile.get(event.reason)
        if times is None or not _OF_A_CALL.match(event.excerpt):
            return
        times.append(event.at_s)
        if len(times) == HOSTILE_COUNT and event.at_s - times[0] <= HOSTILE_WITHIN_S:
            self.fault = _FAULTS[event.reason]

    def _refuted(self, *reasons: str) -> None:
        for reason in reasons:
            if reason in self._hostile:
                self._hostile[reason].clear()
            if self.fault == _FAULTS.get(reason, reason):
                self.fault = ""
