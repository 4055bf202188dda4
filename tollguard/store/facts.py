"""What daemons saw and judged, as rows: written in batches, read by the reports."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from policies.detection.finding import LegDone, LegEvidence
from tollguard.store.connection import Database, cut
from tollguard.store.rows import DeviceRow, FindingRow, VerdictRow

# Columns that hold text of a caller, a phone or Asterisk, cut before the CHECK refuses a batch.
VERDICT_SIZES: Mapping[str, int] = {
    "linkedid": 150,
    "uniqueid": 150,
    "channel": 200,
    "endpoint": 79,
    "source": 100,
    "trunk": 79,
    "dialled": 255,
}
DEVICE_SIZES: Mapping[str, int] = {
    "endpoint": 79,
    "contact": 500,
    "host": 64,
    "transport": 8,
    "user_agent": 200,
}
# A leg has ten texts; twenty of them fit into their column but for the worst escapes.
LEG_SIZES: Mapping[str, int] = {
    "uniqueid": 150,
    "linkedid": 150,
    "number": 100,
    "trunk": 100,
    "context": 80,
    "application": 40,
    "manager": 80,
}
VERDICT_COLUMNS = tuple(field.name for field in fields(VerdictRow) if field.name != "id")
MAX_STEPS_CHARS = 20_000
MAX_NAMES = 20
MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class VerdictFilter:
    """Which verdicts a report wants; None and False mean all of them.

    Attributes:
        node: Judged by this node.
        denied: Only those that were not allowed.
        endpoint: Of this principal.
        country: To this country.
        since_at: Not before this UTC text.
        after_id: Only newer rows than this one.
        count: At most so many, the newest.
    """

    node: str | None = None
    denied: bool = False
    endpoint: str | None = None
    country: str | None = None
    since_at: str | None = None
    after_id: int = 0
    count: int = 100


def _cut_all(values: dict[str, object], sizes: Mapping[str, int]) -> dict[str, object]:
    return values | {
        name: cut(text, size)
        for name, size in sizes.items()
        if isinstance(text := values[name], str)
    }


async def write_verdicts(db: Database, rows: Sequence[VerdictRow]) -> None:
    """Add judged calls in one transaction."""
    values = [_verdict_values(row) for row in rows]
    async with db.transaction(write=True) as connection:
        await db.queries.add_verdicts(connection, values)


def _verdict_values(row: VerdictRow) -> dict[str, object]:
    # asdict copies every value: half of what a row costs the gate's loop
    values = _cut_all({name: getattr(row, name) for name in VERDICT_COLUMNS}, VERDICT_SIZES)
    return values | {
        "removed": cut(",".join(row.removed), 200),
        "chargeable": int(row.chargeable),
        # half a JSON text could not be read back
        "steps": row.steps if len(row.steps) <= MAX_STEPS_CHARS else "[]",
    }


async def verdicts(db: Database, wanted: VerdictFilter) -> tuple[VerdictRow, ...]:
    """Read verdicts, newest first."""
    values = asdict(wanted) | {"denied": int(wanted.denied)}
    async with db.transaction(write=False) as connection:
        rows = [row async for row in db.queries.verdicts(connection, **values)]
    return tuple(_verdict(row) for row in rows)


async def verdicts_of(db: Database, call: str) -> tuple[VerdictRow, ...]:
    """Read every verdict of one call (linkedid or uniqueid), in order."""
    async with db.transaction(write=False) as connection:
        rows = [row async for row in db.queries.verdicts_of_call(connection, linkedid=call)]
    return tuple(_verdict(row) for row in rows)


def _verdict(row: sqlite3.Row) -> VerdictRow:
    removed = tuple(row["removed"].split(",")) if row["removed"] else ()
    return VerdictRow(**(dict(row) | {"removed": removed, "chargeable": bool(row["chargeable"])}))


async def write_findings(db: Database, rows: Sequence[FindingRow]) -> None:
    """Add findings; one with the same node, kind, subject and first time is updated."""
    values = [_finding_values(row) for row in rows]
    async with db.transaction(write=True) as connection:
        await db.queries.put_findings(connection, values)


def _finding_values(row: FindingRow) -> dict[str, object]:
    values = asdict(row) | {
        "subject": cut(row.subject, 200),
        "accounts": _listed(row.accounts),
        "sources": _listed(row.sources),
        "legs": _legs_text(row.legs),
    }
    del values["id"]
    return values


def _listed(names: Sequence[str]) -> str:
    return json.dumps([cut(name, MAX_NAME_CHARS) for name in names[:MAX_NAMES]], ensure_ascii=False)


def _legs_text(legs: Sequence[LegEvidence]) -> str:
    """Write legs as JSON; the latest are left out where together they are too long."""
    items = [_cut_all(asdict(leg), LEG_SIZES) for leg in legs[:MAX_NAMES]]
    while len(text := json.dumps(items, ensure_ascii=False)) > MAX_STEPS_CHARS:
        items.pop()
    return text


def _legs(text: str) -> tuple[LegEvidence, ...]:
    """Read legs back; a row that another version wrote shows none."""
    try:
        items = json.loads(text)
        return tuple(LegEvidence(**(item | {"done": LegDone(item["done"])})) for item in items)
    except (ValueError, TypeError, KeyError):
        return ()


async def findings(
    db: Database, *, node: str | None, since_at: str | None, count: int
) -> tuple[FindingRow, ...]:
    """Read findings, the latest first."""
    async with db.transaction(write=False) as connection:
        found = db.queries.findings(connection, node=node, since_at=since_at, count=count)
        rows = [row async for row in found]
    return tuple(_finding(row) for row in rows)


async def finding(db: Database, finding_id: int) -> FindingRow | None:
    """Read one finding."""
    async with db.transaction(write=False) as connection:
        row = await db.queries.finding(connection, id=finding_id)
    return None if row is None else _finding(row)


def _finding(row: sqlite3.Row) -> FindingRow:
    names: dict[str, object] = {
        "accounts": tuple(json.loads(row["accounts"])),
        "sources": tuple(json.loads(row["sources"])),
        "legs": _legs(row["legs"]),
    }
    return FindingRow(**(dict(row) | names))


async def write_devices(db: Database, node: str, rows: Sequence[DeviceRow]) -> None:
    """Replace a node's picture of its devices in one transaction."""
    values = [_device_values(replace(row, node=node)) for row in rows]
    async with db.transaction(write=True) as connection:
        await db.queries.clear_devices(connection, node=node)
        await db.queries.put_devices(connection, values)


def _device_values(row: DeviceRow) -> dict[str, object]:
    return _cut_all(asdict(row), DEVICE_SIZES) | {"stale": int(row.stale)}


async def devices(
    db: Database, *, node: str | None, endpoint: str | None, state: str | None
) -> tuple[DeviceRow, ...]:
    """Read devices, by node and endpoint."""
    async with db.transaction(write=False) as connection:
        found = db.queries.devices(connection, node=node, endpoint=endpoint, state=state)
        rows = [row async for row in found]
    return tuple(DeviceRow(**(dict(row) | {"stale": bool(row["stale"])})) for row in rows)
