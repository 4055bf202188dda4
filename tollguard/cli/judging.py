"""Which policy judges calls on this machine now, for commands that explain and change nothing."""

import asyncio
from typing import TYPE_CHECKING

from tollguard.cli.output import warn
from tollguard.cli.shell import Shell
from tollguard.errors import StoreError
from tollguard.i18n import _

if TYPE_CHECKING:
    from policies.policy import Policy
    from tollguard.store.ahead import Standing

STORE, SNAPSHOT, FALLBACK, DEFAULT = "store", "snapshot", "fallback", "default"


def policy_in_force(shell: Shell) -> "tuple[Policy, str]":
    """Take the policy that the daemon judges by, or would when it started now.

    What is not the store's newest is told on standard error, with the reason.

    Returns:
        The policy, and where it comes from: ``store snapshot fallback default``.
    """
    from tollguard.cli.offline import running

    told = running(shell)
    source = told.get("policy_source")
    if source in (SNAPSHOT, FALLBACK):
        return _without_store(shell, str(told.get("policy_fault") or _("the daemon says so")))
    try:
        policy, standing = asyncio.run(_stored(shell))
    except StoreError as error:
        return _without_store(shell, str(error))
    refused = "" if source == STORE else _refusal(shell, standing)
    return _without_store(shell, refused) if refused else (policy, STORE)


async def _stored(shell: Shell) -> "tuple[Policy, Standing]":
    from tollguard.cli.actor import become_owner
    from tollguard.store import Store
    from tollguard.store.schema import store_path

    config = shell.config
    become_owner(store_path(config.store.url).parent)
    store = await Store.open(config.store.url)
    try:
        standing = await store.standing(config.site.node)
        return await store.load_policy(config.to_site()), standing
    finally:
        await store.close()


def _refusal(shell: Shell, standing: "Standing") -> str:
    from tollguard.policy_trust import memory_of, refusal
    from tollguard.snapshot_file import look_at_snapshot

    config = shell.config
    return refusal(look_at_snapshot(config.snapshot.path), memory_of(config.ledger.path), standing)


def _without_store(shell: Shell, reason: str) -> "tuple[Policy, str]":
    """Judge as a daemon does that does not have its store, or does not believe it."""
    from dataclasses import replace

    from policies.policy import Policy
    from tollguard.policy_trust import fallback_policy, memory_of
    from tollguard.snapshot_file import look_at_snapshot

    config = shell.config
    site, look = config.to_site(), look_at_snapshot(config.snapshot.path)
    if look.kept is not None:
        text = _("{reason}; judged by the snapshot, revision {revision}")
        warn(text.format(reason=reason, revision=look.kept.policy.revision))
        return replace(look.kept.policy, site=site), SNAPSHOT
    if look.fault or memory_of(config.ledger.path).used:
        text = _("{reason}; judged as a daemon without any policy does: nothing chargeable")
        warn(text.format(reason=reason))
        return fallback_policy(site), FALLBACK
    text = _("{reason}; judged by a fresh policy, without your suspensions and grants")
    warn(text.format(reason=reason))
    return Policy(site=site), DEFAULT
