"""Seeing a policy change within some 20 ms, swapping it whole, and keeping the last good one.

The policy comes from the store. What a command changed while the store could not be written
comes from the snapshot, and is entered into the store as soon as it can be.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import structlog

from policies.ahead import AheadChange, with_changes
from policies.kept import Kept
from policies.policy import Mode, Policy, Site
from tollguard.errors import StoreError
from tollguard.policy_trust import Memory, fallback_policy, older, refusal
from tollguard.snapshot_keeper import SnapshotKeeper
from tollguard.store.ahead import Standing
from tollguard.store.watch import RevisionWatch
from tollguard.store_link import RETRY_S, StoreLink

LOOK_S = 0.02  # DESIGN promises 100 ms until it is seen; a look costs 3 µs

REMEDY = "put the newer store back, or accept this one: tollguard store accept --reason …"

log = structlog.get_logger("tollguard.policy")

Applied = Callable[[Policy], Awaitable[None]]


class PolicyWatch:
    """Follows the policy's revision in the store, and the snapshot beside it.

    Attributes:
        policy: The policy in force.
        source: Where it came from: ``store``, ``snapshot``, ``default`` on a new
            node, or ``fallback`` where there was a policy and none can be believed.
        fault: Why the store's newer policy is not in force; empty when it is.
    """

    def __init__(
        self, link: StoreLink, site: Site, snapshot: Path, store_path: Path, node: str = ""
    ) -> None:
        self.policy = Policy(site=site)
        self.source = "default"
        self.fault = ""
        self._link = link
        self._site = site
        self._file = SnapshotKeeper(snapshot)
        self._store_path = store_path
        self._node = node
        self._watch: RevisionWatch | None = None
        self._memory = Memory()
        self._base = 0  # the store's revision that the policy in force comes from
        self._ahead: tuple[AheadChange, ...] = ()
        self._replaced = False
        self._stale = True
        self._retry_at = 0.0

    @property
    def snapshot_fault(self) -> str:
        """Why the snapshot cannot be read or written; empty when it can."""
        return self._file.fault

    @property
    def _kept(self) -> Kept:
        return Kept(self.policy, self._base, self._ahead)

    async def start(self, memory: Memory | None = None) -> Policy:
        """Get the first policy: the store's unless the snapshot's is newer, else a safe one.

        Args:
            memory: What this node's ledger remembers; None for nothing.
        """
        self._memory = memory or Memory()
        self._take_first()
        self._open_watch()
        if not await self._load() and self.source == "default" and self._store_is_broken():
            self._fall_back()
        if self.source != "store":
            log.warning("policy-without-store", source=self.source, revision=self.policy.revision)
        await self.keep()
        return self.policy

    def _take_first(self) -> None:
        """Judge by the snapshot until the store is known to be as new."""
        look = self._file.look_now()
        if look.kept is not None:
            self._take_kept(look.kept)
        elif self._memory.used or look.fault:
            self._fall_back()

    def _take_kept(self, kept: Kept) -> None:
        # What root decides comes from the TOML of today, not from the day of the snapshot.
        self.policy, self.source = replace(kept.policy, site=self._site), "snapshot"
        self._base, self._ahead = kept.base, kept.ahead

    def _store_is_broken(self) -> bool:
        """Tell whether there is a store, and it cannot be read: no beginning, but a loss."""
        try:
            return self._store_path.stat().st_size > 0
        except OSError:
            return False

    def _fall_back(self) -> None:
        self.policy, self.source = fallback_policy(self._site), "fallback"

    async def run(self, applied: Applied, woken: Callable[[], None]) -> None:
        """Follow the store until cancelled.

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

    async def run_snapshot(self, applied: Applied) -> None:
        """Follow the snapshot until cancelled; apart from the store, which may keep one waiting."""
        retry_at = 0.0
        while True:
            if await self._file.changed() and self._take_news():
                log.info("policy-of-snapshot", revision=self.policy.revision)
                await applied(self.policy)
            if self._file.unkept and time.monotonic() >= retry_at:
                retry_at = time.monotonic() + RETRY_S
                await self.keep()
            await asyncio.sleep(LOOK_S)

    def _take_news(self) -> bool:
        """Take what a command wrote into the snapshot; tells whether the policy is another one."""
        kept = self._file.look.kept
        if kept is None:
            # The fallback needs it, so what is in force is written again.
            self._file.unkept = self.source in ("store", "snapshot")
            self._stale = True
            return False
        news = self._file.news(self._ahead)
        if self.source in ("fallback", "default"):
            self._take_kept(kept)
        elif news:
            revision = max(self.policy.revision + 1, kept.policy.revision)
            self.policy = replace(with_changes(self.policy, news), revision=revision)
            self.source, self._ahead = "snapshot", (*self._ahead, *news)
        elif kept.policy.revision > self.policy.revision:
            self._take_kept(kept)
        else:
            return False
        self._stale, self._retry_at = True, 0.0
        return True

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
            standing = await self._link.do(lambda store: store.standing(self._node))
            if self._is_in_force(standing.revision):
                self._settled("")
                return False
            refused = self._refusal(standing)
            if refused:
                self._settled(f"{refused}; {REMEDY}")
                return False
            fault = await self._enter()
            policy = await self._link.do(lambda store: store.load_policy(self._site))
        except StoreError as error:
            self._settled(str(error))
            return False
        return self._accept(policy, fault)

    def _is_in_force(self, revision: int) -> bool:
        """Tell whether it is this store's policy that judges already."""
        same = self.source == "store" and revision == self._base
        return same and not self._replaced and not self._ahead

    def _refusal(self, standing: Standing) -> str:
        """Say why a store's policy may not judge; empty when it may."""
        if self.source in ("fallback", "default"):
            return refusal(self._file.look, self._memory, standing)
        least = self._kept.least
        if standing.revision >= least:
            return ""
        newer = f"the snapshot's {least}" if self.source == "snapshot" else f"{least} in force"
        return older(standing.revision, newer)

    async def _enter(self) -> str:
        """Enter what is ahead into the store; returns why it could not be."""
        changes = self._ahead
        if not changes:
            return ""
        above, now_s = self.policy.revision, time.time()
        try:
            await self._link.do(lambda store: store.enter(changes, above=above, now_s=now_s))
        except StoreError as error:
            return f"{len(changes)} changes of the snapshot are not in the store yet: {error}"
        self._file.entered(changes)
        self._ahead = tuple(change for change in self._ahead if change not in changes)
        log.info("entered-into-store", changes=len(changes))
        return ""

    def _accept(self, policy: Policy, fault: str) -> bool:
        merged = policy
        if self._ahead:
            revision = max(policy.revision, self.policy.revision)
            merged = replace(with_changes(policy, self._ahead), revision=revision)
        same = self.source == "store" and merged == self.policy
        self.policy, self.source, self._base = merged, "store", policy.revision
        self._replaced = False
        self._settled(fault)
        return not same

    def _settled(self, fault: str) -> None:
        """Remember whether the store's policy is in force; tell the change."""
        if fault and self._file.fault and self.source == "fallback":
            fault = f"{fault}; {self._file.fault}"
        if fault and fault != self.fault:
            log.error("policy-not-taken", reason=fault, kept=self.policy.revision)
        self.fault = fault
        self._stale = bool(fault) or bool(self._ahead)

    async def keep(self) -> None:
        """Write the policy in force to the snapshot; of one that nobody made, only the marker."""
        if self.source in ("store", "snapshot"):
            await self._file.keep(self._kept)
        else:
            await self._file.mark(observing=self.policy.mode is Mode.OBSERVE)

    def close(self) -> None:
        """Give the watch's connection back."""
        self._close_watch()
