"""One action that waits for its answer: what may answer it, and when the answer is complete.

panoramisk's own rule guesses from the message's words whether a list will follow; here the asker
says so, and an event answers only the action that expects it.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from panoramisk.actions import Action

from ami_listener.errors import AmiActionError, AmiError, AmiLostError, UnsafeValueError
from ami_listener.framing import Frame
from ami_listener.lists import Query

ItemSink = Callable[[Frame, float], None]
# CR and LF end a line in AMI, alone too (main/manager.c get_input); NUL ends a C string.
_BREAKERS: Final = frozenset("\r\n\0")


class Pending:
    """An action on its way; its future holds the response frame, or an `AmiError`."""

    def __init__(
        self, action: Action, query: Query | None = None, on_item: ItemSink | None = None
    ) -> None:
        self.action_id: str = action.id
        self.wire: bytes = _wire(action)
        self.future: asyncio.Future[Frame] = action.future
        self._query = query
        self._on_item = on_item
        self._response: Frame | None = None

    def take_response(self, frame: Frame) -> bool:
        """Take the response; say whether the answer is complete."""
        if frame.fault:
            return self.fail(AmiLostError(f"unreadable response: {frame.fault}"))
        if frame.name == "Error":
            return self.fail(AmiActionError(frame.fields.get("Message", "")))
        self._response = frame
        if self._query is None:
            self._finish(frame)
            return True
        return False

    def take_event(self, frame: Frame, at_s: float) -> bool | None:
        """Take a list event; say whether the list is complete, None when it is not expected."""
        if self._query is None or self._response is None or "Privilege" in frame.fields:
            return None
        if frame.name == self._query.complete:
            if frame.fields.get("EventList") != "Complete":
                return self.fail(AmiActionError("the list was cancelled"))
            self._finish(self._response)
            return True
        if frame.name in self._query.besides:
            return False
        if frame.name not in self._query.items or self._on_item is None:
            return None
        self._on_item(frame, at_s)
        return False

    def fail(self, error: AmiError) -> bool:
        """End the wait with an error."""
        if not self.future.done():
            self.future.set_exception(error)
        return True

    def _finish(self, frame: Frame) -> None:
        if not self.future.done():
            self.future.set_result(frame)


def action_of(name: str, arguments: Mapping[str, str]) -> Action:
    """Make panoramisk's action, which brings the unguessable ActionID and the wire form."""
    return Action({"Action": name, **arguments})


def _wire(action: Action) -> bytes:
    for key, value in action.items():
        if _BREAKERS & set(f"{key}{value}"):
            message = f"{key}: {value!r} would break out of its line"
            raise UnsafeValueError(message)
    return str(action).encode()
