"""A stand-in for the daemon: beats, takes the policy over and answers requests, on a real store."""

import asyncio
import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.tollguard.store.samples import NODE
from tests.until import until_sync
from tollguard.store import RequestRow, Store
from tollguard.store.times import to_text

CALL = {
    "uniqueid": "1.2",
    "channel": "PJSIP/trunk-00000002",
    "endpoint": "6001",
    "trunk": "trunk",
    "dialled": "01037793123456",
    "country": "MC",
    "emergency": False,
    "state": "up",
    "since_at": "2026-11-24T03:00:00.000Z",
}

LOOKED = {"contexts": 3, "extensions": 9, "lines": 20, "dials": 4, "gates": 2, "more": 0}
HOLE = {
    "why": "dial-without-gate",
    "app": "Dial",
    "data": "PJSIP/${EXTEN}@trunk",
    "registrar": "pbx_config",
    "detail": "PJSIP/${EXTEN}@trunk",
    "path": [
        {"context": "phones", "exten": "", "priority": 0, "leaves": "include"},
        {"context": "out", "exten": "_0X.", "priority": 1, "leaves": "gosub"},
        {"context": "sub", "exten": "s", "priority": 1, "leaves": ""},
    ],
}


class StandIn:
    """Runs in a thread of its own for as long as the ``with`` lasts.

    Attributes:
        asked: Requests that it answered: kind and arguments.
    """

    def __init__(  # noqa: PLR0913 - one flag for each way in which a daemon fails
        self,
        path: Path,
        *,
        takes_over: bool = True,
        able: bool = True,
        empty: bool = False,
        blind: bool = False,
        cuts: bool = True,
        answers: bool = True,
    ) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._path = path
        self._takes_over = takes_over
        self._able = able
        self._empty = empty
        self._blind = blind
        self._cuts = cuts
        self._answers = answers
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        until_sync(self._ready.is_set, 5.0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    async def _run(self) -> None:
        store = await Store.open(str(self._path))
        try:
            while not self._stop.is_set():
                revision = await store.revision() if self._takes_over else 0
                at = to_text(time.time())
                await store.beat(replace(NODE, at=at, pid=os.getpid(), policy_revision=revision))
                self._ready.set()
                for request in await store.claim_requests("pbx1", now_s=time.time()):
                    await self._answer(store, request)
                await asyncio.sleep(0.005)
        finally:
            await store.close()

    async def _answer(self, store: Store, request: RequestRow) -> None:
        self.asked.append((request.kind, json.loads(request.arguments)))
        if not self._answers:
            return
        result = json.dumps(self._result(request.kind)) if self._able else "AMI is down"
        await store.answer_request(request.id, result, ok=self._able, now_s=time.time())

    def _result(self, kind: str) -> dict[str, object]:
        ids = [] if self._empty else ["1.2"]
        sight = {
            "blind": "ami-refused: no\x1b[2J" if self._blind else "",
            "since": "2026-11-24T03:00:00.000Z",
        }
        match kind:
            case "calls-list":
                return {"calls": [] if self._empty else [CALL], **sight}
            case "calls-hangup":
                return {"ended": ids, **sight}
            case "coverage":
                return {**LOOKED, "findings": [] if self._empty else [HOLE], **sight}
            case _:
                cut, not_cut = (ids, []) if self._cuts else ([], ids)
                fault = "ami-refused: Authentication failed"
                return {"cut": cut, "not_cut": dict.fromkeys(not_cut, fault), **sight}
