"""Runs a backstop over a real gate, ledger and hands, for the tests of what it does with legs."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ami_listener.hands import Hands
from policies.detection.finding import Finding
from policies.events import Event, LegDialled, Reconciled
from policies.policy import Policy
from policies.situation import VOID_AGE_S
from tests.fakes.asterisk import FakeAsterisk
from tests.tollguard.judging import Judging, judging
from tests.until import until
from tollguard.backstop import Backstop
from tollguard.call_records import CallRecords
from tollguard.gap_tokens import GapTokens
from tollguard.leg_cutter import LegCutter
from tollguard.store_link import StoreLink
from tollguard.verdict_writer import VerdictWriter


@dataclass
class Standing:
    """A backstop with its gate, its PBX and what it told."""

    desk: Judging
    fake: FakeAsterisk
    backstop: Backstop
    verdicts: VerdictWriter
    found: list[Finding] = field(default_factory=list)

    def see(self, event: Event) -> None:
        """Take an event as the daemon does."""
        if isinstance(event, LegDialled):
            event = self.backstop.begin(event)
        self.desk.situation.apply(event)
        self.backstop.see(event)

    def dial(self, uniqueid: str, number: str, token: str = "", caller: str = "1.1") -> None:
        """Begin a leg toward the trunk, from context fax."""
        name = f"PJSIP/trunk-{len(self.found):08x}"
        dial_string = f"{number}@trunk"
        now_s = time.monotonic()
        self.see(LegDialled(now_s, uniqueid, "1.1", name, caller, dial_string, token, "fax"))

    def asked(self, action: str) -> list[str]:
        """List the channels that an action was asked for, in order."""
        return [one["Channel"] for one in self.fake.actions if one["Action"] == action]


@asynccontextmanager
async def standing(
    folder: Path, policy: Policy | None = None, *, young: bool = False
) -> AsyncIterator[Standing]:
    """Run a backstop over a real gate, ledger and hands; the caller 1.1 runs Dial.

    Args:
        folder: Holds the ledger.
        policy: In force.
        young: Whether it started just now: then a token may be of before.
    """
    async with FakeAsterisk() as fake, asyncio.TaskGroup() as group:
        for action in ("Hangup", "AbsoluteTimeout"):
            fake.answers[action] = {"Response": "Success", "Message": "done"}
        fake.variables["1.1"] = {"CHANNEL(appname)": "Dial"}
        desk = judging(folder / "ledger.db", policy)
        desk.situation.apply(Reconciled(0.0, frozenset(), frozenset()))
        hands = Hands(fake.settings("hands"))
        cutter = LegCutter(hands, desk.situation)
        link = StoreLink(str(folder / "none.db"))
        records = CallRecords(folder / "ledger.db", link)
        gap = GapTokens(records, time.monotonic() - (0 if young else VOID_AGE_S))
        running = [group.create_task(work()) for work in (hands.run, cutter.run, gap.run)]
        await until(lambda: hands.state.standing == "up", 5)
        verdicts = VerdictWriter(link, "pbx1", "default")
        found: list[Finding] = []
        backstop = Backstop(desk.gate, desk.situation, cutter, verdicts, found.extend, gap)
        backstop.own_users = frozenset({"tollguard-eyes"})
        yield Standing(desk, fake, backstop, verdicts, found)
        for one in running:
            one.cancel()
        await desk.reservations.close()
