"""Rights of originated calls as rows: a fax server's context that may call abroad, with an end."""

from tollguard.store.connection import Database
from tollguard.store.policy_rows import commit_change, joined, until_text, whom
from tollguard.store.rows import Actor, Change, NewOriginateGrant
from tollguard.store.times import to_text


async def grant(
    db: Database, grp: str, new: NewOriginateGrant, actor: Actor, now_s: float
) -> Change:
    """Let calls that begin in a context without anybody call abroad."""
    async with db.transaction(write=True) as connection:
        made = await db.queries.add_originate_grant(
            connection,
            grp=grp,
            context=new.context,
            countries=joined(new.countries),
            reason=new.reason,
            made_at=to_text(now_s),
            until_at=until_text(new.until_s),
            by_whom=whom(actor),
        )
        detail = {
            "countries": joined(new.countries),
            "until": until_text(new.until_s),
            "reason": new.reason,
        }
        entry = ("grant", f"originate {new.context}")
        number = await commit_change(db, connection, actor, now_s, entry, detail)
    return Change(number, int(made))


async def revoke(db: Database, context: str, actor: Actor, now_s: float) -> Change:
    """Take a context's rights back; nothing is written when it has none."""
    async with db.transaction(write=True) as connection:
        ended = await db.queries.end_originate_grants(
            connection, context=context, at=to_text(now_s)
        )
        if not ended:
            return Change(int(await db.queries.revision(connection)), count=0)
        entry = ("revoke", f"originate {context}")
        number = await commit_change(db, connection, actor, now_s, entry, {"ended": ended})
    return Change(number, count=ended)
