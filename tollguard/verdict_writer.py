"""Judged calls on their way to the log and to the store; the gate never waits for either."""

import asyncio
import contextlib
import time
from collections import deque
from json.encoder import encode_basestring_ascii

from policies.decision import Step
from tollguard.errors import StoreError
from tollguard.gate import Judged
from tollguard.logs import line_writer, shown
from tollguard.store.rows import VerdictRow
from tollguard.store.times import to_text
from tollguard.store_link import RETRY_S, StoreLink

WAITING_VERDICTS = 20_000  # about 40 MB; at 100 calls/s three minutes without the store
BATCH_ROWS = 50  # their making holds the loop, and so every call, up for about 0.6 ms
REST_FACTOR = 31  # rest so many times as long as a batch took: 3 % of the time at most


class VerdictWriter:
    """A bounded queue of judged calls and the task that writes it to the store.

    Attributes:
        dropped: Verdicts that found the queue full: logged, not stored.
    """

    def __init__(self, link: StoreLink, node: str, grp: str) -> None:
        self.dropped = 0
        self._link = link
        self._node = node
        self._grp = grp
        self._waiting: deque[Judged] = deque()
        self._some = asyncio.Event()
        self._ended = asyncio.Event()
        self._write_line = line_writer()

    @property
    def waiting(self) -> int:
        """How many are not stored yet."""
        return len(self._waiting)

    def record(self, judged: Judged) -> None:
        """Log one decision and queue it; called by the gate, so it never waits."""
        self._log_line(judged)
        self.store(judged)

    def store(self, judged: Judged) -> None:
        """Queue one decision without a log line: one of many of a burst."""
        if len(self._waiting) >= WAITING_VERDICTS:
            self.dropped += 1
            return
        self._waiting.append(judged)
        self._some.set()

    async def run(self) -> None:
        """Write what waits, batch after batch, until `end`.

        Not to be cancelled: a commit that is cancelled may have happened, and would be repeated.
        """
        while not self._ended.is_set():
            await self._some.wait()
            self._some.clear()
            while self._waiting and not self._ended.is_set():
                await self._write_and_rest()

    def end(self) -> None:
        """Let `run` return after the batch that it writes now."""
        self._ended.set()
        self._some.set()

    async def drain(self) -> None:
        """Write what waits before the end; what the store refuses is lost, and logged anyway."""
        while self._waiting and await self._write_batch():
            pass

    async def _write_and_rest(self) -> None:
        """Write one batch, then leave the processor to the gate for a while."""
        begun_s = time.monotonic()
        written = await self._write_batch()
        took_s = time.monotonic() - begun_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(took_s * REST_FACTOR, RETRY_S) if written else RETRY_S):
                await self._ended.wait()

    async def _write_batch(self) -> bool:
        batch = [self._waiting[n] for n in range(min(len(self._waiting), BATCH_ROWS))]
        rows = [self._to_row(judged) for judged in batch]
        try:
            await self._link.do(lambda store: store.write_verdicts(rows))
        except StoreError:
            return False
        for _ in batch:
            self._waiting.popleft()
        return True

    def _to_row(self, judged: Judged) -> VerdictRow:
        attempt, decision, answer = judged.attempt, judged.decision, judged.answer
        number = decision.number
        return VerdictRow(
            node=self._node,
            grp=self._grp,
            at=to_text(judged.at_s),
            linkedid=attempt.linkedid,
            uniqueid=attempt.uniqueid,
            channel=attempt.channel,
            endpoint=decision.principal.actor,
            source=attempt.source,
            trunk=attempt.trunk,
            dialled=attempt.dialled,
            # plain text: sqlite3 would look for an adapter of each enum
            verdict=answer.verdict.value,
            reason=str(answer.reason),
            would=decision.would.value,
            would_reason=str(decision.would_reason),
            number_class=number.number_class.value,
            e164=number.e164,
            country=number.country,
            canonical=answer.number or number.canonical,
            removed=number.removed,
            chargeable=decision.chargeable,
            limit_ms=answer.limit_ms,
            token=answer.token,
            mode=judged.mode.value,
            policy_revision=judged.policy_revision,
            took_us=judged.took_us,
            steps=f"[{', '.join(map(_step, decision.steps))}]",
        )

    def _log_line(self, judged: Judged) -> None:
        """One canonical line per decision. No token: it would prove a leg that it is not."""
        attempt, decision, answer = judged.attempt, judged.decision, judged.answer
        number = decision.number
        # codes of ours as they are, in the quotes of a repr
        self._write_line(
            f"level=info event=verdict verdict='{answer.verdict}' reason='{answer.reason}'"
            f" would='{decision.would}' would_reason='{decision.would_reason}'"
            f" endpoint={shown(decision.principal.actor)} dialled={shown(attempt.dialled)}"
            f" number_class='{number.number_class}' country={shown(number.country)}"
            f" trunk={shown(attempt.trunk)} source={shown(attempt.source)}"
            f" linkedid={shown(attempt.linkedid)} mode='{judged.mode}'"
            f" revision={judged.policy_revision} took_us={judged.took_us}"
        )


def _step(step: Step) -> str:
    """Write a step as JSON; judges, verdicts and reasons are codes of ours and need no escapes."""
    facts = ", ".join(
        f"{encode_basestring_ascii(name)}: {encode_basestring_ascii(value)}"
        for name, value in dict(step.facts).items()
    )
    return (
        f'{{"judge": "{step.judge}", "verdict": "{step.verdict}", "reason": "{step.reason}",'
        f' "facts": {{{facts}}}, "observed": {"true" if step.observed else "false"}}}'
    )
