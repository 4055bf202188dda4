"""The hands: what is done to a live channel or asked of it, on a connection that hears no events.

An own connection and an own AMI user, so that a flood of events never delays cutting a call.
"""

import re
import time
from collections.abc import Callable
from typing import Final

from ami_listener.connection import Connection
from ami_listener.errors import AmiLostError, UnsafeValueError
from ami_listener.events import URI_MAX_CHARS
from ami_listener.framing import Frame
from ami_listener.settings import AmiSettings
from ami_listener.upkeep import LinkState, Upkeep
from policies.events import Event

# A leading slash would make Hangup take the value as a pattern over all channels (manager.c).
_UNIQUEID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}", re.ASCII)
_VARIABLE: Final = re.compile(r"[A-Z_]{1,40}(?:\([a-z]{1,20}(?:,[a-z_]{1,20})?\))?", re.ASCII)
# 0 lifts a limit for good, and so does what main/channel.c cuts to 0 milliseconds.
SHORTEST_S: Final = 0.05
LONGEST_S: Final = 10 * 86_400.0
_CAUSE_MAX: Final = 127
CALL_REJECTED: Final = 21  # Q.850


class Hands:
    """Does a few actions by AMI; channels are named by uniqueid, because names change.

    Args:
        settings: The hands user.
        clock: Monotonic seconds.
    """

    def __init__(self, settings: AmiSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._upkeep = Upkeep(settings.username, settings.patience, _unheard_state, clock)
        self._connection: Connection | None = None

    @property
    def state(self) -> LinkState:
        """How the connection stands, since when, and why."""
        return self._upkeep.state

    async def run(self) -> None:
        """Connect and reconnect until cancelled."""
        await self._upkeep.run(self._attend)

    async def hangup(self, uniqueid: str, cause: int = CALL_REJECTED) -> None:
        """Hang a channel up.

        Args:
            uniqueid: Asterisk's id of the channel.
            cause: Q.850 number, 0 to 127.

        Raises:
            UnsafeValueError: The id or cause is out of form; nothing was sent.
            AmiActionError: Asterisk refused; ``No such channel`` when it is gone already.
            AmiTimeoutError: No answer in time.
            AmiLostError: Not connected. Nothing is kept for later.
        """
        if not 0 <= cause <= _CAUSE_MAX:
            message = f"cause: {cause!r} is no Q.850 number"
            raise UnsafeValueError(message)
        _ = await self._act("Hangup", uniqueid, "Cause", str(cause))

    async def absolute_timeout(self, uniqueid: str, seconds: float) -> None:
        """Let a channel live ``seconds`` from now, replacing any limit it had.

        Args:
            uniqueid: Asterisk's id of the channel.
            seconds: From 0.05 to ten days, fractions too (manager.c reads a double);
                0 would lift the limit for good.

        Raises:
            UnsafeValueError: The id or the time is out of form; nothing was sent.
            AmiError: As for `hangup`.
        """
        if not SHORTEST_S <= seconds <= LONGEST_S:  # nor a NaN
            message = f"seconds: {seconds!r} is no limit"
            raise UnsafeValueError(message)
        _ = await self._act("AbsoluteTimeout", uniqueid, "Timeout", f"{seconds:.3f}")

    async def variable(self, uniqueid: str, name: str) -> str:
        """Read a variable of a channel, or a function: ``CHANNEL(pjsip,remote_uri)``.

        Args:
            uniqueid: Asterisk's id of the channel.
            name: Ours, never a caller's.

        Returns:
            Its value, empty when it is not set. Untrusted text, bounded.

        Raises:
            UnsafeValueError: The id or the name is out of form; nothing was sent.
            AmiError: As for `hangup`.
        """
        if not _VARIABLE.fullmatch(name):
            message = f"name: {name!r} is no plain variable"
            raise UnsafeValueError(message)
        told = await self._act("Getvar", uniqueid, "Variable", name)
        return told.fields.get("Value", "")[:URI_MAX_CHARS]

    async def _act(self, action: str, uniqueid: str, key: str, value: str) -> Frame:
        if not _UNIQUEID.fullmatch(uniqueid):
            message = f"uniqueid: {uniqueid!r} is none of Asterisk's"
            raise UnsafeValueError(message)
        if self._connection is None:
            raise AmiLostError(self.state.reason)
        return await self._connection.ask(action, {"Channel": uniqueid, key: value})

    async def _attend(self) -> None:
        connection = Connection(self._settings, _unheard, self._clock, events=False)
        try:
            await connection.open()
            self._connection = connection
            self._upkeep.up()
            await connection.lost
        finally:
            self._connection = None
            connection.close()


def _unheard(_event: Event) -> None:
    """The hands listen to nothing."""


def _unheard_state(_state: LinkState) -> None:
    """Who wants to know reads `Hands.state`."""
