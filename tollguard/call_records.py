"""What the ledger and the store remember of a call, by the token that is found on its leg."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from policies.decision import Verdict
from tollguard.errors import LedgerError, StoreError
from tollguard.ledger_file import Entry, find
from tollguard.store.rows import VerdictRow
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


class CallRecords:
    """Looks tokens up, off the loop; never writes.

    Args:
        ledger: The ledger's file.
        link: The way to the store.
    """

    def __init__(self, ledger: Path, link: StoreLink) -> None:
        self._ledger = ledger
        self._link = link

    async def find(self, calls: Mapping[str, str]) -> dict[str, CallRecord]:
        """Find what was allowed under tokens; a source that fails is as one that knows nothing.

        Args:
            calls: Token to linkedid. Untrusted text.

        Returns:
            A record for each token that is known and was not given back.
        """
        entries = await self._entries(calls)
        found = {token: _of_entry(entry) for token, entry in entries.items() if entry is not None}
        for token, linkedid in calls.items():
            if token not in entries:
                row = await self._verdict(token, linkedid)
                if row is not None:
                    found[token] = _of_verdict(row)
        return found

    async def _entries(self, tokens: Iterable[str]) -> dict[str, Entry | None]:
        try:
            return await asyncio.to_thread(find, self._ledger, tuple(tokens))
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
    )
