"""Opening the store for one command, and telling when a change of the policy is in force."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass

import click

from tollguard.cli.actor import become_owner, current_actor
from tollguard.cli.offline import (
    Offline,
    change_offline,
    is_refused,
    keep_of_store,
    tell_offline,
)
from tollguard.cli.output import print_object, say, warn
from tollguard.cli.shell import Form, Shell
from tollguard.cli.status import has_ended
from tollguard.errors import NoAnswerError, StoreError
from tollguard.i18n import _
from tollguard.store import Actor, Change, NodeRow, Store
from tollguard.store.schema import store_path
from tollguard.store.times import to_seconds

# A daemon beats once a second; five missed beats mean that none is running.
ALIVE_S = 5.0
IN_FORCE_WAIT_S = 2.0
LOOK_S = 0.02

Make = Callable[[Store, Actor, float], Awaitable[Change]]
After = Callable[[Store, Actor, Change, tuple[str, ...]], Awaitable[None]]


@asynccontextmanager
async def opened_store(shell: Shell) -> AsyncIterator[Store]:
    """Open the configured store, and close it whatever happens.

    Raises:
        NotFoundError: ``--node`` names a node that this store never heard of.
    """
    url = shell.config.store.url
    become_owner(store_path(url).parent)
    store = await Store.open(url, shell.config.site.group)
    try:
        if shell.node is not None:
            shell.check_node([row.node for row in await store.nodes()])
        yield store
    finally:
        await store.close()


def alive(row: NodeRow, now_s: float) -> bool:
    """Tell whether a node's daemon beat lately."""
    return abs(now_s - to_seconds(row.at)) <= ALIVE_S


def _is_running(shell: Shell, row: NodeRow) -> bool:
    """Tell whether a node's daemon can take a change over; of this machine's own by its process."""
    is_ours = row.node == shell.config.site.node
    return alive(row, time.time()) and not (is_ours and has_ended(row.pid))


async def check_running(shell: Shell, store: Store) -> None:
    """See that the node's daemon runs, before it is asked something that takes long.

    Raises:
        NoAnswerError: It does not run, or has not said so for `ALIVE_S`.
    """
    node = shell.node_name
    if not any(row.node == node and _is_running(shell, row) for row in await store.nodes()):
        text = _("the daemon of {node} is not running; see tollguard status")
        raise NoAnswerError(text.format(node=node))


async def warn_of_unknown(store: Store, endpoint: str) -> None:
    """Say on standard error that no device is called so, where devices are known at all.

    The change goes on: a phone may be new, and a blind daemon knows none.
    """
    known = {row.endpoint for row in await store.devices()}
    if known and endpoint not in known:
        text = _("{endpoint} is not an endpoint that Asterisk has told of; check the spelling")
        warn(text.format(endpoint=endpoint))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One change of the policy, as `change_policy` takes it."""

    make: Make
    sentence: Callable[[Change], str]
    after: After | None
    offline: Offline | None


def change_policy(
    shell: Shell,
    change: Make,
    sentence: Callable[[Change], str],
    after: After | None = None,
    offline: Offline | None = None,
    actor: Actor | None = None,
) -> None:
    """Make one change, say what was done, and wait until the daemons judge by it.

    Args:
        shell: The global options.
        change: Makes the change, given the store, who asks, and wall seconds.
        sentence: Says what was done.
        after: Called with the names of the nodes where it is in force.
        offline: Makes what stands in the snapshot when the store does not take
            the change; None for one that cannot be made without the store.
        actor: Who asks, where the command became somebody else already.

    Raises:
        NoAnswerError: A running daemon did not take it over in `IN_FORCE_WAIT_S`.
        StoreError: Neither the store nor the snapshot took it.
    """
    who, wanted = actor or current_actor(), _Wanted(change, sentence, after, offline)
    if shell.form is Form.TABLE:
        asyncio.run(_change_policy(shell, who, wanted))
        return
    with redirect_stdout(sys.stderr):
        made, fault = asyncio.run(_change_policy(shell, who, wanted))
    row = {"revision": made.revision, "count": made.count}
    print_object(shell, row | {"kept_in": "snapshot" if fault else "store", "store_fault": fault})


async def _change_policy(shell: Shell, actor: Actor, wanted: _Wanted) -> tuple[Change, str]:
    """Make the change; returns it and why the store did not take it."""
    made: Change | None = None
    try:
        async with opened_store(shell) as store:
            made = await wanted.make(store, actor, time.time())
            await _tell_made(shell, store, actor, wanted, made)
    except StoreError as error:
        if made is not None or wanted.offline is None:
            raise
        return _make_offline(shell, actor, wanted, error), str(error)
    return made, ""


async def _tell_made(
    shell: Shell, store: Store, actor: Actor, wanted: _Wanted, made: Change
) -> None:
    """Say what the store took, and see that it is in force."""
    begin = time.monotonic()
    kept = await _keep(shell, store) if made.count else False
    say(wanted.sentence(made))
    if not made.count:
        return
    absence = _absence(kept=kept, cuts=wanted.after is not None)
    try:
        nodes = await _report_nodes(shell, store, (made.revision, absence), begin)
    except NoAnswerError as late:
        if wanted.offline is None or not is_refused(shell):
            await _keep(shell, store, late=True)
            raise
        _ = _make_offline(shell, actor, wanted, StoreError(str(late)))
        return
    if wanted.after is not None:
        await wanted.after(store, actor, made, nodes)


async def _keep(shell: Shell, store: Store, *, late: bool = False) -> bool:
    """Keep the policy for the fallback when no daemon of this machine does, or not in time.

    Returns:
        Whether it stands in the snapshot now.
    """
    node = shell.config.site.node
    rows = await store.nodes()
    if not late and any(row.node == node and _is_running(shell, row) for row in rows):
        return False
    try:
        return await keep_of_store(shell, store)
    except StoreError as error:
        warn(_("{error}; the fallback judges by the policy before").format(error=error))
        return False


def _make_offline(shell: Shell, actor: Actor, wanted: _Wanted, error: StoreError) -> Change:
    assert wanted.offline is not None
    made = change_offline(shell, wanted.offline(actor, time.time()), error)
    say(wanted.sentence(made))
    if made.count:
        tell_offline(shell, made, error)
    return made


async def _report_nodes(
    shell: Shell, store: Store, made: tuple[int, str], begin: float
) -> tuple[str, ...]:
    """Say where the change is in force and where it is not yet; returns where it is.

    Args:
        shell: The global options.
        store: Open.
        made: The change's revision, and what it does here without the daemon.
        begin: Monotonic seconds when it was made.
    """
    revision, absence = made
    here = shell.config.site.node
    nodes = [row for row in await store.nodes() if shell.node in (None, row.node)]
    waited_for = {row.node for row in nodes if _is_running(shell, row)}
    for row in nodes:
        if row.node not in waited_for:
            say(_not_running(row.node, absence if row.node == here else _absence()))
    if not nodes:
        say(_not_running(shell.node_name, absence if shell.node_name == here else _absence()))
    alive_nodes = tuple(sorted(waited_for))
    await _wait(store, revision, waited_for, begin)
    return alive_nodes


def _absence(*, kept: bool = False, cuts: bool = False) -> str:
    """Say what a change does while no daemon runs: the fallback judges by what was kept."""
    if not kept:
        return _("it takes effect when the daemon starts")
    if cuts:
        return _(
            "the fallback judges by it from now on; running calls are cut when the daemon starts"
        )
    return _("the fallback judges by it from now on, and the daemon when it starts")


def _not_running(node: str, absence: str) -> str:
    return _("the daemon is not running on {node}: {absence}").format(node=node, absence=absence)


async def _wait(store: Store, revision: int, waited_for: set[str], begin: float) -> None:
    while waited_for:
        for row in await store.nodes():
            if row.node in waited_for and row.policy_revision >= revision:
                waited_for.discard(row.node)
                text = _("in force on {node} after {seconds:.2f} s")
                click.echo(text.format(node=row.node, seconds=time.monotonic() - begin))
        if waited_for and time.monotonic() - begin > IN_FORCE_WAIT_S:
            text = _("not in force on {nodes} after {seconds:g} s; look at tollguard status")
            names = ", ".join(sorted(waited_for))
            raise NoAnswerError(text.format(nodes=names, seconds=IN_FORCE_WAIT_S))
        await asyncio.sleep(LOOK_S if waited_for else 0)
