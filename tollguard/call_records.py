"""What the ledger and the store remember of a call, by the token that is found on its leg."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from policies.decision import Verdict
from policies.events import AttemptAllowed
from policies.judges import concerns_international
from policies.numbering import classify
from policies.numbering.number import Number
from policies.numbering.plan import Plan
from policies.policy import Trunk
from tollguard.errors import LedgerError, StoreError
from tollguard.ledger_file import Entry, find
from tollguard.store.rows import VerdictRow
from tollguard.store.times import to_seconds
from tollguard.store_link import StoreLink

log = structlog.get_logger("tollguard.calls")


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What the gate allowed under a token.

    Attributes:
        token: The one-time token.
        uniqueid: The calling channel.
        endpoint: The principal; None for nobody.
        dialled: The string that the trunk was given.
        country: ISO alpha-2 or None.
        trunk: The trunk's endpoint.
        chargeable: Whether it counts against the chargeable limits.
        limit_ms: How long it may last.
        policy_revision: The policy it was allowed by.
        at_s: Wall seconds when it was allowed.
    """

    token: str
    uniqueid: str
    endpoint: str | None
    dialled: str
    country: str | None
    trunk: str
    chargeable: bool
    limit_ms: int
    policy_revision: int
    at_s: float

    def allowed(self, trunk: Trunk, plan: Plan, at_s: float) -> AttemptAllowed:
        """Make the event of it again, as the gate once told it.

        Args:
            trunk: Its trunk.
            plan: Of the site.
            at_s: Monotonic seconds that it counts from.
        """
        number = self._number(trunk, plan)
        return AttemptAllowed(
            at_s=at_s,
            token=self.token,
            uniqueid=self.uniqueid,
            endpoint=self.endpoint,
            dialled=self.dialled,
            country=self.country,
            trunk=self.trunk,
            chargeable=self.chargeable,
            international=concerns_international(number),
            number=number,
            responsible=(self.endpoint,) if self.endpoint else (),
            policy_revision=self.policy_revision,
            limit_ms=self.limit_ms,
        )

    def age_s(self) -> float:
        """Say how long ago it was allowed, by the wall clock; never less than nothing."""
        return max(time.time() - self.at_s, 0.0)

    def _number(self, trunk: Trunk, plan: Plan) -> Number:
        """Read the number as it was judged; observe dials an outside line too."""
        readings = [classify(self.dialled, one, trunk) for one in (plan.on_the_wire(), plan)]
        return next((one for one in readings if one.country == self.country), readings[0])


class CallRecords:
    """Looks tokens up, off the loop; never writes.

    Args:
        ledger: The ledger's file.
        link: The way to the store.
    """

    def __init__(self, ledger: Path, link: StoreLink) -> None:
        self._ledger = ledger
        self._link = link

    async def find(self, calls: Mapping[str, str], newest: int = 0) -> dict[str, CallRecord]:
        """Find what was allowed under tokens; a source that fails is as one that knows nothing.

        Args:
            calls: Token to linkedid. Untrusted text.
            newest: Look among so many of the ledger's last rows; 0 for all.

        Returns:
            A record for each token that is known and was not given back.
        """
        entries = await self._entries(calls, newest)
        found = {token: _of_entry(entry) for token, entry in entries.items() if entry is not None}
        for token, linkedid in calls.items():
            if token not in entries:
                row = await self._verdict(token, linkedid)
                if row is not None:
                    found[token] = _of_verdict(row)
        return found

    async def _entries(self, tokens: Iterable[str], newest: int) -> dict[str, Entry | None]:
        try:
            return await asyncio.to_thread(find, self._ledger, tuple(tokens), newest)
        except LedgerError as error:
            log.warning("ledger-not-asked", reason=str(error))
            return {}

    async def _verdict(self, token: str, linkedid: str) -> VerdictRow | None:
        """Find an allowed call without a row in the ledger: a domestic one, or one in observe."""
        try:
            rows = await self._link.do(lambda store: store.verdicts_of(linkedid))
        except StoreError:
            return None  # told by the link
        allowed = (row for row in rows if row.verdict == Verdict.ALLOW.value)
        return next((row for row in allowed if row.token == token), None)


def _of_entry(entry: Entry) -> CallRecord:
    return CallRecord(
        token=entry.token,
        uniqueid=entry.uniqueid,
        endpoint=entry.endpoint,
        dialled=entry.number,
        country=entry.country,
        trunk=entry.trunk,
        chargeable=True,
        limit_ms=entry.limit_ms,
        policy_revision=entry.policy_revision,
        at_s=to_seconds(entry.at),
    )


def _of_verdict(row: VerdictRow) -> CallRecord:
    return CallRecord(
        token=row.token,
        uniqueid=row.uniqueid,
        endpoint=row.endpoint,
        dialled=row.canonical,
        country=row.country,
        trunk=row.trunk,
        chargeable=row.chargeable,
        limit_ms=row.limit_ms,
        policy_revision=row.policy_revision,
        at_s=to_seconds(row.at),
    )
