"""Opening the store for one command, and telling when a change of the policy is in force."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import click

from tollguard.cli.actor import become_owner, current_actor
from tollguard.cli.output import say, warn
from tollguard.cli.shell import Shell
from tollguard.errors import NoAnswerError
from tollguard.i18n import _
from tollguard.store import Actor, Change, NodeRow, Store
from tollguard.store.schema import store_path
from tollguard.store.times import to_seconds

# A daemon beats once a second; five missed beats mean that none is running.
ALIVE_S = 5.0
IN_FORCE_WAIT_S = 2.0
LOOK_S = 0.02

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


async def warn_of_unknown(store: Store, endpoint: str) -> None:
    """Say on standard error that no device is called so, where devices are known at all.

    The change goes on: a phone may be new, and a blind daemon knows none.
    """
    known = {row.endpoint for row in await store.devices()}
    if known and endpoint not in known:
        text = _("{endpoint} is not an endpoint that Asterisk has told of; check the spelling")
        warn(text.format(endpoint=endpoint))


def change_policy(
    shell: Shell,
    change: Callable[[Store, Actor, float], Awaitable[Change]],
    sentence: Callable[[Change], str],
    after: After | None = None,
) -> None:
    """Make one change, say what was done, and wait until the daemons judge by it.

    Args:
        shell: The global options.
        change: Makes the change, given the store, who asks, and wall seconds.
        sentence: Says what was done.
        after: Called with the names of the nodes where it is in force.

    Raises:
        NoAnswerError: A running daemon did not take it over in `IN_FORCE_WAIT_S`.
    """
    actor = current_actor()
    asyncio.run(_change_policy(shell, actor, change, sentence, after))


async def _change_policy(
    shell: Shell,
    actor: Actor,
    change: Callable[[Store, Actor, float], Awaitable[Change]],
    sentence: Callable[[Change], str],
    after: After | None,
) -> None:
    async with opened_store(shell) as store:
        made = await change(store, actor, time.time())
        begin = time.monotonic()
        say(sentence(made))
        if made.count:
            nodes = await _report_nodes(shell, store, made.revision, begin)
            if after is not None:
                await after(store, actor, made, nodes)


async def _report_nodes(shell: Shell, store: Store, revision: int, begin: float) -> tuple[str, ...]:
    """Say where the change is in force and where it is not yet; returns where it is."""
    nodes = [row for row in await store.nodes() if shell.node in (None, row.node)]
    waited_for = {row.node for row in nodes if alive(row, time.time())}
    for row in nodes:
        if row.node not in waited_for:
            say(_not_running(row.node))
    if not nodes:
        say(_not_running(shell.node_name))
    alive_nodes = tuple(sorted(waited_for))
    await _wait(store, revision, waited_for, begin)
    return alive_nodes


def _not_running(node: str) -> str:
    text = _("the daemon is not running on {node}: it takes effect when the daemon starts")
    return text.format(node=node)


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
