"""The daemon's way to its store: opened again when lost, told once when down and once when up."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from tollguard.errors import StoreError
from tollguard.store.schema import store_path
from tollguard.store.store import Store
from tollguard.store.watch import file_identity

RETRY_S = 1.0

log = structlog.get_logger("tollguard.store")

T = TypeVar("T")


class StoreLink:
    """One store that may be away. Nothing on the gate's way waits for it.

    Attributes:
        url: ``sqlite:///path`` or a path.
        fault: Why it is away; empty while it answers.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.fault = "not opened"
        self._store: Store | None = None
        self._identity: tuple[int, int] | None = None
        self._tried_at = float("-inf")

    async def do(self, work: Callable[[Store], Awaitable[T]]) -> T:
        """Run ``work`` on the open store; opens it first when it is not, once a second at most.

        Raises:
            StoreError: The store is away or did not answer.
        """
        try:
            store = await self._opened()
            result = await work(store)
        except StoreError as error:
            self._went(str(error))
            raise
        self._went("")
        return result

    async def close(self) -> None:
        """Close it; without that aiosqlite's thread keeps the process alive."""
        store, self._store = self._store, None
        if store is not None:
            await store.close()

    async def _opened(self) -> Store:
        path = store_path(self.url)
        if self._store is not None and file_identity(path) != self._identity:
            await self.close()
        if self._store is None:
            now = time.monotonic()
            if now - self._tried_at < RETRY_S:
                raise StoreError(self.fault)
            self._tried_at = now
            self._identity = file_identity(path)
            self._store = await Store.open(self.url)
        return self._store

    def _went(self, fault: str) -> None:
        """Tell the change, not every failure."""
        if bool(fault) != bool(self.fault):
            if fault:
                log.warning("store-down", reason=fault)
            else:
                log.info("store-up", url=self.url)
        self.fault = fault
