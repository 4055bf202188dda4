"""Who has taken part in each call: what a variable claims is only believed if it stands here.

A call is what Asterisk gives one linkedid. Its endpoints are kept until its last channel is gone,
so the one who forwarded the call and hung up is still known when the forwarded leg is judged.
"""

from collections import Counter
from typing import Final

from policies.channel_name import endpoint_of, extension_of
from policies.events import (
    BridgeEntered,
    ChannelGone,
    ChannelSeen,
    LegAnswered,
    LegDialled,
    LegForwarded,
    Reconciled,
    Transferred,
)

MAX_ENDPOINTS: Final = 32
CAPACITY: Final = 100_000

# What an endpoint did in a call, as bits of one number.
PRESENT: Final = 0
CALLED: Final = 1  # its call came in
RANG: Final = 2  # Asterisk dialled it
ANSWERED: Final = 4
FORWARDED: Final = 8
TRANSFERRED: Final = 16
ACTED: Final = ANSWERED | FORWARDED | TRANSFERRED


class CallParties:
    """The endpoints of one call and what they did. Only `Parties` changes it.

    Attributes:
        roles: By endpoint, the bits ``CALLED RANG ANSWERED FORWARDED TRANSFERRED``;
            0 for one that only had a channel. At most `MAX_ENDPOINTS`.
        acted: The endpoints that answered, forwarded or transferred, in that order.
        targets: By endpoint, which extension it last sent the call to, as Asterisk told;
            empty where there was more than one at a time.
        overflow: There were more endpoints than are kept: nobody can be held responsible.
        originated: Its first channel is one that Asterisk itself dialled: nobody called.
        unsettled: Local channels that nobody is known to dial yet. Asterisk tells who
            redirected a call only just before it says that it dials the new target,
            which may be running by then.
    """

    __slots__ = ("acted", "originated", "overflow", "roles", "targets", "unsettled")

    def __init__(self) -> None:
        self.originated = False
        self.unsettled = 0
        self.roles: dict[str, int] = {}
        self.targets: dict[str, str] = {}
        self.acted: tuple[str, ...] = ()
        self.overflow = False

    def __contains__(self, endpoint: str) -> bool:
        """Tell whether an endpoint has or had a channel in the call."""
        return endpoint in self.roles

    def did(self, endpoint: str, role: int) -> bool:
        """Tell whether an endpoint ever did any of ``role``."""
        return bool(self.roles.get(endpoint, 0) & role)

    def add(self, endpoint: str | None, role: int) -> None:
        """Note what an endpoint did; None is no endpoint."""
        if endpoint is None:
            return
        known = self.roles.get(endpoint)
        if known is None and len(self.roles) >= MAX_ENDPOINTS:
            self.overflow = True
            return
        before = known or 0
        self.roles[endpoint] = before | role
        if role & ACTED and not before & ACTED:
            self.acted = (*self.acted, endpoint)

    def send(self, endpoint: str | None, target: str) -> None:
        """Note which extension an endpoint sent the call to; one that is not kept is not."""
        if endpoint in self.roles:
            self.targets[endpoint] = target

    def originate(self, endpoint: str | None) -> None:
        """Note that Asterisk dialled the call's first channel, so that nobody called."""
        self.originated = True
        if endpoint in self.roles:
            self.roles[endpoint] &= ~CALLED

    def merge(self, other: "CallParties") -> None:
        """Take over everybody of another call that became part of this one."""
        for endpoint, role in other.roles.items():
            self.add(endpoint, role)
        for endpoint, target in other.targets.items():
            if self.targets.setdefault(endpoint, target) != target:
                self.targets[endpoint] = ""
        self.overflow = self.overflow or other.overflow


NO_PARTIES: Final = CallParties()


class SeenChannel:
    """A live channel. Only `Parties` changes it.

    Attributes:
        linkedid: Its call.
        endpoint: Whose it is by its name now; None for ``Local/…``.
        line: Its driver's name and the endpoint: one name may be of two drivers.
        context: Where it began in the dialplan; empty when not known.
        dialled: Asterisk itself called it.
        unsettled: A Local channel's first half, of which no dialling was heard.
    """

    __slots__ = ("context", "dialled", "endpoint", "line", "linkedid", "unsettled")

    def __init__(self, linkedid: str, name: str, context: str) -> None:
        self.linkedid = linkedid
        self.endpoint = endpoint_of(name)
        self.line = _line_of(name, self.endpoint)
        self.context = context
        self.dialled = False
        self.unsettled = False


class Parties:
    """Parties by linkedid, kept while any channel of the call lives.

    Args:
        capacity: Most channels that are known; the ones beyond are in no map,
            which takes rights away.
    """

    __slots__ = ("_calls", "_capacity", "_channels", "_living", "_on")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._channels: dict[str, SeenChannel] = {}
        self._calls: dict[str, CallParties] = {}
        self._living: Counter[str] = Counter()
        self._on: Counter[tuple[str, str]] = Counter()

    def of(self, linkedid: str) -> CallParties:
        """Return the parties of a call; nobody of an unknown one. Not to be changed."""
        return self._calls.get(linkedid, NO_PARTIES)

    def channel(self, uniqueid: str) -> SeenChannel | None:
        """Return a live channel, or None. Not to be changed."""
        return self._channels.get(uniqueid)

    def channels_on(self, technology: str, endpoint: str) -> int:
        """Count the live channels of an endpoint or trunk, whoever called whom."""
        return self._on[technology, endpoint]

    def see(self, event: ChannelSeen) -> None:
        """Know a new channel, or follow one whose name or call changed."""
        role = PRESENT
        channel = self._channels.get(event.uniqueid)
        if channel is None:
            # chan_sip's channels are not born ringing, but the first one of a call came in,
            # unless Asterisk is heard to dial it.
            first = event.uniqueid == event.linkedid
            role = CALLED if event.incoming or first else PRESENT
            self._begin(event.uniqueid, event.linkedid, event.channel, event.context)
            if _is_first_half(event.channel):
                self._unsettle(event.uniqueid)
        else:
            self._rename(channel, event.channel)
            self._move(channel, event.linkedid)
            channel.context = channel.context or event.context
        self._note(event.uniqueid, role)

    def dial(self, event: LegDialled) -> None:
        """Note that Asterisk itself calls an endpoint."""
        if event.uniqueid not in self._channels:
            self._begin(event.uniqueid, event.linkedid, event.channel, "")
        channel = self._channels.get(event.uniqueid)
        if channel is not None:
            channel.dialled = True
            self._settle(channel)
            if event.uniqueid == channel.linkedid:
                self._calls[channel.linkedid].originate(channel.endpoint)
        self._note(event.uniqueid, RANG)

    def answer(self, event: LegAnswered) -> None:
        """Note who answered."""
        self._note(event.uniqueid, ANSWERED)

    def forward(self, event: LegForwarded) -> None:
        """Note who sent the call elsewhere instead of answering it."""
        self._act(event, FORWARDED, extension_of(event.forward))

    def transfer(self, event: Transferred) -> None:
        """Note who transferred the call."""
        self._act(event, TRANSFERRED, event.target)

    def enter(self, event: BridgeEntered) -> None:
        """Follow a channel into another call: Asterisk gives a bridge one linkedid."""
        channel = self._channels.get(event.uniqueid)
        if channel is not None:
            # Nobody redirected to it: that is told before it is dialled, and this comes behind.
            self._settle(channel)
            self._move(channel, event.linkedid)

    def hang_up(self, event: ChannelGone) -> None:
        """Forget a channel, and its call when it was the last one."""
        self._end(event.uniqueid)

    def reconcile(self, event: Reconciled) -> None:
        """Forget the channels that are not in a full picture, and wait for nothing before it."""
        for uniqueid in self._channels.keys() - event.channels:
            self._end(uniqueid)
        for channel in self._channels.values():
            self._settle(channel)

    def _begin(self, uniqueid: str, linkedid: str, name: str, context: str) -> None:
        if not linkedid or len(self._channels) >= self._capacity:
            return
        channel = self._channels[uniqueid] = SeenChannel(linkedid, name, context)
        self._living[linkedid] += 1
        self._calls.setdefault(linkedid, CallParties())
        self._on[channel.line] += 1

    def _end(self, uniqueid: str) -> None:
        channel = self._channels.pop(uniqueid, None)
        if channel is not None:
            self._settle(channel)
            self._leave(channel.linkedid)
            self._off(channel.line)

    def _rename(self, channel: SeenChannel, name: str) -> None:
        self._off(channel.line)
        channel.endpoint = endpoint_of(name)
        channel.line = _line_of(name, channel.endpoint)
        self._on[channel.line] += 1

    def _move(self, channel: SeenChannel, linkedid: str) -> None:
        """Put a channel into another call, which takes over all that is known of the old one."""
        old = channel.linkedid
        if not linkedid or linkedid == old:
            return
        self._living[linkedid] += 1
        self._calls.setdefault(linkedid, CallParties()).merge(self._calls[old])
        self._settle(channel)
        channel.linkedid = linkedid
        self._leave(old)

    def _unsettle(self, uniqueid: str) -> None:
        channel = self._channels.get(uniqueid)
        if channel is not None:
            channel.unsettled = True
            self._calls[channel.linkedid].unsettled += 1

    def _settle(self, channel: SeenChannel) -> None:
        if channel.unsettled:
            channel.unsettled = False
            self._calls[channel.linkedid].unsettled -= 1

    def _leave(self, linkedid: str) -> None:
        self._living[linkedid] -= 1
        if not self._living[linkedid]:
            del self._living[linkedid], self._calls[linkedid]

    def _off(self, line: tuple[str, str]) -> None:
        self._on[line] -= 1
        if not self._on[line]:
            del self._on[line]

    def _note(self, uniqueid: str, role: int) -> None:
        channel = self._channels.get(uniqueid)
        if channel is not None:
            self._calls[channel.linkedid].add(channel.endpoint, role)

    def _act(self, event: LegForwarded | Transferred, role: int, target: str) -> None:
        """Note it on the call of an endpoint whose channel may be gone by now."""
        call = self._calls.get(event.linkedid)
        if call is not None:
            endpoint = endpoint_of(event.channel)
            call.add(endpoint, role)
            call.send(endpoint, target)


def _line_of(channel: str, endpoint: str | None) -> tuple[str, str]:
    """Name the driver of a channel, and the endpoint or nothing."""
    return (channel.partition("/")[0], endpoint) if endpoint else ("", "")


def _is_first_half(channel: str) -> bool:
    """Tell whether a channel is the half of a Local channel that somebody dials."""
    return channel.startswith("Local/") and channel.endswith(";1")
