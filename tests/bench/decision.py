"""The gate with everything behind it, beside a bare FastAGI handler and beside an AMI flood.

The judge is the daemon's own: the full decision, the ledger's durable row where a call is
chargeable, the log line and the row in the store.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import uvloop

from agi.server import GateServer, ServerLimits
from ami_listener.session import AmiSession
from ami_listener.settings import AmiSettings
from policies.policy import Limits
from policies.situation import Situation
from tests.agi.asterisk_side import KEY
from tests.bench import ami, gate
from tests.tollguard.judging import MONACO, TOKYO, enforcing
from tollguard.gate import Gate
from tollguard.reservations import Reservations
from tollguard.store import Store, migrate
from tollguard.store_link import StoreLink
from tollguard.supervision import calm_collector, hand_over_soon
from tollguard.verdict_writer import VerdictWriter

MANY = 1_000_000  # the bench's calls never end, so no limit may be met
MIXES = {
    "domestic": (TOKYO,),
    "one in ten chargeable": (MONACO, *(TOKYO,) * 9),
    "all chargeable": (MONACO,),
}
CALLS = {1: 2_400, 50: 9_000, 500: 9_000}
FLOOD_CALLERS = 10
FLOOD_CALLS = 3_000


@asynccontextmanager
async def whole_gate(folder: Path) -> AsyncIterator[Gate]:
    """Run the gate as the daemon does: its own ledger, store and verdict writer."""
    url = str(folder / "tollguard.db")
    migrate(url)
    limits = Limits(chargeable_per_endpoint=MANY, chargeable_per_site=MANY)
    situation, reservations, link = Situation(), Reservations(), StoreLink(url)
    reservations.open(folder / "ledger.db")
    verdicts = VerdictWriter(link, "bench", "default")
    await link.do(lambda store: _know(store, reservations))
    made = Gate(enforcing(limits=limits), situation, reservations, verdicts.record)
    async with asyncio.TaskGroup() as group:
        _ = group.create_task(verdicts.run())
        calm_collector()
        hand_over_soon()
        yield made
        verdicts.end()
    await link.close()
    await reservations.close()


async def _know(store: Store, reservations: Reservations) -> None:
    await reservations.compare(store, "bench", 0.0)


async def ratio(mix: str, callers: int) -> dict[str, object]:
    """Compare the whole gate with a bare handler for one mix of numbers."""
    with tempfile.TemporaryDirectory() as folder:
        async with whole_gate(Path(folder)) as made:
            return await gate.run(callers, CALLS[callers], made.answer, MIXES[mix])


async def beside_flood() -> dict[str, object]:
    """Measure the gate's answers while Asterisk's manager floods the same loop without limit."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            whole_gate(Path(folder)) as made,
            ami.flood_peer() as port,
            asyncio.TaskGroup() as group,
        ):
            seen = [0]

            def see(event: object) -> None:
                seen[0] += 1

            settings = AmiSettings("127.0.0.1", port, "eyes", "secret")
            session = group.create_task(AmiSession(settings, see).run())
            server = GateServer(made.answer, KEY, limits=ServerLimits(30.0, 60.0))
            await server.start("127.0.0.1", 0, group)
            dialled = MIXES["one in ten chargeable"]
            await gate.measure(server.port, FLOOD_CALLERS, gate.WARM_UP_CALLS, dialled)
            before = seen[0]
            speed = (await gate.measure(server.port, FLOOD_CALLERS, FLOOD_CALLS, dialled))[0]
            await server.stop(5.0)
            session.cancel()
            return {**asdict(speed), "events": seen[0] - before, "callers": FLOOD_CALLERS}


def run() -> dict[str, object]:
    """Measure every mix at every number of callers, and the flood."""
    ratios = {
        f"{mix}, {callers} callers": uvloop.run(ratio(mix, callers))
        for mix in MIXES
        for callers in CALLS
    }
    return {"ratios": ratios, "flood": uvloop.run(beside_flood())}
