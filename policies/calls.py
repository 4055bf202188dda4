"""Calls the gate allowed and the legs they became: each holds one slot until it is surely over."""

from collections import Counter
from dataclasses import dataclass, replace

from policies.events import (
    AttemptAllowed,
    AttemptReturned,
    ChannelGone,
    ChannelSeen,
    LegAnswered,
    LegDialled,
    Reconciled,
)

# More channels than any Asterisk holds: beyond it only what must be counted is kept.
CAPACITY = 100_000


@dataclass(frozen=True, slots=True)
class Leg:
    """An outgoing leg that is dialled or up.

    Attributes:
        uniqueid: Its channel's id; the only key that stays.
        linkedid: The call's id.
        channel: Its channel's name now.
        caller_uniqueid: The channel that dialled it; empty for an originate.
        dial_string: What Asterisk dialled. Untrusted.
        token: The token found on it; empty without one.
        begun_at_s: Monotonic seconds when it was dialled.
        answered_at_s: Monotonic seconds when it was answered, or None.
        attempt: What the gate allowed; None where no unused token of the gate was found.
    """

    uniqueid: str
    linkedid: str
    channel: str
    caller_uniqueid: str
    dial_string: str
    token: str
    begun_at_s: float
    answered_at_s: float | None = None
    attempt: AttemptAllowed | None = None


@dataclass(slots=True)
class _Slot:
    """An allowed attempt; ``leg`` is empty until it is dialled."""

    allowed: AttemptAllowed
    leg: str = ""
    caller_gone: bool = False


class Calls:
    """Attempts by token, legs by uniqueid, and how many of them are chargeable.

    Args:
        capacity: Most attempts, and most legs, that are kept.
    """

    __slots__ = (
        "_capacity", "_chargeable", "_legs", "_of_caller", "_pending", "_slots", "_total",
        "_undialled",
    )  # fmt: skip

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._slots: dict[str, _Slot] = {}
        self._pending: dict[str, _Slot] = {}
        self._of_caller: dict[str, set[str]] = {}
        self._legs: dict[str, Leg] = {}
        self._chargeable: Counter[str | None] = Counter()
        self._undialled: Counter[str] = Counter()
        self._total = 0

    def chargeable(self, endpoint: str | None) -> int:
        """Count chargeable calls of one endpoint, or of all when None; O(1)."""
        return self._total if endpoint is None else self._chargeable[endpoint]

    def undialled_on(self, trunk: str) -> int:
        """Count what is allowed on a trunk and not dialled yet; O(1)."""
        return self._undialled[trunk]

    def legs(self) -> tuple[Leg, ...]:
        """Return every outgoing leg, in the order they were dialled."""
        return tuple(self._legs.values())

    def leg(self, uniqueid: str) -> Leg | None:
        """Return an outgoing leg, or None."""
        return self._legs.get(uniqueid)

    def waiting(self, token: str) -> AttemptAllowed | None:
        """Return what is allowed under a token and has no leg yet, or None."""
        slot = self._pending.get(token)
        return None if slot is None else slot.allowed

    def allow(self, event: AttemptAllowed) -> None:
        """Take a slot for an allowed call."""
        if event.token in self._slots:
            return
        if len(self._slots) >= self._capacity and not event.chargeable:
            return
        slot = _Slot(event)
        self._slots[event.token] = self._pending[event.token] = slot
        self._undialled[event.trunk] += 1
        self._of_caller.setdefault(event.uniqueid, set()).add(event.token)
        self._count(slot, 1)

    def give_back(self, event: AttemptReturned) -> None:
        """Free the slot of an attempt that was never dialled; a live leg keeps its own."""
        slot = self._pending.get(event.token)
        if slot is not None:
            self._end(slot)

    def dial(self, event: LegDialled) -> None:
        """Begin a leg; the first one that carries an attempt's token is that attempt's."""
        known = self._legs.get(event.uniqueid)
        if known is not None and (known.attempt is not None or not event.token):
            return
        slot = self._take(event.token)
        if slot is None and len(self._legs) >= self._capacity:
            return
        if slot is not None:
            slot.leg = event.uniqueid
            if slot.caller_gone:
                self._count(slot, 1)
        self._legs[event.uniqueid] = Leg(
            uniqueid=event.uniqueid,
            linkedid=event.linkedid,
            channel=event.channel,
            caller_uniqueid=event.caller_uniqueid,
            dial_string=event.dial_string,
            token=event.token,
            begun_at_s=event.at_s if known is None else known.begun_at_s,
            answered_at_s=None if known is None else known.answered_at_s,
            attempt=None if slot is None else slot.allowed,
        )

    def answer(self, event: LegAnswered) -> None:
        """Remember when a leg was first answered."""
        leg = self._legs.get(event.uniqueid)
        if leg is not None and leg.answered_at_s is None:
            self._legs[event.uniqueid] = replace(leg, answered_at_s=event.at_s)

    def rename(self, event: ChannelSeen) -> None:
        """Follow a leg whose channel's name or call changed; AMI's Rename tells no linkedid."""
        leg = self._legs.get(event.uniqueid)
        if leg is not None:
            self._legs[event.uniqueid] = replace(
                leg, channel=event.channel, linkedid=event.linkedid or leg.linkedid
            )

    def hang_up(self, event: ChannelGone) -> None:
        """End a leg, or void what its channel was allowed and did not dial."""
        self._gone(event.uniqueid)

    def reconcile(self, event: Reconciled, blind_until_s: float) -> None:
        """End legs that are not in the picture, and void what was allowed in a gap.

        Args:
            event: The picture.
            blind_until_s: Attempts older than this may have lost their events.
        """
        gone = [uniqueid for uniqueid in self._legs if uniqueid not in event.channels]
        gone.extend(
            slot.allowed.uniqueid
            for slot in self._pending.values()
            if slot.allowed.at_s < blind_until_s and slot.allowed.uniqueid not in event.channels
        )
        for uniqueid in gone:
            self._gone(uniqueid)

    def void(self, dialled_by_s: float, blind_until_s: float) -> tuple[str, ...]:
        """Name attempts that came to nothing.

        Args:
            dialled_by_s: One allowed before this and not dialled is void.
            blind_until_s: Not for age if it was allowed before this: its
                leg may have been dialled unseen.

        Returns:
            Tokens, oldest first; of a caller that hung up, or too old.
        """
        return tuple(
            token
            for token, slot in self._pending.items()
            if slot.caller_gone or blind_until_s <= slot.allowed.at_s < dialled_by_s
        )

    def _gone(self, uniqueid: str) -> None:
        """Take a channel as gone, whatever it was."""
        leg = self._legs.pop(uniqueid, None)
        if leg is not None and leg.attempt is not None:
            self._end(self._slots[leg.token])
        for token in self._of_caller.get(uniqueid, ()):
            slot = self._pending.get(token)
            if slot is not None and not slot.caller_gone:
                self._count(slot, -1)
                slot.caller_gone = True

    def _end(self, slot: _Slot) -> None:
        """Forget an attempt and free its slot."""
        allowed = slot.allowed
        del self._slots[allowed.token]
        self._take(allowed.token)
        tokens = self._of_caller[allowed.uniqueid]
        tokens.discard(allowed.token)
        if not tokens:
            del self._of_caller[allowed.uniqueid]
        if slot.leg or not slot.caller_gone:
            self._count(slot, -1)

    def _take(self, token: str) -> _Slot | None:
        """Take an attempt out of those that are not dialled yet, if it is one."""
        slot = self._pending.pop(token, None)
        if slot is not None:
            trunk = slot.allowed.trunk
            self._undialled[trunk] -= 1
            if not self._undialled[trunk]:
                del self._undialled[trunk]
        return slot

    def _count(self, slot: _Slot, change: int) -> None:
        """Count a chargeable slot in or out."""
        if not slot.allowed.chargeable:
            return
        self._total += change
        for endpoint in slot.allowed.responsible or (slot.allowed.endpoint,):
            self._chargeable[endpoint] += change
            if not self._chargeable[endpoint]:
                del self._chargeable[endpoint]
