"""The eyes: one AMI session that turns what Asterisk says into the core's events.

A lost event leaves no trace in the stream, so after each connect and once a minute a full picture
is asked for; what happens while it is being taken is woven into it in wire order.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from ami_listener.connection import Connection
from ami_listener.errors import AmiActionError
from ami_listener.events import Rules
from ami_listener.framing import Frame
from ami_listener.hearing import Hearing
from ami_listener.lists import (
    CHANNELS,
    ENDPOINTS,
    QUERIES,
    Query,
    contacts_of,
    listed_uris,
    translate_item,
)
from ami_listener.picture import Picture
from ami_listener.settings import AmiSettings
from ami_listener.upkeep import LinkState, Standing, Upkeep
from policies.events import (
    Blinded,
    ContactSeen,
    ContactStatus,
    Event,
    HostileEvent,
    Reconciled,
    Technology,
)

# Endpoints asked one by one for contacts that pjsip.conf names; each is one round trip.
STATIC_ENDPOINTS_MAX: Final = 500
# chan_sip tells a new peer's address and qualify state only in its list: asked soon, together.
SOON_S: Final = 1.0
# Beside hostile frames there may be forged ones that look right, so a picture is taken; but not
# so often that a stranger keeps Asterisk busy with lists.
AFTER_HOSTILE_S: Final = 10.0

_log = logging.getLogger(__name__)


class AmiSession:
    """Reads AMI for ever and hands typed events to a sink.

    Args:
        settings: The eyes user.
        sink: Called for every event, in wire order, in the loop's thread. Must be
            quick; what it raises is logged and costs only that event.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        settings: AmiSettings,
        sink: Callable[[Event], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._sink, self._clock = settings, sink, clock
        self._rules = Rules(settings.rewrite_contact, settings.timestamps)
        self._upkeep = Upkeep(settings.username, settings.patience, self._on_change, clock)
        self._picture: Picture | None = None
        self._hearing = Hearing()
        self._wake: asyncio.Future[float] | None = None
        self._blind = ""

    @property
    def state(self) -> LinkState:
        """How the connection stands, since when, and why."""
        return self._upkeep.state

    @property
    def blind(self) -> str:
        """Why what we know is not complete; empty after a whole picture."""
        return self._blind

    async def run(self) -> None:
        """Connect, read and reconnect until cancelled."""
        await self._upkeep.run(self._attend)

    async def _attend(self) -> None:
        connection = Connection(self._settings, self._on_live_event, self._clock)
        self._hearing = Hearing()
        try:
            await connection.open()
            self._upkeep.up()
            while True:
                await self._reconcile(connection)
                await self._rest(connection)
        finally:
            connection.close()
            self._picture = None

    async def _rest(self, connection: Connection) -> None:
        """Wait until the next picture is due; raise when the connection is lost."""
        self._wake = asyncio.get_running_loop().create_future()
        either: set[asyncio.Future[Any]] = {connection.lost, self._wake}
        patience = self._settings.patience
        due_s = patience.reconcile_s
        if self._hearing.in_doubt:
            due_s = min(due_s, patience.look_again_s)
        await asyncio.wait(either, timeout=due_s, return_when=asyncio.FIRST_COMPLETED)
        if self._wake.done():
            await asyncio.wait({connection.lost}, timeout=self._wake.result())
        self._wake = None
        if connection.lost.done():
            connection.lost.result()

    async def _reconcile(self, connection: Connection) -> None:
        self._picture = picture = Picture()
        try:
            for technology in self._settings.technologies:
                for query in QUERIES[technology]:
                    await self._ask(connection, query)
            for endpoint in picture.static_endpoints()[:STATIC_ENDPOINTS_MAX]:
                await self._ask(connection, contacts_of(endpoint))
            await self._ask(connection, CHANNELS)
        except AmiActionError as error:
            self._go_blind(f"ami-not-permitted: {error}")
        else:
            self._show(picture.reconciled(self._clock()))
        finally:
            self._picture = None

    def _show(self, picture: Reconciled) -> None:
        """Tell the picture, and at once what it does not mend."""
        self._blind = ""
        self._tell(picture)
        self._hearing.pictured(picture.channels)
        if self._hearing.fault:
            self._go_blind(self._hearing.fault)

    async def _ask(self, connection: Connection, query: Query) -> None:
        try:
            await connection.ask_list(query, self._on_item)
        except AmiActionError as error:
            if not _means_none(str(error)):
                message = f"{query.action}: {error}"
                raise AmiActionError(message) from error

    def _on_item(self, frame: Frame, at_s: float) -> None:
        if frame.name in ENDPOINTS.items and self._picture is not None and not frame.fault:
            self._picture.note_uris(frame.fields.get("ObjectName", ""), listed_uris(frame))
        for event in translate_item(frame, at_s, self._rules):
            self._on_event(event)

    def _on_live_event(self, event: Event) -> None:
        before = self._hearing.fault
        self._hearing.heard(event)
        after = self._hearing.fault
        if after != before:
            if after:
                self._go_blind(after)
            else:
                self._wake_within(SOON_S)
        self._on_event(event)

    def _on_event(self, event: Event) -> None:
        if self._picture is not None:
            self._picture.observe(event)
        pause_s = _picture_within_s(event)
        if pause_s:
            self._wake_within(pause_s)
        self._sink(event)

    def _wake_within(self, pause_s: float) -> None:
        """Have a picture taken soon, when none was asked for already."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(pause_s)

    def _on_change(self, state: LinkState) -> None:
        if state.standing is not Standing.UP:
            self._go_blind(state.reason)

    def _go_blind(self, reason: str) -> None:
        if reason != self._blind:
            self._blind = reason
            self._tell(Blinded(self._clock(), reason))

    def _tell(self, event: Event) -> None:
        """Tell what is not read from the wire; the sink's fault does not end the session."""
        try:
            self._sink(event)
        except Exception:  # noqa: BLE001  # the boundary, as in AmiProtocol for events that are read
            _log.exception("sink raised on event=%s", type(event).__name__)


def _means_none(message: str) -> bool:
    """Asterisk's errors for an absent module, an empty list, and an endpoint that just went.

    Source: manager.c "Invalid/unknown command", res_pjsip "No Contacts found",
    "No endpoints found", "Unable to retrieve endpoint".
    """
    if message.startswith("No "):
        # res_pjsip puts a line feed of its own behind it (seen on 22.10.1)
        return message.rstrip().endswith(" found")
    return message.startswith(("Invalid/unknown command", "Unable to retrieve endpoint"))


def _picture_within_s(event: Event) -> float:
    """How soon an event asks for a whole picture; 0 for most, which do not."""
    if isinstance(event, HostileEvent):
        return AFTER_HOSTILE_S
    registered = (
        isinstance(event, ContactSeen)
        and event.technology is not Technology.PJSIP
        and event.status is ContactStatus.UNKNOWN
        and event.address is None
    )
    return SOON_S if registered else 0.0
