"""`tollguard-agi`: the process that judges a call by the snapshot while the daemon is silent.

The same core decides, with an empty picture of what is true now. So it knows no registrations
and counts no calls, and gives no token: in enforce nothing chargeable is allowed here. Without a
snapshot that can be believed it gives no verdict, and the dialplan's written fail mode answers.
"""

import os
import signal
import sys
import syslog
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import NoReturn

from asterisk.agi import AGI

from agi.commands import is_verdict_set, tell_verdict
from agi.protocol import (
    HANGUP,
    AgiProtocolError,
    Environment,
    EnvironmentReader,
    Refusal,
    Reply,
    ReplyReader,
)
from policies.decision import Answer, Decision, DialAttempt, Step, Verdict
from policies.judges import decide
from policies.kept import MAX_BYTES, load
from policies.numbering.plans import plan_for
from policies.policy import Mode, Policy
from policies.principal import Claim, endpoint_of
from policies.situation import Situation

DEADLINE_S = 2.0  # the dialplan's own; a process that nobody waits for any more ends by itself
READ_BYTES = 4_096

# A script of Asterisk's own is sent all of the environment but these two lines of FastAGI's.
NETWORK_LINES = b"agi_network: yes\nagi_network_script: tollguard-agi\n"

FORWARDER, TRANSFERER = "${FORWARDERNAME}", "${BLINDTRANSFER}"
MASTER = "${MASTER_CHANNEL(CHANNEL(name))}"
SOURCE = "${CHANNEL(pjsip,remote_addr)}"

CHARGEABLE, UNBOUND = "fallback-chargeable", "fallback-unbound"
BINDING_IS_OFF = Step("fallback", Verdict.ABSTAIN, UNBOUND)


class Session(AGI):  # type: ignore[misc]  # pyst2 has no types
    """pyst2's session over this process's own pipes, with its reading replaced.

    pyst2 takes the last of a repeated key, tells everything to standard error and trips over a
    hangup; what comes from Asterisk is read by `agi.protocol` instead.

    Attributes:
        environment: What Asterisk says before the first command. Untrusted text inside.
    """

    environment: Environment

    def __init__(self) -> None:
        super().__init__(stdin=None, stdout=sys.stdout, stderr=StringIO())
        self._replies = ReplyReader()

    def _get_agi_env(self) -> None:
        reader = EnvironmentReader()
        environment = reader.feed(NETWORK_LINES)
        while environment is None:
            environment = reader.feed(_read())
        self.environment = environment

    def ask(self, command: str) -> Reply:
        """Send one command in one write and wait for its answer.

        Raises:
            AgiProtocolError: What came is no answer, or the caller is gone.
        """
        self.send_command(command)
        replies: list[Reply] = []
        while not replies:
            replies = self._replies.feed(_read())
        if HANGUP in replies:
            raise AgiProtocolError(Refusal.HANGUP)
        if len(replies) > 1 or not self._replies.idle:
            raise AgiProtocolError(Refusal.SURPLUS_BYTES)
        return replies[0]

    def value_of(self, expression: str) -> str:
        """Ask for an expression of ours; empty where the channel has no value. Untrusted.

        Raises:
            AgiProtocolError: As for `ask`, or the command failed.
        """
        reply = self.ask(f'GET FULL VARIABLE "{expression}"')
        if reply.code != 200:
            raise AgiProtocolError(Refusal.COMMAND_REFUSED)
        return reply.value or ""


def _read() -> bytes:
    data = os.read(sys.stdin.fileno(), READ_BYTES)
    if not data:
        raise AgiProtocolError(Refusal.CLIENT_GONE)
    return data


def judge(attempt: DialAttempt, policy: Policy, now_s: float) -> Decision:
    """Judge one attempt for each endpoint that may be behind it; the strictest decision wins.

    The map of calls is empty here, so no name is proven: each that the channel gives is
    judged as if its endpoint dialled itself, and a suspension of any one of them counts.

    Args:
        attempt: What was asked for. Untrusted text inside.
        policy: The snapshot's.
        now_s: Wall seconds since the epoch.

    Returns:
        The core's decision, and the steps of this fallback.

    Raises:
        ValueError: The policy names no dial plan of ours.
    """
    plan, empty = plan_for(policy.site), Situation()
    asked = (attempt, *_as_if_direct(attempt))
    decisions = [decide(one, policy, plan, empty, now_s) for one in asked]
    denied = [decision for decision in decisions if decision.verdict is not Verdict.ALLOW]
    return _with_our_steps((denied or decisions)[0], policy.mode)


def _as_if_direct(attempt: DialAttempt) -> Iterable[DialAttempt]:
    """Put each endpoint that a channel's name gives in the place of the caller."""
    claim = attempt.claim
    for channel in (attempt.channel, claim.forwarder, claim.transferer, claim.master):
        endpoint = endpoint_of(channel)
        if endpoint:
            # any source will do: without one the core takes it for a channel that was dialled;
            # and the name itself for chan_sip's own word, which nothing here asks for
            peer = Claim(peer=endpoint)
            yield replace(attempt, channel=channel, claim=peer, source="")


def _with_our_steps(decision: Decision, mode: Mode) -> Decision:
    """Deny what costs money in enforce, and say that no registration was looked at."""
    steps = (*decision.steps[:-1], BINDING_IS_OFF, decision.steps[-1])
    if decision.verdict is not Verdict.ALLOW or not decision.chargeable:
        return replace(decision, steps=steps)
    observed = mode is Mode.OBSERVE
    step = Step("fallback", Verdict.DENY, CHARGEABLE, observed=observed)
    if observed:
        steps = (*steps[:-1], step, steps[-1])
        return replace(decision, steps=steps)
    return replace(
        decision,
        verdict=Verdict.DENY,
        reason=CHARGEABLE,
        limit_ms=0,
        steps=(*steps[:-1], step),
        would=Verdict.DENY,
        would_reason=CHARGEABLE,
    )


def answer_to(decision: Decision, mode: Mode) -> Answer:
    """Make the dialplan's answer, which has no token: nobody here could account for it."""
    if decision.verdict is not Verdict.ALLOW:
        return Answer(Verdict.DENY, "", 0, "", decision.reason)
    number = decision.number
    dial = number.dialled if mode is Mode.OBSERVE else number.canonical
    return Answer(Verdict.ALLOW, dial, decision.limit_ms, "", decision.reason)


def main() -> int:
    """Judge the call on standard input; returns the exit status, 1 without a verdict."""
    signal.signal(signal.SIGALRM, _too_late)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE_S)
    try:
        line = _judge_call()
    except Exception as error:  # noqa: BLE001 - whatever it is, the dialplan's fail mode answers
        _tell(syslog.LOG_ERR, f"no verdict: {error!r:.300}")
        return 1
    _tell(syslog.LOG_INFO, line)
    return 0


def _judge_call() -> str:
    """Give the verdict; returns what the log is told."""
    session = Session()
    trunk, dialled, snapshot = _arguments(session.environment)
    policy = load(_bytes_of(Path(snapshot))).policy
    attempt = _attempt(session, trunk, dialled)
    decision = judge(attempt, policy, time.time())
    command = tell_verdict(answer_to(decision, policy.mode), tokenless=True)
    if not is_verdict_set(session.ask(command.decode().rstrip("\n"))):
        raise AgiProtocolError(Refusal.VERDICT_NOT_SET)
    return (
        f"{decision.verdict} {decision.reason}: {dialled!r:.80} on {trunk!r:.80}"
        f" from {session.environment.channel!r:.80}, policy {policy.revision} ({policy.mode}),"
        f" registrations not looked at"
    )


def _arguments(environment: Environment) -> Sequence[str]:
    if len(environment.arguments) != 3:  # the trunk, the number and the snapshot's path
        raise AgiProtocolError(Refusal.ARGUMENT_COUNT)
    if not environment.channel or not environment.uniqueid:
        raise AgiProtocolError(Refusal.EMPTY_VALUE)
    return environment.arguments


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _attempt(session: Session, trunk: str, dialled: str) -> DialAttempt:
    environment = session.environment
    # other drivers warn in Asterisk's log when they are asked for it
    source = session.value_of(SOURCE) if environment.technology == "PJSIP" else ""
    return DialAttempt(
        dialled=dialled,
        trunk=trunk,
        channel=environment.channel,
        uniqueid=environment.uniqueid,
        linkedid=environment.uniqueid,
        source=source or None,
        at_s=time.monotonic(),
        claim=Claim(*map(session.value_of, (FORWARDER, TRANSFERER, MASTER))),
    )


def _too_late(_signal: int, _frame: object) -> NoReturn:
    msg = f"not done in {DEADLINE_S:g} s"
    raise TimeoutError(msg)


def _tell(priority: int, text: str) -> None:
    """Tell the machine's log, and standard error for who runs it by hand."""
    syslog.openlog("tollguard-agi", syslog.LOG_PID | syslog.LOG_PERROR, syslog.LOG_DAEMON)
    syslog.syslog(priority, text)
