"""Changing what is suspended when the store or the daemon is away: in the snapshot.

The fallback judges by the snapshot, and a daemon that cannot read its store watches it too. A
change that stands in it alone carries who, when and why, and the daemon enters it into the
store as soon as that can be written.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import click

from policies.ahead import AheadChange, with_changes
from policies.kept import Kept, of_store
from policies.policy import Suspension
from policies.snapshot import SnapshotError
from tollguard.cli.actor import become_owner
from tollguard.cli.output import say, warn
from tollguard.cli.shell import Shell
from tollguard.cli.status import STALE_S, age_s, has_ended, read_status
from tollguard.errors import NoAnswerError, StoreError
from tollguard.i18n import _
from tollguard.policy_trust import memory_of, refusal
from tollguard.snapshot_file import change_snapshot, look_at_snapshot, write_snapshot
from tollguard.store import Actor, Change, Store
from tollguard.store.policy_rows import whom

IN_FORCE_WAIT_S = 2.0
LOOK_S = 0.02

Offline = Callable[[Actor, float], AheadChange]


def change_of(suspension: Suspension, actor: Actor, *, ends: bool) -> AheadChange:
    """Make a change that stands in the snapshot alone, with a mark of its own."""
    by = replace(suspension, by=whom(actor))
    return AheadChange(secrets.token_hex(16), ends, by, actor.login, actor.claim)


def change_offline(shell: Shell, change: AheadChange, error: StoreError) -> Change:
    """Put a change into the snapshot; ``count`` is 0 when there was nothing to end.

    Args:
        shell: The global options.
        change: What is asked for.
        error: Why the store does not take it.

    Raises:
        StoreError: There is no snapshot either, or it cannot be changed; nothing was.
    """
    path = shell.config.snapshot.path
    become_owner(path.parent)
    least = int(running(shell).get("policy_revision") or 0)
    counts: list[int] = []

    def changed(kept: Kept) -> Kept:
        policy = with_changes(kept.policy, [change])
        counts.append(abs(len(policy.suspensions) - len(kept.policy.suspensions)))
        if not counts[0]:
            return kept
        policy = replace(policy, revision=max(kept.policy.revision, least) + 1)
        return Kept(policy, kept.base, (*kept.ahead, change))

    try:
        kept = change_snapshot(path, changed)
    except FileNotFoundError:
        raise error from None
    except (OSError, SnapshotError) as fault:
        text = _("{error}; the snapshot cannot be changed either, so nothing was: {fault}")
        raise type(error)(text.format(error=error, fault=fault)) from fault
    return Change(kept.policy.revision, count=counts[0])


def tell_offline(shell: Shell, change: Change, error: StoreError) -> None:
    """Say that the store does not have it, and wait until the daemon judges by it.

    Raises:
        NoAnswerError: A running daemon did not take it over in `IN_FORCE_WAIT_S`.
    """
    text = _(
        "the store did not take it: {error}\nit stands in {path}, where the fallback reads it,"
        " and comes into the store by itself"
    )
    say(text.format(error=error, path=shell.config.snapshot.path))
    node, begin = shell.config.site.node, time.monotonic()
    if not running(shell):
        text = _(
            "the daemon is not running on {node}: the fallback judges by it from now on, and the"
            " daemon when it starts"
        )
        say(text.format(node=node))
        return
    while int(running(shell).get("policy_revision") or 0) < change.revision:
        if time.monotonic() - begin > IN_FORCE_WAIT_S:
            text = _("not in force on {nodes} after {seconds:g} s; look at tollguard status")
            raise NoAnswerError(text.format(nodes=node, seconds=IN_FORCE_WAIT_S))
        time.sleep(LOOK_S)
    text = _("in force on {node} after {seconds:.2f} s")
    click.echo(text.format(node=node, seconds=time.monotonic() - begin))


def running(shell: Shell) -> Mapping[str, Any]:
    """Read what this machine's daemon says of itself; empty when none runs."""
    try:
        data = read_status(shell.config.status_path)
    except OSError:
        return {}
    age = age_s(data, time.time())
    alive = age is not None and abs(age) <= STALE_S and not has_ended(data.get("pid"))
    return data if alive else {}


def is_refused(shell: Shell) -> bool:
    """Tell whether this machine's daemon runs and does not judge by its store."""
    return bool(running(shell).get("policy_source", "store") != "store")


async def keep_of_store(shell: Shell, store: Store) -> bool:
    """Keep the store's policy in the snapshot for a daemon that does not run.

    A snapshot or a ledger that the store does not fit is left alone, and told.

    Returns:
        Whether the snapshot has it now.
    """
    path, site = shell.config.snapshot.path, shell.config.site
    look, memory = look_at_snapshot(path), memory_of(shell.config.ledger.path)
    refused = refusal(look, memory, await store.standing(site.node))
    if refused:
        warn(_("{reason}; see: tollguard store accept").format(reason=refused))
        return False
    ahead = look.kept.ahead if look.kept else ()
    if look.kept and ahead:
        above = look.kept.policy.revision
        await store.enter(ahead, above=above, now_s=time.time())
    policy = await store.load_policy(shell.config.to_site())
    try:
        write_snapshot(path, of_store(policy), {change.mark for change in ahead})
    except OSError as error:
        text = _("{path} was not written, so the fallback judges by the policy before: {reason}")
        warn(text.format(path=path, reason=error.strerror or error))
        return False
    return True
