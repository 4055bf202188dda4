"""Attempts, policies and a whole gate for tests of the shell."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from policies.decision import Answer, DialAttempt, Verdict
from policies.policy import Grant, Limits, Mode, Policy, Site, Trunk
from policies.situation import Situation
from tollguard.gate import Gate, Judged
from tollguard.reservations import OK, Reservations

MONACO = "01037793123456"
TOKYO = "0312345678"
FOUR_HOURS_MS, A_DAY_MS = 14_400_000, 86_400_000
SITE = Site(trunks=(Trunk("trunk"),))
MAY_CALL_ABROAD = (Grant(1, "6001", None),)


def attempt(number: str, endpoint: str | None = "6001", uniqueid: str = "1.1") -> DialAttempt:
    """Make a direct call's attempt; None is a Local channel that nobody began."""
    return DialAttempt(
        dialled=number,
        trunk="trunk",
        channel=f"PJSIP/{endpoint}-0000002a" if endpoint else "Local/1@x-0000002a;2",
        uniqueid=uniqueid,
        linkedid="1.1",
        source="192.0.2.7:5060" if endpoint else None,
        at_s=time.monotonic(),
    )


def enforcing(
    *, revision: int = 3, mode: Mode = Mode.ENFORCE, limits: Limits | None = None
) -> Policy:
    """Make a policy under which 6001 may call abroad."""
    return Policy(
        revision=revision,
        site=SITE,
        mode=mode,
        grants=MAY_CALL_ABROAD,
        limits=limits or Limits(),
    )


def told(answer: Answer) -> tuple[Verdict, str]:
    """Give an answer's verdict and its reason."""
    return answer.verdict, answer.reason


@dataclass
class Judging:
    """A gate with its own situation and ledger, and what it recorded."""

    gate: Gate
    situation: Situation
    reservations: Reservations
    recorded: list[Judged] = field(default_factory=list)

    async def judge(self, attempt: DialAttempt) -> Answer:
        """Have one attempt answered, waiting where the gate waits."""
        answer = self.gate.answer(attempt)
        return answer if isinstance(answer, Answer) else await answer


def judging(path: Path, policy: Policy | None = None, *, domestic: str = "allow") -> Judging:
    """Make a gate over a ledger that is taken as known; to be called in a loop."""
    situation, reservations = Situation(), Reservations()
    reservations.open(path)
    if reservations.ledger is not None:
        reservations.state, reservations.reason = OK, ""
    recorded: list[Judged] = []
    gate = Gate(
        policy or enforcing(),
        situation,
        reservations,
        recorded.append,
        domestic_on_failure=domestic,
    )
    return Judging(gate, situation, reservations, recorded)
