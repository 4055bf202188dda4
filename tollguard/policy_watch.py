"""Seeing a policy change within some 20 ms, swapping it whole, and keeping the last good one."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import structlog

from policies.policy import Limits, Mode, Policy, Site
from tollguard.errors import StoreError
from tollguard.snapshot_file import look_at_snapshot, write_snapshot
from tollguard.store.watch import RevisionWatch
from tollguard.store_link import RETRY_S, StoreLink

LOOK_S = 0.02  # DESIGN promises 100 ms until it is seen; a look costs 3 µs

REMEDY = "put the newer store back, or accept this one: tollguard store accept --reason …"

log = structlog.get_logger("tollguard.policy")

Applied = Callable[[Policy], Awaitable[None]]


class PolicyWatch:
    """Follows the policy's revision in the store.

    Attributes:
        policy: The policy in force.
        source: Where it came from: ``store``, ``snapshot``, ``default`` on a new
            node, or ``fallback`` where there was a policy and none can be believed.
        fault: Why the store's newer policy is not in force; empty when it is.
    """

    def __init__(self, link: StoreLink, site: Site, snapshot: Path, store_path: Path) -> None:
        self.policy = Policy(site=site)
        self.source = "default"
        self.fault = ""
        self._link = link
        self._site = site
        self._snapshot = snapshot
        self._store_path = store_path
        self._watch: RevisionWatch | None = None
        self._snapshot_fault = ""
        self._used = False
        self._replaced = False
        self._stale = True
        self._retry_at = 0.0

    async def start(self, *, used: bool = False) -> Policy:
        """Get the first policy: the store's unless the snapshot's is newer, else a safe one.

        Args:
            used: Whether this node has allowed calls before, by its ledger.
        """
        self._take_snapshot(used=used)
        self._open_watch()
        if await self._load():
            await self.keep()
        elif self.source == "default" and self._store_is_broken():
            self._fall_back()
        if self.source != "store":
            log.warning("policy-without-store", source=self.source, revision=self.policy.revision)
        return self.policy

    def _take_snapshot(self, *, used: bool) -> None:
        """Judge by the snapshot until the store is known to be as new."""
        kept, self._snapshot_fault = look_at_snapshot(self._snapshot)
        self._used = used or bool(self._snapshot_fault)
        if self._snapshot_fault:
            log.error("snapshot-unreadable", reason=self._snapshot_fault)
        if kept is not None:
            # What root decides comes from the TOML of today, not from the day of the snapshot.
            self.policy, self.source = replace(kept, site=self._site), "snapshot"
        elif self._used:
            self._fall_back()

    def _store_is_broken(self) -> bool:
        """Tell whether there is a store, and it cannot be read: no beginning, but a loss."""
        try:
            return self._store_path.stat().st_size > 0
        except OSError:
            return False

    def _fall_back(self) -> None:
        """Judge by what costs nothing: no calls abroad nor other chargeable ones without a grant.

        Emergency and free domestic calls pass. Only a node that never had a policy observes.
        """
        limits = Limits(chargeable_per_endpoint=0, chargeable_per_site=0)
        self.policy = Policy(site=self._site, mode=Mode.ENFORCE, limits=limits)
        self.source = "fallback"

    async def run(self, applied: Applied, woken: Callable[[], None]) -> None:
        """Look until cancelled.

        Args:
            applied: Called with each new policy, to put it in force.
            woken: Called whenever somebody committed: requests may wait.
        """
        while True:
            if self._changed():
                woken()
                if await self._load():
                    await applied(self.policy)
            await asyncio.sleep(LOOK_S)

    def _changed(self) -> bool:
        """Tell whether to ask the store: somebody committed, or its policy is not in force yet."""
        now = time.monotonic()
        overdue = now >= self._retry_at
        if overdue:
            self._retry_at = now + RETRY_S
        if self._watch is None:
            if overdue:
                self._open_watch()
            return overdue
        try:
            return self._watch.changed() or (overdue and self._stale)
        except StoreError:
            self._close_watch()
            self._replaced = True
            return True

    def _open_watch(self) -> None:
        try:
            self._watch = RevisionWatch(self._store_path)
        except StoreError:
            self._watch = None

    def _close_watch(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    async def _load(self) -> bool:
        """Take the store's policy when it is newer; tells whether it was."""
        try:
            revision = await self._link.do(lambda store: store.revision())
            if self._is_in_force(revision):
                self._settled("")
                return False
            policy = await self._link.do(lambda store: store.load_policy(self._site))
        except StoreError as error:
            self._settled(str(error))
            return False
        return self._accept(policy)

    def _is_in_force(self, revision: int) -> bool:
        """Tell whether it is this store's policy that judges already."""
        same = self.source == "store" and revision == self.policy.revision
        return same and not self._replaced

    def _accept(self, policy: Policy) -> bool:
        refusal = self._refusal(policy.revision)
        if refusal:
            self._settled(f"{refusal}; {REMEDY}")
            return False
        same = self.source == "store" and policy == self.policy
        self.policy, self.source = policy, "store"
        self._replaced = False
        self._settled("")
        return not same

    def _refusal(self, revision: int) -> str:
        """Say why a store's policy may not judge; empty when it may."""
        now = self.policy.revision
        if revision < now:
            newer = f"the snapshot's {now}" if self.source == "snapshot" else f"{now} in force"
            return f"the store's policy is revision {revision}, older than {newer}"
        if revision == 0 and self.source == "fallback" and self._used:
            return "the store was never used, although this node had a policy before"
        return ""

    def _settled(self, fault: str) -> None:
        """Remember whether the store's policy is in force; tell the change."""
        if fault and self._snapshot_fault and self.source == "fallback":
            fault = f"{fault}; {self._snapshot_fault}"
        if fault and fault != self.fault:
            log.error("policy-not-taken", reason=fault, kept=self.policy.revision)
        self.fault = fault
        self._stale = bool(fault)

    async def keep(self) -> None:
        """Write the policy in force to the snapshot; a disk that refuses is told, not more."""
        try:
            written = await asyncio.to_thread(write_snapshot, self._snapshot, self.policy)
        except OSError as error:
            log.error("snapshot-not-written", reason=str(error))
            return
        if not written:
            log.warning("snapshot-is-newer", revision=self.policy.revision)

    def close(self) -> None:
        """Give the watch's connection back."""
        self._close_watch()
