"""Entering into the store what was changed without it, and what tells whether to believe it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import aiosqlite

from policies.ahead import AheadChange
from tollguard.store.connection import Database, cut
from tollguard.store.times import to_text


@dataclass(frozen=True, slots=True)
class Standing:
    """What a store says of itself, by which a node tells its own from an older or a foreign one.

    Attributes:
        revision: Of its policy.
        ledger_id: The ledger that it knows for the node; empty when it knows none.
        accepted: Revision at which an operator accepted this store last; 0 for never.
    """

    revision: int
    ledger_id: str
    accepted: int


async def standing(db: Database, node: str) -> Standing:
    """Read what the store says of itself."""
    async with db.transaction(write=False) as connection:
        queries = db.queries
        revision = int(await queries.revision(connection))
        known = await queries.ledger_identity(connection, node=node)
        accepted = int(await queries.newest_acceptance(connection))
    return Standing(revision, known["ledger_id"] if known else "", accepted)


async def enter(
    db: Database, grp: str, changes: Sequence[AheadChange], above: int, now_s: float
) -> int:
    """Enter changes with their audit rows in one transaction; those it has already are left.

    Args:
        db: Open.
        grp: Customer group of the rows.
        changes: In the order in which they were made.
        above: The revision that they are in force as; the store's goes on from there.
        now_s: Wall seconds.

    Returns:
        The policy's revision afterwards.

    Raises:
        StoreError: The store cannot be written; nothing was entered.
    """
    async with db.transaction(write=True) as connection:
        missing = [
            change
            for change in changes
            if not await db.queries.is_entered(connection, mark=change.mark)
        ]
        if missing:
            await db.queries.raise_revision(connection, revision=above)
        for change in missing:
            await _enter_row(db, connection, grp, change, now_s)
            await _enter_audit(db, connection, change, now_s)
        return int(await db.queries.revision(connection))


async def _enter_row(
    db: Database, connection: aiosqlite.Connection, grp: str, change: AheadChange, now_s: float
) -> None:
    made, queries = change.suspension, db.queries
    at = to_text(made.since_s)
    if change.ends:
        await queries.end_suspensions_before(
            connection, kind=made.kind.value, target=made.target, at=at, ended_at=to_text(now_s)
        )
        return
    await queries.add_suspension(
        connection,
        grp=grp,
        kind=made.kind.value,
        target=made.target,
        since_at=at,
        until_at=_until(made.until_s),
        reason=made.reason,
        by_whom=cut(made.by, 200),
        keep_calls=int(made.keep_calls),
    )


async def _enter_audit(
    db: Database, connection: aiosqlite.Connection, change: AheadChange, now_s: float
) -> None:
    """Write who did it, when and why, and when the store was told of it."""
    made = change.suspension
    told = {"mark": change.mark, "entered_at": to_text(now_s)}
    why = {"until": _until(made.until_s), "reason": made.reason, "keep_calls": made.keep_calls}
    number = int(await db.queries.next_revision(connection, at=to_text(now_s)))
    await db.queries.add_audit(
        connection,
        at=to_text(made.since_s),
        login=cut(change.login, 100),
        claim=cut(change.claim, 100),
        action="resume" if change.ends else "suspend",
        subject=cut(f"{made.kind.value} {made.target}", 200),
        detail=json.dumps(told if change.ends else told | why, ensure_ascii=False, sort_keys=True),
        revision=number,
    )


def _until(until_s: float | None) -> str | None:
    return None if until_s is None else to_text(until_s)
