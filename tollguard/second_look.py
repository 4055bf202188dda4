"""Gives AMI a moment before a call is refused only because the map of calls lacks an entry.

AMI comes on another connection than the gate's session and may be late by milliseconds. The channel
itself is asked at once where it can tell; and the map is looked at until it knows, or time is up.
"""

import asyncio
import time
from dataclasses import replace

from agi.commands import MASTER_PEER, call_of
from agi.server import Ask
from policies.decision import Decision, DialAttempt
from policies.events import ChannelSeen, TransferKind, Transferred
from policies.judges import principal_of
from policies.policy import Policy
from policies.principal import NAMES_GUESTS, NOBODYS, NOT_IN_MAP, Principal
from policies.reasons import Reason
from policies.situation import Situation

WAIT_S = 0.3
PAUSE_S = 0.01


def is_wanted(decision: Decision, policy: Policy, situation: Situation) -> bool:
    """Tell whether a call abroad was refused, or would be, for want of an entry in the map."""
    if decision.would_reason != Reason.INTERNATIONAL_NOT_PERMITTED:
        return False
    return _lacks_entry(decision.principal, policy, situation)


def _lacks_entry(principal: Principal, policy: Policy, situation: Situation) -> bool:
    if principal.missing == NOT_IN_MAP:
        return True
    # Where an originated channel began is known from the map as well.
    unborn = principal.via == NOBODYS and not principal.context and not situation.blind
    return unborn and bool(policy.originate_grants)


def lacks_peer(attempt: DialAttempt) -> bool:
    """Tell whether a call began with a chan_sip channel whose peer was not asked yet."""
    claim = attempt.claim
    return claim.master.startswith(NAMES_GUESTS) and claim.master_peer is None


async def with_peer(attempt: DialAttempt, ask: Ask) -> DialAttempt:
    """Return the attempt with chan_sip's own name of who began the call; empty for a guest."""
    return replace(attempt, claim=replace(attempt.claim, master_peer=await ask(MASTER_PEER)))


async def take(attempt: DialAttempt, ask: Ask, policy: Policy, situation: Situation) -> None:
    """Wait until the map has what is missing, at most `WAIT_S`; then believe Asterisk itself.

    Args:
        attempt: The one that is about to be refused.
        ask: Asks its channel.
        policy: For the names of trunks.
        situation: Told what Asterisk said in the session, if AMI did not say it.
    """
    transferer = attempt.claim.transferer
    # Only a channel that still lives can be asked for its call; one that forwarded is gone.
    asked = "" if not transferer else await ask(call_of(transferer))
    if await _is_known(attempt, policy, situation) or asked != attempt.linkedid:
        return
    now = time.monotonic()
    situation.apply(ChannelSeen(now, attempt.uniqueid, attempt.linkedid, attempt.channel))
    # It would be gone if there had been time to key another number than it sent the call to.
    blind, target = TransferKind.BLIND, attempt.dialled
    situation.apply(Transferred(now, "", attempt.linkedid, transferer, blind, target))


async def _is_known(attempt: DialAttempt, policy: Policy, situation: Situation) -> bool:
    """Look at the map until it has the entry."""
    deadline = time.monotonic() + WAIT_S
    while _lacks_entry(principal_of(attempt, policy, situation), policy, situation):
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(PAUSE_S)
    return True
