"""Answers the request rows: what only the daemon can tell or do (docs/adr/0003)."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from policies.policy import Suspension, SuspensionKind
from tollguard.calls_cutter import CallsCutter
from tollguard.errors import InputError, StoreError
from tollguard.live_calls import LiveCall
from tollguard.store.rows import CALLS_CUT, CALLS_HANGUP, CALLS_LIST, COVERAGE, RequestRow
from tollguard.store.times import to_text
from tollguard.store_link import RETRY_S, StoreLink

Look = Callable[[], Awaitable[dict[str, object]]]
Sight = Callable[[], tuple[str, str]]  # why calls are not seen, "" when they are, and since when

log = structlog.get_logger("tollguard.requests")


class RequestDesk:
    """Claims this node's requests and answers each."""

    def __init__(
        self, link: StoreLink, cutter: CallsCutter, node: str, sight: Sight, coverage: Look
    ) -> None:
        self._link = link
        self._cutter = cutter
        self._node = node
        self._sight = sight
        self._coverage = coverage
        self._some = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be requests: somebody committed to the store."""
        self._some.set()

    async def run(self) -> None:
        """Answer what comes until cancelled."""
        async with asyncio.TaskGroup() as group:
            await self._serve(group)

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            try:
                await self._answer_all(group)
            except StoreError:
                await asyncio.sleep(RETRY_S)  # told by the link; the rows are still there
                self._some.set()

    async def _answer_all(self, group: asyncio.TaskGroup) -> None:
        claimed = await self._link.do(
            lambda store: store.claim_requests(self._node, now_s=time.time())
        )
        for request in claimed:
            if request.kind == COVERAGE:  # takes its time, and a call to be cut does not wait
                _ = group.create_task(self._answer_beside(request), name="coverage")
            else:
                await self._reply(request, *await self._answer(request))

    async def _answer_beside(self, request: RequestRow) -> None:
        with contextlib.suppress(StoreError):  # told by the link; the asker is told of no answer
            await self._reply(request, *await self._answer(request))

    async def _reply(self, request: RequestRow, result: str, ok: bool) -> None:  # noqa: FBT001 - a pair
        await self._link.do(
            lambda store: store.answer_request(request.id, result, ok=ok, now_s=time.time())
        )

    async def _answer(self, request: RequestRow) -> tuple[str, bool]:
        """Do what one request wants; a fault of ours is answered too."""
        try:
            done = await self._do(request)
            blind, since = self._sight()
            return json.dumps({**done, "blind": blind, "since": since}), True
        except InputError as error:
            return str(error), False
        except Exception as error:
            log.exception("request-failed", kind=request.kind, by=request.by)
            return f"{request.kind}: {error}", False

    async def _do(self, request: RequestRow) -> dict[str, object]:
        if request.kind == CALLS_LIST:
            return {"calls": [_describe(call) for call in self._cutter.live()]}
        if request.kind == CALLS_HANGUP:
            log.warning("hangup-asked", by=request.by, arguments=request.arguments)
            return {"ended": await self._hang_up(_chooser(json.loads(request.arguments)))}
        if request.kind == CALLS_CUT:
            cut, not_cut = await self._cutter.outcome(*_suspension(json.loads(request.arguments)))
            return {"cut": cut, "not_cut": not_cut}
        if request.kind == COVERAGE:
            return await self._coverage()
        message = f"this daemon does not know the request {request.kind!r}"
        raise InputError(message)

    async def _hang_up(self, wanted: Callable[[LiveCall], bool]) -> list[str]:
        calls = [call for call in self._cutter.live() if wanted(call) and not call.emergency]
        done = await self._cutter.cut(calls)
        if len(done) < len(calls):
            message = f"Asterisk hung up {len(done)} of {len(calls)} calls; see the journal"
            raise InputError(message)
        return done


def _chooser(arguments: dict[str, str]) -> Callable[[LiveCall], bool]:
    """Say which calls a hang-up request means."""
    match list(arguments.items()):
        case [("uniqueid", uniqueid)]:
            return lambda call: call.leg.uniqueid == uniqueid
        case [("endpoint", endpoint)]:
            return lambda call: endpoint in (call.endpoint, *call.responsible)
        case [("country", country)]:
            return lambda call: country in call.countries
        case [("all", "international")]:
            return lambda call: call.international
        case _:
            message = f"cannot tell which calls {arguments!r} means"
            raise InputError(message)


def _suspension(arguments: dict[str, Any]) -> tuple[Suspension, int]:
    """Say which suspension of which revision a question about its cut means."""
    try:
        kind = SuspensionKind(arguments["kind"])
        revision, target = int(arguments["revision"]), str(arguments["target"])
    except (KeyError, TypeError, ValueError) as error:
        message = f"cannot tell which suspension {arguments!r} means"
        raise InputError(message) from error
    return Suspension(0, kind, target, 0.0, None, "", ""), revision


def _describe(call: LiveCall) -> dict[str, object]:
    leg = call.leg
    since_s = leg.begun_at_s if leg.answered_at_s is None else leg.answered_at_s
    return {
        "uniqueid": leg.uniqueid,
        "channel": leg.channel,
        "endpoint": call.endpoint,
        "trunk": call.trunk,
        "dialled": call.number.dialled,
        "country": call.number.country,
        "emergency": call.emergency,
        "state": "ringing" if leg.answered_at_s is None else "up",
        "since_at": to_text(time.time() - (time.monotonic() - since_s)),
    }
