"""The byte side of a connection: panoramisk's protocol with everything that strangers reach redone.

An AMI flood must not delay a call's verdict in the same loop: reading pauses after each read, and
frames are handled for at most 100 µs a turn (FACTS §5: gate p99 14 s without, 2 ms with).
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from ami_listener.errors import AmiError, AmiLostError
from ami_listener.events import LIVE_EVENTS, Rules, translate, translate_fields
from ami_listener.framing import (
    BANNER,
    Frame,
    FrameKind,
    Framer,
    event_name,
    excerpt_of,
    fields_of,
    parse,
)
from ami_listener.lists import LIST_EVENTS
from ami_listener.pending import Pending
from policies.events import Event, HostileEvent

TURN_S: Final = 100e-6
BANNER_MAX_BYTES: Final = 256
PENDING_MAX: Final = 64

EventSink = Callable[[Event], None]

_log = logging.getLogger(__name__)


class AmiProtocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """Bytes to events and answers; used through panoramisk's ``protocol_factory``.

    Attributes:
        heard: Something arrived since it was last set to False, or is still waiting here.
        broken: Counts what the sink raised; each is logged with its traceback.
    """

    def __init__(
        self,
        sink: EventSink,
        rules: Rules,
        clock: Callable[[], float],
        on_lost: Callable[[AmiError], None],
    ) -> None:
        self.heard = False
        self.broken = 0
        self._sink, self._rules, self._clock, self._on_lost = sink, rules, clock, on_lost
        self._framer = Framer()
        self._banner: bytearray | None = bytearray()
        self._frames: deque[bytes] = deque()
        self._pending: dict[str, Pending] = {}
        self._lost: AmiError | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def backlog(self) -> int:
        """Frames that were read and not yet handled; reading is paused while there are any."""
        return len(self._frames)

    @property
    def pending(self) -> int:
        """Actions that have no complete answer yet."""
        return len(self._pending)

    def data_received(self, data: bytes) -> None:
        """Take what was read, pause reading, and handle it in short turns."""
        self.heard = True
        if self._banner is not None:
            data = self._greet(self._banner, data)
        self._frames.extend(self._framer.feed(data))
        if not self.transport.is_closing():
            self.transport.pause_reading()
        self._loop.call_soon(self._turn)

    def _greet(self, banner: bytearray, data: bytes) -> bytes:
        """The banner is one line without an empty line behind it."""
        banner += data
        line, end, rest = bytes(banner).partition(b"\r\n")
        if not line.startswith(BANNER[: len(line)]) or len(line) > BANNER_MAX_BYTES:
            self.abort(AmiLostError(f"not-ami: the peer began with {excerpt_of(line)!r}"))
            return b""
        if not end:
            return b""
        self.version = excerpt_of(line.removeprefix(BANNER))
        self._banner = None
        return rest

    def _turn(self) -> None:
        """Handle frames for a short while; what one breaks does not reach the next."""
        try:
            self._handle(time.perf_counter() + TURN_S, self._clock())
        except Exception:  # noqa: BLE001  # the boundary: one bad frame or sink costs only itself
            self.broken += 1
            _log.exception("ami frame not handled, going on with the next one")
        if self._frames:
            self.heard = True  # a backlog of ours is no silence of the peer
            self._loop.call_soon(self._turn)
        elif self._lost is not None:
            self._end(self._lost)
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    def _handle(self, stop_s: float, at_s: float) -> None:
        frames, rules, sink = self._frames, self._rules, self._sink
        while frames:
            raw = frames.popleft()
            name = event_name(raw)
            if name in LIVE_EVENTS:
                fields = fields_of(raw)
                events = (
                    translate(parse(raw), at_s, rules)
                    if fields is None
                    else translate_fields(fields, at_s, rules)
                )
                for event in events:
                    sink(event)
            elif name in LIST_EVENTS:
                self._list_item(parse(raw), raw, at_s)
            elif not name:
                self._answer(parse(raw), at_s)
            if time.perf_counter() >= stop_s:
                break

    def _list_item(self, frame: Frame, raw: bytes, at_s: float) -> None:
        action_id = frame.fields.get("ActionID", "")
        pending = self._pending.get(action_id)
        complete = None if pending is None else pending.take_event(frame, at_s)
        if complete is None:
            self._sink(HostileEvent(at_s, frame.fault or "unasked-reply", excerpt_of(raw)))
        elif complete:
            del self._pending[action_id]

    def _answer(self, frame: Frame, at_s: float) -> None:
        if frame.kind is FrameKind.STRAY:
            self._sink(HostileEvent(at_s, frame.fault, frame.excerpt))
            return
        action_id = frame.fields.get("ActionID", "")
        pending = self._pending.get(action_id)
        if pending is not None and pending.take_response(frame):
            del self._pending[action_id]

    def send(self, data: object, as_list: object = None) -> asyncio.Future[Frame]:  # noqa: ARG002
        """Send what panoramisk's manager may build itself; once, as any other action."""
        return self.ask(Pending(data if isinstance(data, Action) else Action(data)))

    def ask(self, pending: Pending) -> asyncio.Future[Frame]:
        """Send an action once; its future ends with the response or an `AmiError`.

        Raises:
            AmiLostError: The connection is gone, or too many actions wait already.
        """
        if self._lost is not None or self.transport.is_closing():
            message = "the connection is gone"
            raise AmiLostError(message)
        if len(self._pending) >= PENDING_MAX:
            message = f"{PENDING_MAX} actions wait for an answer"
            raise AmiLostError(message)
        self._pending[pending.action_id] = pending
        self.transport.write(pending.wire)
        return pending.future

    def forget(self, pending: Pending) -> None:
        """Stop waiting for an answer; a late one is ignored."""
        self._pending.pop(pending.action_id, None)

    def abort(self, error: AmiError) -> None:
        """Drop the connection now, because of ``error``."""
        self._lost = self._lost or error
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell it once, after everything that was read before has been handled."""
        self._lost = self._lost or AmiLostError(f"ami-lost: {exc or 'closed by the peer'}")
        if not self._frames:
            self._end(self._lost)

    def _end(self, error: AmiError) -> None:
        waiting = list(self._pending.values())
        self._pending.clear()
        for pending in waiting:
            pending.fail(error)
        self._on_lost(error)

    def close(self) -> None:
        """Close for good: unanswered actions fail and are not kept for another connection."""
        self.transport.close()
