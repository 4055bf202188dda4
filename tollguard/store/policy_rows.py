"""The operator's will as rows: reading it whole, changing it with its audit row and revision."""

import json
import re
import sqlite3
from collections.abc import Mapping

import aiosqlite

from policies.policy import (
    Grant,
    Limits,
    Mode,
    OriginateGrant,
    Policy,
    Site,
    Suspension,
    SuspensionKind,
)
from tollguard.errors import InputError, StoreError
from tollguard.store.connection import Database, cut
from tollguard.store.rows import Actor, AuditRow, Change, NewSuspension
from tollguard.store.times import to_seconds, to_text

EVERY_COUNTRY = "*"
# The settings of `Limits`, each with the least and most that makes sense.
LIMITS: Mapping[str, tuple[int, int]] = {
    "max_call_s": (1, 86_400),
    "chargeable_per_endpoint": (0, 10_000),
    "chargeable_per_site": (0, 10_000),
}
MODE = "mode"
SETTING, SUSPENSION, PERMISSION = "setting", "suspension", "permission"
ORIGINATE = "originate_grant"
COUNTRY = re.compile(r"[A-Z]{2}")
# Expired rows are swept out of the policy a day late, in case the clock was wrong.
SWEEP_AFTER_S = 86_400.0


def whom(actor: Actor) -> str:
    """Name an actor in one text: ``alice(1000), claims SUDO_USER=bob``."""
    claim = f", claims SUDO_USER={actor.claim}" if actor.claim else ""
    return cut(actor.login + claim, 200)


async def revision(db: Database) -> int:
    """Read the policy's revision."""
    async with db.transaction(write=False) as connection:
        return int(await db.queries.revision(connection))


async def load(db: Database, site: Site) -> Policy:
    """Read the whole policy at one revision.

    Raises:
        StoreError: A row is malformed; names table, id, column and value.
    """
    async with db.transaction(write=False) as connection:
        number = int(await db.queries.revision(connection))
        settings = {row["name"]: row["value"] async for row in db.queries.settings(connection)}
        suspensions = [row async for row in db.queries.open_suspensions(connection)]
        permissions = [row async for row in db.queries.open_permissions(connection)]
        originate = [row async for row in db.queries.open_originate_grants(connection)]
    return Policy(
        revision=number,
        site=site,
        mode=_mode(settings.get(MODE, Mode.OBSERVE.value)),
        suspensions=tuple(_suspension(row) for row in suspensions),
        grants=tuple(_grant(row) for row in permissions),
        limits=_limits(settings),
        originate_grants=tuple(_originate_grant(row) for row in originate),
    )


def _malformed(table: str, key: object, column: str, value: object) -> StoreError:
    return StoreError(f"the store's {table} row {key!r} is malformed: {column} is {value!r}")


def _mode(value: str) -> Mode:
    try:
        return Mode(value)
    except ValueError as error:
        raise _malformed(SETTING, MODE, "value", value) from error


def _limits(settings: Mapping[str, str]) -> Limits:
    values = {}
    for name, (least, most) in LIMITS.items():
        text = settings.get(name)
        if text is None:
            continue
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise _malformed(SETTING, name, "value", text)
        values[name] = int(text)
    return Limits(**values)


def _suspension(row: sqlite3.Row) -> Suspension:
    try:
        kind = SuspensionKind(row["kind"])
    except ValueError as error:
        raise _malformed(SUSPENSION, row["id"], "kind", row["kind"]) from error
    if kind is SuspensionKind.COUNTRY and not COUNTRY.fullmatch(row["target"]):
        raise _malformed(SUSPENSION, row["id"], "target", row["target"])
    return Suspension(
        id=row["id"],
        kind=kind,
        target=row["target"],
        since_s=_seconds(SUSPENSION, row, "since_at"),
        until_s=_end(SUSPENSION, row),
        reason=row["reason"],
        by=row["by_whom"],
        keep_calls=bool(row["keep_calls"]),
    )


def _grant(row: sqlite3.Row) -> Grant:
    countries = _countries(row)
    return Grant(row["id"], row["endpoint"], countries, _end(PERMISSION, row))


def _originate_grant(row: sqlite3.Row) -> OriginateGrant:
    countries = _countries(row, ORIGINATE)
    return OriginateGrant(row["id"], row["context"], countries, _end(ORIGINATE, row))


def _countries(row: sqlite3.Row, table: str = PERMISSION) -> frozenset[str] | None:
    text = row["countries"]
    if text == EVERY_COUNTRY:
        return None
    countries = frozenset(text.split(","))
    if not all(COUNTRY.fullmatch(country) for country in countries):
        raise _malformed(table, row["id"], "countries", text)
    return countries


def _seconds(table: str, row: sqlite3.Row, column: str) -> float:
    try:
        return to_seconds(row[column])
    except (ValueError, TypeError) as error:
        raise _malformed(table, row["id"], column, row[column]) from error


def _end(table: str, row: sqlite3.Row) -> float | None:
    return None if row["until_at"] is None else _seconds(table, row, "until_at")


async def commit_change(
    db: Database,
    connection: aiosqlite.Connection,
    actor: Actor,
    now_s: float,
    entry: tuple[str, str],
    detail: Mapping[str, object],
) -> int:
    """Count the revision up and write the audit row, inside the caller's transaction.

    Args:
        db: The store.
        connection: Inside a transaction that writes.
        actor: Who changes it.
        now_s: Wall seconds.
        entry: The audit's action and subject.
        detail: The rest of what was done.
    """
    queries, at, before = db.queries, to_text(now_s), to_text(now_s - SWEEP_AFTER_S)
    await queries.sweep_suspensions(connection, before_at=before)
    await queries.sweep_permissions(connection, before_at=before)
    await queries.sweep_originate_grants(connection, before_at=before)
    number = int(await queries.next_revision(connection, at=at))
    await queries.add_audit(
        connection,
        at=at,
        login=cut(actor.login, 100),
        claim=cut(actor.claim, 100),
        action=entry[0],
        subject=cut(entry[1], 200),
        detail=json.dumps(detail, ensure_ascii=False, sort_keys=True),
        revision=number,
    )
    return number


def until_text(until_s: float | None) -> str | None:
    """Write an end as its column holds it."""
    return None if until_s is None else to_text(until_s)


async def suspend(db: Database, grp: str, new: NewSuspension, actor: Actor, now_s: float) -> Change:
    """Close international calls, a country or an endpoint."""
    async with db.transaction(write=True) as connection:
        made = await db.queries.add_suspension(
            connection,
            grp=grp,
            kind=new.kind.value,
            target=new.target,
            since_at=to_text(now_s),
            until_at=until_text(new.until_s),
            reason=new.reason,
            by_whom=whom(actor),
            keep_calls=int(new.keep_calls),
        )
        detail = {
            "until": until_text(new.until_s),
            "reason": new.reason,
            "keep_calls": new.keep_calls,
        }
        entry = ("suspend", f"{new.kind.value} {new.target}")
        number = await commit_change(db, connection, actor, now_s, entry, detail)
    return Change(number, int(made))


async def resume(
    db: Database, kind: SuspensionKind, target: str, actor: Actor, now_s: float
) -> Change:
    """End every suspension of that target; nothing is written when none holds."""
    async with db.transaction(write=True) as connection:
        ended = await db.queries.end_suspensions(
            connection, kind=kind.value, target=target, at=to_text(now_s)
        )
        if not ended:
            return Change(int(await db.queries.revision(connection)), count=0)
        entry = ("resume", f"{kind.value} {target}")
        number = await commit_change(db, connection, actor, now_s, entry, {"ended": ended})
    return Change(number, count=ended)


def joined(countries: frozenset[str] | None) -> str:
    """Write countries as their column holds them."""
    return EVERY_COUNTRY if countries is None else ",".join(sorted(countries))


async def grant(
    db: Database,
    grp: str,
    right: tuple[str, frozenset[str] | None],
    actor: Actor,
    now_s: float,
    until_s: float | None,
) -> Change:
    """Give an endpoint the right to call abroad."""
    endpoint, countries = right
    async with db.transaction(write=True) as connection:
        made = await _add_permission(
            db, connection, grp, right, actor, (now_s, until_text(until_s))
        )
        detail = {"countries": joined(countries), "until": until_text(until_s)}
        entry = ("grant", f"international {endpoint}")
        number = await commit_change(db, connection, actor, now_s, entry, detail)
    return Change(number, made)


async def _add_permission(
    db: Database,
    connection: aiosqlite.Connection,
    grp: str,
    right: tuple[str, frozenset[str] | None],
    actor: Actor,
    span: tuple[float, str | None],
) -> int:
    made = await db.queries.add_permission(
        connection,
        grp=grp,
        endpoint=right[0],
        countries=joined(right[1]),
        made_at=to_text(span[0]),
        until_at=span[1],
        by_whom=whom(actor),
    )
    return int(made)


async def revoke(
    db: Database,
    grp: str,
    right: tuple[str, frozenset[str] | None],
    actor: Actor,
    now_s: float,
) -> Change:
    """Take an endpoint's rights back, or only some countries of them.

    Raises:
        InputError: The right is for every country, so that single ones cannot be taken out.
    """
    endpoint, countries = right
    async with db.transaction(write=True) as connection:
        queries = db.queries
        found = queries.open_permissions_of(connection, endpoint=endpoint, at=to_text(now_s))
        rows = [row async for row in found]
        touched = [row for row in rows if _touches(row, countries)]
        if not touched:
            return Change(int(await queries.revision(connection)), count=0)
        for row in touched:
            await queries.end_permission(connection, id=row["id"], at=to_text(now_s))
            rest = _rest(row, countries)
            if rest:
                span = (now_s, row["until_at"])
                await _add_permission(db, connection, grp, (endpoint, rest), actor, span)
        entry = ("revoke", f"international {endpoint}")
        detail = {"countries": joined(countries)}
        number = await commit_change(db, connection, actor, now_s, entry, detail)
    return Change(number, count=len(touched))


def _touches(row: sqlite3.Row, countries: frozenset[str] | None) -> bool:
    held = _countries(row)
    if countries is None:
        return True
    if held is None:
        msg = "the right is for every country; revoke it whole, then grant the countries that stay"
        raise InputError(msg)
    return bool(held & countries)


def _rest(row: sqlite3.Row, countries: frozenset[str] | None) -> frozenset[str]:
    held = _countries(row)
    return frozenset() if countries is None or held is None else held - countries


async def set_mode(db: Database, mode: Mode, actor: Actor, now_s: float) -> Change:
    """Switch between observe and enforce."""
    async with db.transaction(write=True) as connection:
        await db.queries.set_setting(connection, name=MODE, value=mode.value)
        number = await commit_change(
            db, connection, actor, now_s, (MODE, MODE), {"value": mode.value}
        )
    return Change(number)


async def set_limits(db: Database, values: Mapping[str, int], actor: Actor, now_s: float) -> Change:
    """Set some of `Limits` in one transaction with one audit row.

    Raises:
        InputError: There is no such limit, or a value makes no sense; nothing is written.
    """
    for name, value in values.items():
        _check_limit(name, value)
    async with db.transaction(write=True) as connection:
        for name, value in values.items():
            await db.queries.set_setting(connection, name=name, value=str(value))
        entry = ("limits", ", ".join(sorted(values)))
        number = await commit_change(db, connection, actor, now_s, entry, values)
    return Change(number)


def _check_limit(name: str, value: int) -> None:
    if name not in LIMITS:
        msg = f"{name!r} is no limit; there are {', '.join(LIMITS)}"
        raise InputError(msg)
    least, most = LIMITS[name]
    if not least <= value <= most:
        msg = f"{name}: {value!r} is not between {least} and {most}"
        raise InputError(msg)


async def accept_ledger(
    db: Database,
    node: str,
    ledger: tuple[str, int],
    reason: str,
    actor: Actor,
    now_s: float,
) -> Change:
    """Make a replaced or restored ledger the node's own."""
    async with db.transaction(write=True) as connection:
        await db.queries.put_ledger_identity(
            connection,
            node=node,
            ledger_id=ledger[0],
            last_seq=ledger[1],
            accepted_by=whom(actor),
            reason=reason,
            accepted_at=to_text(now_s),
        )
        entry = ("ledger-accept", node)
        detail = {"ledger_id": ledger[0], "last_seq": ledger[1], "reason": reason}
        number = await commit_change(db, connection, actor, now_s, entry, detail)
    return Change(number)


async def accept_store(db: Database, above: int, reason: str, actor: Actor, now_s: float) -> Change:
    """Raise the revision above a policy that was in force; nothing is written when it is."""
    async with db.transaction(write=True) as connection:
        before = int(await db.queries.revision(connection))
        if before > above:
            return Change(before, count=0)
        await db.queries.raise_revision(connection, revision=above)
        detail = {"before": before, "above": above, "reason": reason}
        number = await commit_change(
            db, connection, actor, now_s, ("store-accept", "store"), detail
        )
    return Change(number)


async def audit(db: Database, limit: int) -> tuple[AuditRow, ...]:
    """Read the newest audit rows, newest first."""
    async with db.transaction(write=False) as connection:
        rows = [row async for row in db.queries.newest_audit(connection, count=limit)]
    return tuple(AuditRow(**dict(row)) for row in rows)
