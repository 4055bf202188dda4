"""The daemon: one process, one loop, and here only the wiring of its parts."""

import asyncio
import errno
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path

import structlog
import uvloop

from agi.protocol import Refusal
from agi.server import GateServer
from ami_listener.hands import Hands
from ami_listener.session import AmiSession
from ami_listener.settings import AmiSettings
from policies.decision import DialAttempt
from policies.detection.guessing import GuessingDetector
from policies.events import Event, LegDialled, Technology
from policies.policy import Policy
from policies.situation import Situation
from tollguard import logs
from tollguard.adoption import Adoption
from tollguard.backstop import Backstop
from tollguard.call_records import CallRecords
from tollguard.calls_cutter import CallsCutter
from tollguard.config import Config
from tollguard.coverage_look import CoverageLook
from tollguard.errors import ConfigError, GateError
from tollguard.fact_writer import FactWriter
from tollguard.gap_tokens import GapTokens
from tollguard.gate import Gate
from tollguard.heartbeat import Heartbeat
from tollguard.key_watch import KeyWatch
from tollguard.leg_cutter import LegCutter
from tollguard.one_daemon import OneDaemon, refuse_root
from tollguard.policy_trust import memory_of
from tollguard.policy_watch import PolicyWatch
from tollguard.request_desk import RequestDesk
from tollguard.reservations import Reservations
from tollguard.secret_files import read_secret
from tollguard.status_file import Status, StatusFile, stopped_now
from tollguard.store.times import to_text
from tollguard.store_link import StoreLink
from tollguard.supervision import (
    calm_collector,
    feed_watchdog,
    hand_over_soon,
    keep_running,
    notify,
    on_signals,
)
from tollguard.verdict_writer import VerdictWriter

DRAIN_S = 3.0  # a session ends by itself within its 1.5 s
PULSE_S = 1.0
FIRST_FREE_PORT = 1_024
LISTEN_REMEDIES: Mapping[int, str] = {
    errno.EADDRINUSE: "; stop what holds it (ss -ltnp), or change gate.port and TOLLGUARD_GATE",
    errno.EADDRNOTAVAIL: "; change gate.host to an address of this machine",
    errno.EACCES: "; run it as the service (CAP_NET_BIND_SERVICE) or choose a port above 1024",
}

log = structlog.get_logger("tollguard.daemon")


def serve(config: Config) -> int:
    """Run until SIGTERM; returns the process's exit status.

    Raises:
        AccessError: Root runs it, and the files are the service's.
        ConfigError: A secret's file cannot be read.
        GateError: The gate cannot listen, or such a daemon runs already.
    """
    refuse_root(config.ledger.path.parent)
    logs.configure()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(config))


async def _run(config: Config) -> int:
    daemon = Daemon(config)
    try:
        await daemon.start()
        await daemon.work()
    finally:
        await daemon.close()
    return 0


def cannot_listen(host: str, port: int, error: OSError) -> GateError:
    """Say why the gate does not listen and, where it is known, what to do about it."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    remedy = LISTEN_REMEDIES.get(error.errno or 0, "")
    if error.errno == errno.EACCES and port >= FIRST_FREE_PORT:
        remedy = ""  # not for want of the right to a low port
    return GateError(f"the gate cannot listen on {host}:{port}: {reason}{remedy}")


class Daemon:
    """All parts of one node, joined."""

    def __init__(self, config: Config) -> None:
        self._config = config
        node, grp = config.site.node, config.site.group
        self._started_at = to_text(time.time())
        self._stop = asyncio.Event()
        self._blind = ""
        self._ledger_fault = ""
        self._one = OneDaemon(config.ledger.path)
        self._was_ready = False
        self.situation = Situation()
        self.reservations = Reservations()
        self.link = StoreLink(config.store.url)
        self.watch = PolicyWatch(
            self.link, config.to_site(), config.snapshot.path, Path(config.store.url), node
        )
        self.verdicts = VerdictWriter(self.link, node, grp)
        self.facts = FactWriter(self.link, self.situation, node, grp, lag_ms=config.devices.lag_ms)
        self.gate = Gate(
            self.watch.policy,
            self.situation,
            self.reservations,
            self.verdicts.record,
            domestic_on_failure=config.on_failure.domestic,
        )
        self.detector = GuessingDetector(
            config.detection.window_s, config.detection.per_source, config.detection.per_account
        )
        self._wire_asterisk()
        self.heartbeat = Heartbeat(self.link, self.reservations, self.status)
        self.status_file = StatusFile(config.status_path, self.status)

    def _wire_asterisk(self) -> None:
        ami = self._config.ami
        eyes = self._ami(ami.eyes_username, ami.eyes_secret_file)
        self.session = AmiSession(eyes, self.see, time.monotonic)
        self.hands = Hands(self._ami(ami.hands_username, ami.hands_secret_file))
        self.legs = LegCutter(self.hands, self.situation)
        records = CallRecords(self._config.ledger.path, self.link)
        self.gap = GapTokens(records, time.monotonic())
        self.backstop = Backstop(
            self.gate, self.situation, self.legs, self.verdicts, self.facts.found, self.gap
        )
        self.backstop.own_users = frozenset({ami.eyes_username, ami.hands_username})
        self.cutter = CallsCutter(self.gate, self.situation, self.hands)
        self.adoption = Adoption(
            self.gate, self.situation, self.hands, records, self.backstop, self.gap
        )
        look = CoverageLook(eyes, lambda: self.gate.policy).look
        self.desk = RequestDesk(self.link, self.cutter, self._config.site.node, self._sight, look)
        try:
            self.server = GateServer(
                self.gate.answer,
                read_secret(self._config.gate.key_file),
                str(self._config.gate.asterisk_key_file),
            )
        except ValueError as error:
            message = f"gate.key_file: {error}"
            raise ConfigError(message) from error
        self.keys = KeyWatch(lambda: self.server.refused[Refusal.WRONG_KEY])
        self.server.on_error = _tell_judge_error
        self.server.on_delivered = self.gate.delivered

    def _ami(self, username: str, secret_file: Path) -> AmiSettings:
        ami = self._config.ami
        return AmiSettings(
            host=ami.host,
            port=ami.port,
            username=username,
            secret=read_secret(secret_file),
            technologies=tuple(Technology(name) for name in ami.technologies),
        )

    async def start(self) -> None:
        """Get a policy and a ledger; neither failing keeps the gate from answering."""
        self._one.take()  # a second daemon ends here with a GateError
        self.reservations.open(self._config.ledger.path)
        self.gate.use(await self.watch.start(memory_of(self._config.ledger.path)))

    async def work(self) -> None:
        """Listen, say that it is ready, and run every part until told to stop.

        Raises:
            GateError: The gate cannot listen.
        """
        async with asyncio.TaskGroup() as group:
            # Raised after the group, which would wrap it.
            fault = await self._listen(group)
            if fault is None:
                await self._work_until_stopped(group)
        if fault is not None:
            raise fault
        await self.watch.keep()  # a policy of the last moment may not be in the snapshot yet

    async def _listen(self, group: asyncio.TaskGroup) -> GateError | None:
        gate = self._config.gate
        try:
            await self.server.start(gate.host, gate.port, group)
        except OSError as error:
            return cannot_listen(gate.host, gate.port, error)
        return None

    async def _work_until_stopped(self, group: asyncio.TaskGroup) -> None:
        await self.heartbeat.beat()
        on_signals(self._stop.set, self.reload)
        _ = group.create_task(keep_running("verdicts", self.verdicts.run), name="verdicts")
        parts = [
            group.create_task(keep_running(name, part), name=name)
            for name, part in self._parts().items()
        ]
        self._ready()
        await self._stop.wait()
        notify("STOPPING=1")
        log.info("stopping")
        await self.server.stop(DRAIN_S)
        self.verdicts.end()
        for part in parts:
            part.cancel()

    def _parts(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "eyes": self.session.run,
            "hands": self.hands.run,
            "policy": lambda: self.watch.run(self.apply, self.desk.wake),
            "snapshot": lambda: self.watch.run_snapshot(self.apply),
            "requests": self.desk.run,
            "adoption": self.adoption.run,
            "cutter": self.cutter.run,
            "legs": self.legs.run,
            "gap": self.gap.run,
            "ledger": lambda: self.reservations.keep_opening(
                self._config.ledger.path, self.heartbeat.beat
            ),
            "facts": self.facts.run,
            "heartbeat": self.heartbeat.run,
            "pulse": self._pulse,
            "watchdog": feed_watchdog,
        }

    def _ready(self) -> None:
        self._was_ready = True
        calm_collector()
        hand_over_soon()
        self.status_file.write()
        notify("READY=1\nSTATUS=judging calls")
        log.info(
            "ready",
            gate=f"{self._config.gate.host}:{self.server.port}",
            revision=self.gate.policy.revision,
            mode=self.gate.policy.mode.value,
        )

    def see(self, event: Event) -> None:
        """Take one event from the eyes."""
        if isinstance(event, LegDialled):
            event = self.backstop.begin(event)
        self.situation.apply(event)
        self.backstop.see(event)
        self.adoption.see(event)
        self.facts.found(self.detector.observe(event))

    async def apply(self, policy: Policy) -> None:
        """Put a policy in force, cut what it suspends, say that it is in force, and keep it."""
        self.gate.use(policy)
        self.backstop.use_mode()
        self.cutter.wake()
        log.info("policy", revision=policy.revision, mode=policy.mode.value)
        self.status_file.write()  # before the beat, which waits for a store that is locked
        await self.heartbeat.beat()
        await self.watch.keep()  # last: two syncs, which on a busy disk take long

    async def _pulse(self) -> None:
        """What is looked after once a second."""
        while True:
            self.gate.sweep()
            self.facts.found(self.detector.due(time.monotonic()))
            self.backstop.due(time.monotonic())
            self.keys.look(time.monotonic())
            self._tell_blindness()
            self._tell_ledger()
            self.status_file.write()
            await asyncio.sleep(PULSE_S)

    def _tell_blindness(self) -> None:
        blind = self.situation.blind
        if blind != self._blind:
            if blind:
                log.warning("blind", reason=blind)
            else:
                log.info("seeing")
            notify(f"STATUS={'blind: ' + blind if blind else 'judging calls'}")
        self._blind = blind

    def _tell_ledger(self) -> None:
        fault = self.reservations.fault
        if fault and not self._ledger_fault:
            log.error("ledger-not-usable", reason=fault)
        elif self._ledger_fault and not fault:
            log.info("ledger-usable")
        self._ledger_fault = fault

    def reload(self) -> None:
        """Say on SIGHUP that only a restart reads the settings again."""
        log.info("reload", note="settings of the TOML file take effect with a restart")

    def status(self) -> Status:
        """Say how everything is now."""
        gate, ledger, link = self.gate, self.reservations, self.link
        stops, does_not_stop = stopped_now(
            gate.policy.mode.value, ledger.fault, self.situation.blind
        )
        legs = self.backstop.counts
        return self._status_of_links(self._status_of_site())(
            ledger_id=ledger.ledger_id,
            ledger_seq=ledger.last_seq,
            ledger_state=ledger.shown_state,
            ledger_reason=ledger.fault,
            store_state="failed" if link.fault else "ok",
            store_reason=link.fault,
            verdicts_waiting=self.verdicts.waiting,
            verdicts_dropped=self.verdicts.dropped,
            findings_dropped=self.facts.dropped,
            hostile_events=self.situation.hostile,
            calls=len(self.cutter.live()),
            legs_cut=legs.cut,
            legs_recorded=legs.recorded,
            legs_stood=legs.stood,
            stops=stops,
            does_not_stop=does_not_stop,
        )

    def _status_of_site(self) -> Callable[..., Status]:
        """Begin the status with what this daemon is, and by which policy it judges."""
        return partial(
            Status,
            node=self._config.site.node,
            pid=os.getpid(),
            at=to_text(time.time()),
            started_at=self._started_at,
            version=version("tollguard"),
            mode=self.gate.policy.mode.value,
            policy_revision=self.gate.policy.revision,
            policy_source=self.watch.source,
            policy_fault=self.watch.fault,
            snapshot_fault=self.watch.snapshot_fault,
        )

    def _status_of_links(self, begun: Callable[..., Status]) -> Callable[..., Status]:
        """Go on with how it is joined to Asterisk: its eyes, its hands and its gate."""
        ami, hands, keys = self.session.state, self.hands.state, self.keys
        return partial(
            begun,
            ami_state=ami.standing.value,
            ami_since=_wall_text(ami.since_s),
            ami_reason=ami.reason,
            ami_user=self._config.ami.eyes_username,
            hands_state=hands.standing.value,
            hands_since=_wall_text(hands.since_s),
            hands_reason=hands.reason,
            hands_user=self._config.ami.hands_username,
            blind=self.situation.blind,
            gate_host=self._config.gate.host,
            gate_port=self.server.port,
            sessions=self.server.sessions,
            answered=self.server.answered,
            refused={str(reason): count for reason, count in self.server.refused.items()},
            wrong_keys=keys.count,
            wrong_keys_since=_wall_text(keys.since_s) if keys.count else "",
        )

    def _sight(self) -> tuple[str, str]:
        return self.situation.blind, _wall_text(self.session.state.since_s)

    async def close(self) -> None:
        """Write what waits and close everything; safe after a start that failed."""
        await self.server.stop(0)
        await self.verdicts.drain()
        if self._was_ready:  # else they are another daemon's
            await self.facts.write()
            self.status_file.remove()
        await self.reservations.close()
        self.watch.close()
        await self.link.close()
        self._one.release()
        log.info("stopped")


def _wall_text(mono_s: float) -> str:
    return to_text(time.time() - time.monotonic() + mono_s)


def _tell_judge_error(attempt: DialAttempt, error: Exception) -> None:
    """The gate answers its own faults, so this is a fault in the answering itself."""
    log.error("judge-failed", uniqueid=attempt.uniqueid, reason=repr(error))
