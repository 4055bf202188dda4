"""The whole daemon beside a scripted Asterisk: phones, guessing, and calls that are cut."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from policies.policy import SuspensionKind
from tests.fakes.asterisk import FakeAsterisk
from tests.tollguard.node import ACTOR, MONACO, Node, make_node
from tests.tollguard.pbx import Pbx
from tests.until import until, until_told
from tollguard.store import CALLS_CUT, CALLS_HANGUP, CALLS_LIST, RequestRow, Store


@dataclass
class Guarded:
    """A PBX, its node with a running daemon, and the node's store."""

    pbx: Pbx
    node: Node
    store: Store

    async def ask(self, kind: str, arguments: dict[str, object]) -> RequestRow:
        """Ask the daemon as the command does, and wait for its answer."""
        asked = await self.store.ask(
            "pbx1", kind, json.dumps(arguments), ACTOR, now_s=time.time(), for_s=60
        )

        async def answered() -> RequestRow | None:
            row = await self.store.request(asked)
            return row if row is not None and row.answered_at is not None else None

        row = await until_told(answered, 10)
        assert row is not None
        return row

    async def call_up(self, uniqueid: str, number: str, endpoint: str = "6001") -> None:
        """Have a call judged, allowed, dialled and answered."""
        allowed = await self.node.call(number, endpoint)
        assert allowed["TOLLGUARD_VERDICT"] == "ALLOW", allowed
        self.pbx.dial(uniqueid, allowed["TOLLGUARD_NUMBER"], allowed["_TOLLGUARD_TOKEN"])
        count = len(self.pbx.up)
        await until(lambda: self.node.status["calls"] == count, 5)


@asynccontextmanager
async def guarded(folder: Path) -> AsyncIterator[Guarded]:
    """Run a daemon that sees a PBX."""
    async with FakeAsterisk() as fake:
        node = make_node(folder / "n", ami_port=fake.port)
        await node.set_policy()
        async with node.running_beside():
            await until(lambda: sorted(fake.users) == ["eyes", "hands"], 10)
            await until(lambda: node.status["blind"] == "", 10)
            store = await Store.open(node.config.store.url)
            try:
                yield Guarded(Pbx(fake), node, store)
            finally:
                await store.close()


async def test_a_phone_and_a_guesser_reach_the_store(tmp_path: Path) -> None:
    """A registration is a device with its state, and a burst of wrong passwords a finding."""
    async with guarded(tmp_path) as made:
        made.pbx.register("6001", rtt_us=23_000)
        for n in range(12):
            made.pbx.fail_login("6002", "198.51.100.7", f"session-{n}")

        async def found() -> list[tuple[str, str, int]]:
            rows = await made.store.findings()
            told = sorted((one.kind, one.subject, one.count) for one in rows)
            return told if [count for _, _, count in told] == [12, 12] else []

        findings = await until_told(found, 10)
        devices = await until_told(made.store.devices, 10)

    assert [(d.endpoint, d.state, d.rtt_us) for d in devices] == [("6001", "ok", 23_000)]
    assert findings == [
        ("guessing-account", "6002", 12),
        ("guessing-source", "198.51.100.7", 12),
    ]


async def test_a_running_call_to_a_suspended_country_is_cut(tmp_path: Path) -> None:
    """The suspension hangs up the call that is up, by its uniqueid, and leaves 110 alone."""
    async with guarded(tmp_path) as made:
        await made.call_up("2.1", MONACO)
        await made.call_up("2.2", "110")
        await made.node.suspend(SuspensionKind.COUNTRY, "MC")
        await made.node.suspend(SuspensionKind.ENDPOINT, "6001")
        await until(lambda: made.pbx.hung_up, 5)
        made.pbx.fake.event("Hangup", Uniqueid="2.1", Cause="21")
        await until(lambda: made.node.status["calls"] == 1, 5)

        assert made.pbx.hung_up == ["2.1"]


async def test_live_calls_are_listed_and_hung_up_on_request(tmp_path: Path) -> None:
    """The commands' requests are answered by the daemon that sees the calls."""
    async with guarded(tmp_path) as made:
        await made.call_up("2.1", MONACO)
        listed = await made.ask(CALLS_LIST, {})
        cut = await made.ask(CALLS_HANGUP, {"endpoint": "6001"})

        (call,) = json.loads(listed.result or "")["calls"]
        assert (call["uniqueid"], call["dialled"], call["state"]) == ("2.1", MONACO, "up")
        assert (cut.ok, json.loads(cut.result or "")["ended"]) == (True, ["2.1"])
        assert made.pbx.hung_up == ["2.1"]


async def test_a_refused_password_is_told_and_the_gate_answers(tmp_path: Path) -> None:
    """A secret that Asterisk does not take is `refused` in the status, without a traceback."""
    async with FakeAsterisk() as fake:
        fake.secrets = {"eyes": "another", "hands": "another"}
        node = make_node(tmp_path / "n", ami_port=fake.port)
        await node.set_policy()
        async with node.running_beside():
            await until(lambda: node.status["ami_state"] == "refused", 10)
            await until(lambda: node.status["hands_state"] == "refused", 10)
            status = node.status
            answer = await node.call("0312345678")

    assert (status["ami_user"], status["hands_user"]) == ("eyes", "hands")
    assert status["hands_reason"].startswith("ami-refused")
    assert answer["TOLLGUARD_VERDICT"] == "ALLOW"
    assert "Traceback" not in node.log


async def test_a_lost_asterisk_is_told_as_blindness(tmp_path: Path) -> None:
    """When the manager goes away the status says so, and that calls around the gate go unseen."""
    async with guarded(tmp_path) as made:
        await made.pbx.fake.stop()
        await until(lambda: made.node.status["blind"], 10)
        await until(lambda: made.node.status["does_not_stop"], 10)
        status = made.node.status

    assert status["ami_state"] == "down"
    assert status["does_not_stop"] == ["calls-around-the-gate"]


async def test_refused_hands_are_told_after_a_suspension(tmp_path: Path) -> None:
    """Seeing but with no hands, the daemon answers that the running call was not cut."""
    async with FakeAsterisk() as fake:
        fake.secrets = {"eyes": "eyes-secret", "hands": "another"}
        node = make_node(tmp_path / "n", ami_port=fake.port)
        await node.set_policy()
        async with node.running_beside():
            await until(lambda: node.status["hands_state"] == "refused", 10)
            await until(lambda: node.status["blind"] == "", 10)
            store = await Store.open(node.config.store.url)
            made = Guarded(Pbx(fake), node, store)
            await made.call_up("2.1", MONACO)
            revision = await node.suspend(SuspensionKind.COUNTRY, "MC")
            await until(lambda: node.status["policy_revision"] == revision, 5)
            told = await made.ask(
                CALLS_CUT, {"revision": revision, "kind": "country", "target": "MC"}
            )
            await store.close()

    assert told.ok, told.result
    answer = json.loads(told.result or "")
    assert (answer["cut"], answer["blind"]) == ([], "")
    assert answer["not_cut"]["2.1"].startswith("ami-refused")
