"""One connection to one AMI user, from login to loss: panoramisk's manager without its reflexes.

panoramisk connects and gives actions their identity; it may not log in, reconnect, re-send or
dispatch, because each of those has a fault that a guard cannot live with (ADR 0005).
The secret itself is never sent: while Asterisk is down, anybody here may listen on its port.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from hashlib import md5
from typing import Any

from panoramisk.manager import Manager

from ami_listener.errors import (
    AmiActionError,
    AmiError,
    AmiLostError,
    AmiRefusedError,
    AmiTimeoutError,
)
from ami_listener.events import Rules
from ami_listener.framing import Frame
from ami_listener.lists import Query
from ami_listener.pending import ItemSink, Pending, action_of
from ami_listener.protocol import AmiProtocol, EventSink
from ami_listener.settings import AmiSettings


class Connection(Manager):  # type: ignore[misc]  # panoramisk has no types
    """A single connection; a new one is a new object.

    Attributes:
        lost: Ends with an `AmiError` when the connection is gone; await it to stay.
    """

    def __init__(
        self,
        settings: AmiSettings,
        sink: EventSink,
        clock: Callable[[], float] = time.monotonic,
        *,
        events: bool = True,
    ) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(
            host=settings.host,
            port=settings.port,
            protocol_factory=self._protocol,
            loop=loop,
        )
        self._settings, self._patience = settings, settings.patience
        self._events = "on" if events else "off"
        self._sink, self._clock = sink, clock
        self._rules = Rules(settings.rewrite_contact, settings.timestamps)
        self.ping_delay = self._patience.ping_s
        self.lost: asyncio.Future[None] = loop.create_future()
        self.lost.add_done_callback(_seen)

    def _protocol(self) -> AmiProtocol:
        return AmiProtocol(self._sink, self._rules, self._clock, self._on_lost)

    async def open(self) -> None:
        """Connect and log in by AMI's challenge; without one there is no login.

        Raises:
            AmiRefusedError: Asterisk does not accept the user or secret.
            AmiLostError: Nobody answers there, in time, in AMI.
        """
        try:
            async with asyncio.timeout(self._patience.connect_s):
                await self.connect()
                await self._log_in()
        except AmiActionError as error:
            message = f"ami-refused: {error}"
            raise AmiRefusedError(message) from error
        except (OSError, TimeoutError) as error:
            message = f"ami-unreachable: {str(error) or 'no answer in time'}"
            raise AmiLostError(message) from error

    async def _log_in(self) -> None:
        challenge = await self._answer("Challenge", {"AuthType": "MD5"})
        proof = challenge.fields.get("Challenge", "") + self._settings.secret
        login = {
            "AuthType": "MD5",
            "Username": self._settings.username,
            # the protocol's own choice of hash (main/manager.c authenticate); the secret is random
            "Key": md5(proof.encode(), usedforsecurity=False).hexdigest(),
            "Events": self._events,
        }
        _ = await self._answer("Login", login)

    async def _answer(self, action: str, arguments: Mapping[str, str]) -> Frame:
        """Ask without a deadline of its own: `open` has one for all."""
        answer: Frame = await self.protocol.ask(Pending(action_of(action, arguments)))
        return answer

    def connection_made(self, f: "asyncio.Future[object]") -> None:
        """Take the protocol; a failure to connect is the awaiter's, nobody reconnects."""
        if not f.cancelled() and f.exception() is None:
            super().connection_made(f)

    def ping(self) -> None:
        """Give the peer up when it sent nothing since the ping before this one."""
        if self.protocol.transport.is_closing():
            return
        if not self.protocol.heard:
            silent = f"ami-silent: nothing heard for {2 * self._patience.ping_s:g} s"
            self.protocol.abort(AmiLostError(silent))
            return
        self.protocol.heard = False
        self.protocol.ask(Pending(action_of("Ping", {}))).add_done_callback(_seen)
        self.pinger = self.loop.call_later(self._patience.ping_s, self.ping)

    async def ask(self, action: str, arguments: Mapping[str, str]) -> Frame:
        """Send an action that has a single response, once.

        Args:
            action: Its name.
            arguments: Its keys and values.

        Raises:
            UnsafeValueError: A value would break out of its line; nothing was sent.
            AmiActionError: Asterisk answered with an error.
            AmiTimeoutError: No answer in time.
            AmiLostError: The connection ended before the answer.
        """
        pending = Pending(action_of(action, arguments))
        return await self._wait(pending, self._patience.action_s)

    async def ask_list(self, query: Query, on_item: ItemSink) -> None:
        """Send an action that answers with a list; items reach ``on_item`` as they arrive.

        Raises:
            AmiError: As for `ask`.
        """
        pending = Pending(action_of(query.action, dict(query.arguments)), query, on_item)
        _ = await self._wait(pending, self._patience.list_s)

    async def _wait(self, pending: Pending, deadline_s: float) -> Frame:
        try:
            async with asyncio.timeout(deadline_s):
                self.protocol.ask(pending)
                return await pending.future
        except TimeoutError as error:
            message = f"no answer within {deadline_s:g} s"
            raise AmiTimeoutError(message) from error
        finally:
            self.protocol.forget(pending)

    def _on_lost(self, error: AmiError) -> None:
        if not self.lost.done():
            self.lost.set_exception(error)
        self._stop_pinging()

    def close(self) -> None:
        """Close for good. Never reconnects."""
        self._stop_pinging()
        if self.protocol is not None:
            self.protocol.close()

    def _stop_pinging(self) -> None:
        if self.pinger is not None:
            self.pinger.cancel()
            self.pinger = None


def _seen(future: "asyncio.Future[Any]") -> None:
    """Mark a future's exception as looked at: who needs it also awaits it."""
    if not future.cancelled():
        future.exception()
