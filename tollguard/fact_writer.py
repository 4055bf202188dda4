"""Findings and devices on their way to the store: the latest of each, once a second."""

import asyncio
import time
from collections.abc import Iterable

from policies.detection.finding import Finding
from policies.devices import Device
from policies.registration import device_state
from policies.situation import Situation
from tollguard.errors import StoreError
from tollguard.store.rows import DeviceRow, FindingRow
from tollguard.store.times import to_text
from tollguard.store_link import StoreLink

EVERY_S = 0.5
WAITING_FINDINGS = 10_000


class FactWriter:
    """Keeps the newest state of what was seen, and writes only what changed.

    Attributes:
        dropped: Findings that came while too many others waited.
    """

    def __init__(
        self, link: StoreLink, situation: Situation, node: str, grp: str, *, lag_ms: int
    ) -> None:
        self.dropped = 0
        self._link = link
        self._situation = situation
        self._node = node
        self._grp = grp
        self._lag_us = lag_ms * 1_000
        self._findings: dict[tuple[str, str, float], Finding] = {}
        self._devices: tuple[DeviceRow, ...] | None = None
        # Wall time minus monotonic time: events carry monotonic seconds.
        self._wall_offset_s = time.time() - time.monotonic()

    def found(self, findings: Iterable[Finding]) -> None:
        """Take findings from the detectors; a newer state of one replaces the older."""
        for finding in findings:
            key = (finding.kind, finding.subject, finding.first_at_s)
            if key not in self._findings and len(self._findings) >= WAITING_FINDINGS:
                self.dropped += 1
                continue
            self._findings[key] = finding

    async def run(self) -> None:
        """Write twice a second until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.write()

    async def write(self) -> None:
        """Write what changed since the last time; the store being away keeps it for the next."""
        try:
            await self._write_findings()
            await self._write_devices()
        except StoreError:
            return  # told by the link, and all of it is still here

    async def _write_findings(self) -> None:
        taken = dict(self._findings)
        if not taken:
            return
        rows = [self._finding_row(finding) for finding in taken.values()]
        await self._link.do(lambda store: store.write_findings(rows))
        for key, finding in taken.items():
            if self._findings.get(key) is finding:
                del self._findings[key]

    async def _write_devices(self) -> None:
        rows = tuple(self._device_row(device) for device in self._situation.devices())
        if rows == self._devices:
            return
        await self._link.do(lambda store: store.write_devices(self._node, rows))
        self._devices = rows

    def _at(self, at_s: float) -> str:
        return to_text(at_s + self._wall_offset_s)

    def _finding_row(self, finding: Finding) -> FindingRow:
        return FindingRow(
            node=self._node,
            grp=self._grp,
            kind=finding.kind,
            subject=finding.subject,
            severity=finding.severity,
            first_at=self._at(finding.first_at_s),
            last_at=self._at(finding.last_at_s),
            count=finding.count,
            accounts=finding.accounts,
            sources=finding.sources,
            legs=finding.legs,
        )

    def _device_row(self, device: Device) -> DeviceRow:
        address = device.address
        return DeviceRow(
            node=self._node,
            grp=self._grp,
            technology=device.technology,
            endpoint=device.endpoint,
            contact=device.contact,
            state=device_state(device.status, device.rtt_us, self._lag_us),
            host=address.ip if address else "",
            port=address.port if address else 0,
            transport=address.transport if address else "",
            rtt_us=device.rtt_us,
            since_at="" if device.first_seen_s is None else self._at(device.first_seen_s),
            user_agent=device.user_agent,
            stale=bool(self._situation.blind),
        )
