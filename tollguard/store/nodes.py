"""Heartbeats of daemons, the ledger that belongs to each node, and questions to a daemon."""

import sqlite3
from dataclasses import asdict

from tollguard.store.connection import Database, cut
from tollguard.store.policy_rows import whom
from tollguard.store.rows import Actor, LedgerIdentity, NodeRow, RequestRow
from tollguard.store.times import to_text

FIRST_START = "first start"
# Answers are kept this long after they were wanted, so that a slow reader still finds them.
KEEP_REQUESTS_S = 3_600.0
MAX_RESULT_CHARS = 2_000_000


async def beat(db: Database, row: NodeRow) -> None:
    """Write a daemon's heartbeat."""
    texts = {
        name: cut(getattr(row, name), 300) for name in ("ami_reason", "blind", "ledger_reason")
    }
    async with db.transaction(write=True) as connection:
        await db.queries.put_node(connection, **(asdict(row) | texts))


async def nodes(db: Database) -> tuple[NodeRow, ...]:
    """Read every node's last heartbeat, by name."""
    async with db.transaction(write=False) as connection:
        rows = [row async for row in db.queries.nodes(connection)]
    return tuple(NodeRow(**dict(row)) for row in rows)


async def ledger_identity(db: Database, node: str) -> LedgerIdentity | None:
    """Read which ledger belongs to a node."""
    async with db.transaction(write=False) as connection:
        row = await db.queries.ledger_identity(connection, node=node)
    return None if row is None else LedgerIdentity(**dict(row))


async def note_ledger(db: Database, node: str, ledger_id: str, last_seq: int, now_s: float) -> bool:
    """Record how far the node's ledger has come; False when it is not the known one."""
    async with db.transaction(write=True) as connection:
        queries = db.queries
        known = await queries.ledger_identity(connection, node=node)
        if known is None:
            await queries.put_ledger_identity(
                connection,
                node=node,
                ledger_id=ledger_id,
                last_seq=last_seq,
                accepted_by=FIRST_START,
                reason=FIRST_START,
                accepted_at=to_text(now_s),
            )
            return True
        if known["ledger_id"] != ledger_id or known["last_seq"] > last_seq:
            return False
        await queries.advance_ledger(connection, node=node, last_seq=last_seq)
        return True


async def ask(
    db: Database, node: str, question: tuple[str, str], actor: Actor, now_s: float, for_s: float
) -> int:
    """Put a question (kind, arguments) to a node's daemon."""
    async with db.transaction(write=True) as connection:
        made = await db.queries.add_request(
            connection,
            node=node,
            kind=question[0],
            arguments=question[1],
            by_whom=whom(actor),
            asked_at=to_text(now_s),
            expires_at=to_text(now_s + for_s),
        )
        # after the new row, so that SQLite does not give an old row's id to it
        await db.queries.forget_requests(connection, before_at=to_text(now_s - KEEP_REQUESTS_S))
    return int(made)


async def request(db: Database, request_id: int) -> RequestRow | None:
    """Read a request and, once there, its answer."""
    async with db.transaction(write=False) as connection:
        row = await db.queries.request(connection, id=request_id)
    return None if row is None else _request(row)


async def claim(db: Database, node: str, now_s: float) -> tuple[RequestRow, ...]:
    """Take every request to this node that is unclaimed and not expired, oldest first."""
    at = to_text(now_s)
    async with db.transaction(write=True) as connection:
        found = db.queries.unclaimed_requests(connection, node=node, at=at)
        rows = [row async for row in found]
        for row in rows:
            await db.queries.claim_request(connection, id=row["id"], at=at)
    return tuple(_request(row, claimed_at=at) for row in rows)


def _request(row: sqlite3.Row, *, claimed_at: str | None = None) -> RequestRow:
    return RequestRow(
        id=row["id"],
        node=row["node"],
        kind=row["kind"],
        arguments=row["arguments"],
        by=row["by_whom"],
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
        claimed_at=claimed_at or row["claimed_at"],
        answered_at=row["answered_at"],
        ok=None if row["ok"] is None else bool(row["ok"]),
        result=row["result"],
    )


async def answer(db: Database, request_id: int, result: str, *, ok: bool, now_s: float) -> None:
    """Answer a request; a second answer changes nothing.

    An answer too long for its column becomes a sentence saying so: half a JSON text would
    be worse than none.
    """
    if len(result) > MAX_RESULT_CHARS:
        ok, result = False, f"the answer is too long ({len(result)} characters)"
    async with db.transaction(write=True) as connection:
        await db.queries.answer_request(
            connection, id=request_id, at=to_text(now_s), ok=int(ok), result=result
        )
