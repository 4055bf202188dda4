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
# Names of channels hold a slash, and no id that is sent does: neither is taken for the other.
_CHANNEL: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}/[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}")
_VARIABLE: Final = re.compile(r"[A-Z_]{1,40}(?:\([a-z]{1,20}(?:,[a-z_]{1,20})?\))?", re.ASCII)
# 0 lifts a limit for good, and so does what main/channel.c cuts to 0 milliseconds.
SHORTEST_S: Final = 0.05
LONGEST_S: Final = 10 * 86_400.0
_CAUSE_MAX: Final = 127
CALL_REJECTED: Final = 21  # Q.850


class Hands:
    """Does a few actions by AMI; channels are named by uniqueid, because names change.

    Who may Originate chooses the id of the channel (``ChannelId``), and can choose one that is
    out of form or is another channel's name. Such a channel is addressed by its name of now,
    which Asterisk looks for before it looks for an id.

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

    async def hangup(self, uniqueid: str, cause: int = CALL_REJECTED, *, channel: str = "") -> None:
        """Hang a channel up.

        Args:
            uniqueid: Asterisk's id of the channel. Untrusted.
            cause: Q.850 number, 0 to 127.
            channel: Its name now, for an id that is out of form; empty when it is not known.

        Raises:
            UnsafeValueError: The cause, or the id and the name, are out of form; nothing was sent.
            AmiActionError: Asterisk refused; ``No such channel`` when it is gone already.
            AmiTimeoutError: No answer in time.
            AmiLostError: Not connected. Nothing is kept for later.
        """
        if not 0 <= cause <= _CAUSE_MAX:
            message = f"cause: {cause!r} is no Q.850 number"
            raise UnsafeValueError(message)
        _ = await self._act("Hangup", _address(uniqueid, channel), "Cause", str(cause))

    async def absolute_timeout(self, uniqueid: str, seconds: float, *, channel: str = "") -> None:
        """Let a channel live ``seconds`` from now, replacing any limit it had.

        Args:
            uniqueid: Asterisk's id of the channel.
            seconds: From 0.05 to ten days, fractions too (manager.c reads a double);
                0 would lift the limit for good.
            channel: As for `hangup`.

        Raises:
            UnsafeValueError: The time, or the id and the name, are out of form; nothing was sent.
            AmiError: As for `hangup`.
        """
        if not SHORTEST_S <= seconds <= LONGEST_S:  # nor a NaN
            message = f"seconds: {seconds!r} is no limit"
            raise UnsafeValueError(message)
        _ = await self._act(
            "AbsoluteTimeout", _address(uniqueid, channel), "Timeout", f"{seconds:.3f}"
        )

    async def variable(self, uniqueid: str, name: str, *, channel: str = "") -> str:
        """Read a variable of a channel, or a function: ``CHANNEL(pjsip,remote_uri)``.

        Args:
            uniqueid: Asterisk's id of the channel.
            name: Ours, never a caller's.
            channel: As for `hangup`.

        Returns:
            Its value, empty when it is not set. Untrusted text, bounded.

        Raises:
            UnsafeValueError: The variable, or the channel's id and name, are out of form;
                nothing was sent.
            AmiError: As for `hangup`.
        """
        if not _VARIABLE.fullmatch(name):
            message = f"name: {name!r} is no plain variable"
            raise UnsafeValueError(message)
        told = await self._act("Getvar", _address(uniqueid, channel), "Variable", name)
        return told.fields.get("Value", "")[:URI_MAX_CHARS]

    async def _act(self, action: str, address: str, key: str, value: str) -> Frame:
        if self._connection is None:
            raise AmiLostError(self.state.reason)
        return await self._connection.ask(action, {"Channel": address, key: value})

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


def _address(uniqueid: str, channel: str) -> str:
    """Say what an action is to call a channel: its id in form, else its name in form."""
    if _UNIQUEID.fullmatch(uniqueid):
        return uniqueid
    if _CHANNEL.fullmatch(channel):
        return channel
    message = f"uniqueid: {uniqueid!r} is none of Asterisk's, and the name {channel!r} is no help"
    raise UnsafeValueError(message)


def _unheard(_event: Event) -> None:
    """The hands listen to nothing."""


def _unheard_state(_state: LinkState) -> None:
    """Who wants to know reads `Hands.state`."""
