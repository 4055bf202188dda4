"""Who is responsible for a leg: what callers can set may take rights away and never give them.

A channel's own name and `MASTER_CHANNEL` are Asterisk's. `FORWARDERNAME` and `BLINDTRANSFER` are
variables that AMI and some headers can set, so a name in them counts only if the map of calls,
which is made of events alone, knows that endpoint in this very call.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from policies.channel_name import endpoint_of, extension_of
from policies.parties import (
    ANSWERED,
    CALLED,
    FORWARDED,
    RANG,
    TRANSFERRED,
    CallParties,
    SeenChannel,
)

__all__ = ["NOBODY", "NO_CLAIM", "Claim", "Principal", "direct", "endpoint_of", "responsible"]

if TYPE_CHECKING:
    from policies.decision import DialAttempt

DIRECT: Final = "direct"
FORWARDER: Final = "forwarder"
TRANSFERER: Final = "transferer"
MASTER: Final = "master"
NOBODYS: Final = "nobody"

NOT_IN_MAP: Final = "not-in-map"
A_TRUNK: Final = "trunk"
NO_ACTOR: Final = "nobody"
BLIND: Final = "blind"

# The ways in which somebody else than the channel sent the call on.
_SENT: Final = frozenset({FORWARDER, TRANSFERER})

# Drivers whose channels tell the packet's source, which one that Asterisk dialled has not.
KNOWS_SOURCE: Final = "PJSIP/"

# The driver that names the channel of a guest by the domain of his From header.
NAMES_GUESTS: Final = "SIP/"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a channel says of where its call comes from; channel names, untrusted.

    Attributes:
        forwarder: ``FORWARDERNAME``; empty without one. Can be set through AMI.
        transferer: ``BLINDTRANSFER``; empty without one. Can be set through AMI.
        master: ``MASTER_CHANNEL(CHANNEL(name))``, which callers cannot set;
            empty where it is the channel itself.
        peer: chan_sip's own name of the channel's peer, which callers cannot set; empty
            of a guest, whose channel is named by what he claims to be, and where the
            channel is not chan_sip's.
        master_peer: The same of the master; None where it was not asked.
    """

    forwarder: str = ""
    transferer: str = ""
    master: str = ""
    peer: str = ""
    master_peer: str | None = None


NO_CLAIM: Final = Claim()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who answers for a call.

    Attributes:
        actor: The endpoint that asks, proven by a channel's name or the map;
            None for nobody.
        others: Endpoints of the call that answered, forwarded or transferred.
        via: How the actor is known: ``direct forwarder transferer master nobody``.
        context: Where an originated channel began, for originate grants; else empty.
        missing: Why there is no right to call abroad: ``not-in-map trunk nobody
            blind``; empty when the actor's own rights count.
        claimed: A name that a variable claims and nothing proves: it can only
            take rights away, and neither money nor a finding falls on it.
    """

    actor: str | None
    others: tuple[str, ...] = ()
    via: str = DIRECT
    context: str = ""
    missing: str = ""
    claimed: str = ""

    @property
    def held(self) -> tuple[str, ...]:
        """Everybody proven who is held responsible, the actor first."""
        return self.others if self.actor is None else (self.actor, *self.others)


NOBODY: Final = Principal(None, via=NOBODYS, missing=NO_ACTOR)


@lru_cache(maxsize=4096)  # endpoints of Asterisk's own configuration
def direct(endpoint: str) -> Principal:
    """Name an endpoint that dials by itself, alone; the common case, so it is made once."""
    return Principal(endpoint)


def responsible(
    attempt: "DialAttempt",
    call: CallParties,
    *,
    blind: bool,
    trunks: frozenset[str],
    asking: SeenChannel | None = None,
    outside_line: str = "",
) -> Principal:
    """Name who is responsible for an attempt.

    Whoever sent the call to another extension than the number that is asked for did not
    choose it: all who may have keyed it there are held as well.

    Args:
        attempt: What was asked, and what the channel says of itself.
        call: The parties of its linkedid.
        blind: Nothing is seen now, so the map may lack anything.
        trunks: Endpoints of the declared trunks.
        asking: What the map knows of the asking channel; None when it was not
            seen yet, and then what came before it may lack as well.
        outside_line: A prefix that the dialplan may have put before an extension.

    Returns:
        The principal. Never raises, whatever the names hold.
    """
    via, actor = _actor(attempt, call, asking)
    others = _others(call, actor, trunks) if call.acted else ()
    if call.overflow:
        return Principal(None, _others(call, None, trunks), via, "", NO_ACTOR, actor or "")
    if actor is None:
        born = asking is not None and via == NOBODYS and not _is_guests(attempt)
        context = asking.context if asking is not None and born else ""
        return Principal(None, others, via, context, NO_ACTOR)
    if via != DIRECT and not _is_proven(actor, via, call):
        everybody = _others(call, None, trunks)
        return Principal(None, everybody, via, "", BLIND if blind else NOT_IN_MAP, actor)
    if via == DIRECT and not others and actor not in trunks:
        return direct(actor)
    seen = asking is not None and not call.unsettled
    missing = _missing(actor, via, trunks, blind=blind, seen=seen)
    if via not in _SENT or _is_sent_to(attempt, actor, via, call, outside_line):
        return Principal(actor, others, via, "", missing)
    return _with_those_who_keyed(attempt, Principal(actor, others, via, "", missing), call, trunks)


def _actor(
    attempt: "DialAttempt", call: CallParties, asking: SeenChannel | None
) -> tuple[str, str | None]:
    """Say how the actor is known, and its name; the name is not proven yet."""
    claim = attempt.claim
    if claim.forwarder:
        return FORWARDER, endpoint_of(claim.forwarder)
    if claim.transferer:
        return TRANSFERER, endpoint_of(claim.transferer)
    own = _proven_endpoint(attempt.channel, claim.peer)
    if own is not None and _sent_its_invite(attempt, asking):
        return DIRECT, own
    master = _proven_endpoint(claim.master, claim.master_peer)
    # The first channel of an originate to a phone is one that Asterisk dialled: nobody asked.
    if master is None or call.originated:
        return _last_transferer(call)
    return MASTER, master


def _proven_endpoint(channel: str, peer: str | None) -> str | None:
    """Name a channel's endpoint; chan_sip names a guest's channel by his own words."""
    endpoint = endpoint_of(channel)
    return None if channel.startswith(NAMES_GUESTS) and endpoint != peer else endpoint


def _is_guests(attempt: "DialAttempt") -> bool:
    """Tell whether a channel, or the first of its call, has a name that nothing proves."""
    claim = attempt.claim
    pairs = (attempt.channel, claim.peer), (claim.master, claim.master_peer)
    return any(endpoint_of(name) and not _proven_endpoint(name, peer) for name, peer in pairs)


def _last_transferer(call: CallParties) -> tuple[str, str | None]:
    """Name who transferred a call whose first channel is gone: a Local channel loses the claim."""
    for name in reversed(call.acted):
        if call.did(name, TRANSFERRED):
            return TRANSFERER, name
    return NOBODYS, None


def _sent_its_invite(attempt: "DialAttempt", asking: SeenChannel | None) -> bool:
    """Tell whether the channel began with a call from its endpoint and not to it."""
    if asking is not None and asking.dialled:
        return False
    return attempt.source is not None or not attempt.channel.startswith(KNOWS_SOURCE)


def _others(call: CallParties, actor: str | None, trunks: frozenset[str]) -> tuple[str, ...]:
    """Name who else answered, forwarded or transferred."""
    return tuple(name for name in call.acted if name != actor and name not in trunks)


def _is_proven(actor: str, via: str, call: CallParties) -> bool:
    """Tell whether the map bears out that an endpoint forwarded, transferred or is in the call."""
    if via == TRANSFERER:
        return call.did(actor, TRANSFERRED)
    if via == FORWARDER:
        # Not every application tells a redirection; a phone that redirects never answers.
        silent = call.did(actor, RANG) and not call.did(actor, ANSWERED | CALLED)
        return silent or call.did(actor, FORWARDED)
    return actor in call


def _is_sent_to(
    attempt: "DialAttempt", actor: str, via: str, call: CallParties, outside_line: str
) -> bool:
    """Tell whether the number that is asked for is what the actor sent the call to.

    The dialplan may have taken digits off its front, or put the outside line there; whoever
    is at an attendant could key anything else.
    """
    target = call.targets.get(actor)
    if target is None and via == FORWARDER:
        # Asterisk names the Local channel of a redirection by it.
        target = extension_of(attempt.channel)
    return bool(target) and f"{outside_line}{target}".endswith(attempt.dialled)


def _with_those_who_keyed(
    attempt: "DialAttempt", found: Principal, call: CallParties, trunks: frozenset[str]
) -> Principal:
    """Hold the channel's own endpoint, the first channel's and whoever called, as well."""
    claim = attempt.claim
    names = [
        _proven_endpoint(attempt.channel, claim.peer),
        _proven_endpoint(claim.master, claim.master_peer),
    ]
    names += [name for name in call.roles if call.did(name, CALLED)]
    keyed = dict.fromkeys(name for name in names if name is not None)
    held = dict.fromkeys((*found.others, *keyed))
    others = tuple(name for name in held if name != found.actor and name not in trunks)
    missing = found.missing or ("" if keyed and not _is_guests(attempt) else NO_ACTOR)
    if not trunks.isdisjoint(keyed):
        missing = A_TRUNK
    return replace(found, others=others, missing=missing)


def _missing(actor: str, via: str, trunks: frozenset[str], *, blind: bool, seen: bool) -> str:
    """Say why a proven actor's rights do not count; ``seen``: all that came before is known."""
    if actor in trunks:
        return A_TRUNK
    if via == DIRECT:
        return ""
    if blind:
        return BLIND
    return "" if seen else NOT_IN_MAP
