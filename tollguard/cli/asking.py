"""Putting a question to a daemon by a row of the store, and waiting for its answer."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from tollguard.cli.output import printable
from tollguard.cli.spans import show_short
from tollguard.errors import AsteriskError, NoAnswerError
from tollguard.i18n import _
from tollguard.store import Actor, Store

LOOK_S = 0.02

Answer = Mapping[str, Any]


async def ask(
    store: Store, node: str, question: tuple[str, Mapping[str, object]], actor: Actor, wait_s: float
) -> Answer:
    """Put a question (kind, arguments) to the node's daemon and wait for its answer.

    Raises:
        NoAnswerError: None came in ``wait_s``: the daemon is down or stalled.
        AsteriskError: The daemon answered that it could not.
    """
    kind, arguments = question
    request_id = await store.ask(
        node, kind, json.dumps(arguments), actor, now_s=time.time(), for_s=wait_s
    )
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        answered = await store.request(request_id)
        if answered is not None and answered.answered_at is not None:
            return _result(answered.result, ok=bool(answered.ok))
        await asyncio.sleep(LOOK_S)
    msg = _(
        "the daemon of {node} did not answer in {seconds:g} s; is it running? see tollguard status"
    )
    raise NoAnswerError(msg.format(node=node, seconds=wait_s))


def _result(result: str | None, *, ok: bool) -> Answer:
    if not ok:
        raise AsteriskError(result or _("the daemon could not do it"))
    value = json.loads(result or "{}")
    if not isinstance(value, dict):
        raise AsteriskError(_("the daemon is of another version; restart tollguard"))
    return value


def sight_fault(answer: Answer, zone: str) -> str:
    """Say why the daemon cannot see calls and since when; empty when it can."""
    if not answer.get("blind"):
        return ""
    text = _("calls cannot be seen: {reason}, since {since}; see tollguard status")
    since = show_short(str(answer.get("since") or ""), zone)
    return text.format(reason=printable(answer["blind"]), since=since)
