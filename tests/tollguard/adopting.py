"""Runs an adoption with real hands, ledger and store beside a scripted PBX."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ami_listener.hands import Hands
from policies.calls import Leg
from policies.detection.finding import Finding
from policies.events import ChannelSeen, Event, Reconciled
from tests.fakes.asterisk import FakeAsterisk
from tests.tollguard.judging import MONACO, Judging, attempt, judging
from tests.until import until
from tollguard.adoption import Adoption
from tollguard.backstop import Backstop
from tollguard.call_records import CallRecords
from tollguard.gap_tokens import GapTokens
from tollguard.ledger_file import Reservation
from tollguard.leg_cutter import LegCutter
from tollguard.live_calls import live_call
from tollguard.store import migrate
from tollguard.store_link import StoreLink
from tollguard.verdict_writer import VerdictWriter


@dataclass
class Adopting:
    """An adoption with what it asks; the PBX's channels are ``fake.variables``."""

    desk: Judging
    fake: FakeAsterisk
    adoption: Adoption
    link: StoreLink
    hands: Hands
    found: list[Finding]
    seen: list[str] = field(default_factory=list)

    def see(self, event: Event) -> None:
        """Tell of an event as the daemon does."""
        self.desk.situation.apply(event)
        self.adoption.see(event)

    def channel(self, uniqueid: str, **variables: str) -> None:
        """Have a channel on the trunk; ``app`` is its application, ``AppDial`` unless told."""
        token, dialled = variables.get("token", ""), variables.get("dialled", "")
        self.fake.variables[uniqueid] = {
            "TOLLGUARD_TOKEN": token,
            "TOLLGUARD_PAID": variables.get("paid", ""),
            "TIMEOUT(absolute)": variables.get("timeout", "600"),
            "CHANNEL(pjsip,remote_addr)": variables.get("remote", ""),
            "CHANNEL(pjsip,remote_uri)": variables.get("uri", ""),
            "DIALEDPEERNUMBER": dialled and f"{dialled}@trunk",
            "CHANNEL(appname)": variables.get("app", "AppDial"),
            "CHANNEL(state)": variables.get("state", "Up"),
        }
        name = f"PJSIP/trunk-{len(self.fake.variables):08x}"
        self.see(ChannelSeen(time.monotonic(), uniqueid, "1.1", name))
        self.seen.append(uniqueid)

    def reconcile(self) -> None:
        """Close a picture of all channels."""
        self.see(Reconciled(time.monotonic(), frozenset(), frozenset(self.seen)))

    async def reserve(self, token: str, number: str = MONACO) -> None:
        """Write the ledger's row of a call that 1.1 of 6001 was allowed."""
        await self.desk.reservations.reserve(
            Reservation(token, "6001", number, "MC", "trunk", "1.1", "1.1", 60_000, 3)
        )

    async def judge(self, number: str) -> str:
        """Have a call of 6001 judged by another gate and stored; returns its token."""
        writer = VerdictWriter(self.link, "pbx1", "default")
        answer = await self.desk.judge(attempt(number))
        for judged in self.desk.recorded:
            writer.record(judged)
        await writer.drain()
        self.desk.gate.take_back(answer.token)
        return answer.token

    def leg(self, uniqueid: str) -> Leg:
        """Return a leg that must be there."""
        leg = self.desk.situation.leg(uniqueid)
        assert leg is not None
        return leg

    def of(self, uniqueid: str) -> tuple[str | None, str | None, bool]:
        """Say whose a leg is, to which country, and whether it is an emergency."""
        gate = self.desk.gate
        call = live_call(self.leg(uniqueid), gate.policy, gate.plan)
        assert call is not None
        return (call.endpoint, call.number.country, call.emergency)


@asynccontextmanager
async def adopting(folder: Path) -> AsyncIterator[Adopting]:
    """Run hands at a scripted PBX beside a ledger and a store."""
    migrate(str(folder / "store.db"))
    async with FakeAsterisk() as fake, asyncio.TaskGroup() as group:
        desk = judging(folder / "ledger.db")
        link = StoreLink(str(folder / "store.db"))
        hands = Hands(fake.settings("hands"))
        fake.answers["Hangup"] = {"Response": "Success"}
        running = group.create_task(hands.run())
        await until(lambda: hands.state.standing == "up", 5)
        records = CallRecords(folder / "ledger.db", link)
        cutter = LegCutter(hands, desk.situation)
        verdicts = VerdictWriter(link, "pbx1", "default")
        found: list[Finding] = []
        gap = GapTokens(records, time.monotonic())
        backstop = Backstop(desk.gate, desk.situation, cutter, verdicts, found.extend, gap)
        cutting = group.create_task(cutter.run())
        made = Adoption(desk.gate, desk.situation, hands, records, backstop, gap)
        yield Adopting(desk, fake, made, link, hands, found)
        running.cancel()
        cutting.cancel()
        await link.close()
        await desk.reservations.close()
