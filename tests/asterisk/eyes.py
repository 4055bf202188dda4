"""Runs the product's AMI session in a thread beside a test, and shows the situation it makes."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ami_listener.session import AmiSession
from ami_listener.settings import AmiSettings, Patience
from policies.devices import Device
from policies.events import Technology
from policies.situation import Situation
from tests.asterisk.etc import Access
from tests.asterisk.waiting import until

# chan_pjsip tells a slower round trip and chan_sip an unmonitored peer in their lists only.
RECONCILE_S = 1.0


async def _watch(session: AmiSession, stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(session.run(), name="eyes")
        await stop.wait()
        running.cancel()


@contextmanager
def watching(access: Access, technology: Technology) -> Iterator[Situation]:
    """Connect the eyes to an Asterisk; what they see is applied to the situation given out."""
    situation = Situation()
    settings = AmiSettings(
        host=access.address,
        port=access.ami_port,
        username="tollguard-eyes",
        secret=access.eyes_secret,
        technologies=(technology,),
        patience=Patience(reconcile_s=RECONCILE_S),
    )
    session = AmiSession(settings, situation.apply)
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(_watch(session, stop),))
    thread.start()
    try:
        until(lambda: situation.reconciled, 10, "a whole picture")
        yield situation
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def device(situation: Situation, endpoint: str) -> Device:
    """Return the row of an endpoint."""
    rows = [row for row in situation.devices() if row.endpoint == endpoint]
    assert len(rows) == 1, rows
    return rows[0]
