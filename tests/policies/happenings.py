"""What Asterisk tells of a call, in the order it was captured, with the least said for each."""

from policies.events import (
    BridgeEntered,
    ChannelGone,
    ChannelSeen,
    Event,
    LegAnswered,
    LegDialled,
    LegForwarded,
    Reconciled,
    TransferKind,
    Transferred,
)
from policies.situation import Situation

CALL = "1.0"


def channel_of(endpoint: str, serial: int = 1) -> str:
    """Name a channel of an endpoint."""
    return f"PJSIP/{endpoint}-{serial:08x}"


def rings_in(endpoint: str, uniqueid: str = CALL, linkedid: str = CALL) -> Event:
    """Let an INVITE come in from an endpoint."""
    name = channel_of(endpoint)
    return ChannelSeen(1.0, uniqueid, linkedid, name, "phones", "6002", incoming=True)


def is_made(endpoint: str, uniqueid: str, linkedid: str = CALL) -> Event:
    """Make the channel on which an endpoint is to be called."""
    return ChannelSeen(1.0, uniqueid, linkedid, channel_of(endpoint), "phones", "s")


def is_dialled(endpoint: str, uniqueid: str, linkedid: str = CALL) -> Event:
    """Dial an endpoint."""
    return LegDialled(1.0, uniqueid, linkedid, channel_of(endpoint), CALL, endpoint, "")


def rings_out(endpoint: str, uniqueid: str, linkedid: str = CALL) -> tuple[Event, ...]:
    """Call an endpoint."""
    return is_made(endpoint, uniqueid, linkedid), is_dialled(endpoint, uniqueid, linkedid)


def local(uniqueid: str, linkedid: str = CALL, context: str = "phones") -> tuple[Event, ...]:
    """Make both halves of a Local channel; ``uniqueid`` with ``a`` and ``b`` behind it."""
    name = f"Local/0312345678@{context}-0000000{uniqueid[-1]}"
    return (
        ChannelSeen(1.0, f"{uniqueid}a", linkedid, f"{name};1", context, "0312345678"),
        ChannelSeen(1.0, f"{uniqueid}b", linkedid, f"{name};2", context, "0312345678"),
    )


def local_dialled(uniqueid: str, linkedid: str = CALL) -> Event:
    """Dial a Local channel."""
    name = f"Local/0312345678@phones-0000000{uniqueid[-1]};1"
    return LegDialled(1.0, f"{uniqueid}a", linkedid, name, CALL, "x", "")


def answers(uniqueid: str) -> Event:
    """Answer."""
    return LegAnswered(2.0, uniqueid)


def forwards(
    endpoint: str, uniqueid: str, linkedid: str = CALL, target: str = "0312345678"
) -> Event:
    """Answer with a 302."""
    return LegForwarded(2.0, uniqueid, linkedid, channel_of(endpoint), target)


def transfers(
    endpoint: str,
    uniqueid: str,
    linkedid: str = CALL,
    kind: TransferKind = TransferKind.BLIND,
    target: str = "0312345678",
) -> Event:
    """Transfer the call."""
    return Transferred(3.0, uniqueid, linkedid, channel_of(endpoint), kind, target)


def joins(uniqueid: str, linkedid: str) -> Event:
    """Enter a bridge."""
    return BridgeEntered(3.0, uniqueid, linkedid)


def ends(uniqueid: str) -> Event:
    """Hang up."""
    return ChannelGone(4.0, uniqueid, 16)


def picture(*channels: str) -> Event:
    """Take a full picture."""
    return Reconciled(0.5, frozenset(), frozenset(channels))


def seeing(*events: Event | tuple[Event, ...]) -> Situation:
    """Make a situation that sees, and let things happen in it."""
    situation = Situation()
    situation.apply(picture())
    for event in events:
        for one in event if isinstance(event, tuple) else (event,):
            situation.apply(one)
    return situation
