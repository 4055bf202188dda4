"""What is true now: devices, legs and allowed calls; changed by events alone, without a clock.

Nothing here grows by what a stranger sends: devices are keyed by endpoints of Asterisk's own
configuration, legs and attempts by channels it holds, and each kind is capped besides.
"""

import math

from policies.calls import Calls, Leg
from policies.devices import Device, Devices
from policies.events import (
    AttemptAllowed,
    AttemptReturned,
    Authentication,
    Blinded,
    ChannelGone,
    ChannelSeen,
    ContactGone,
    ContactSeen,
    EndpointListed,
    Event,
    HostileEvent,
    LegAnswered,
    LegDialled,
    Reconciled,
)

# DESIGN.md: a token is good for ten seconds.
VOID_AGE_S = 10.0


class Situation:
    """The state that ``decide`` reads and `apply` alone changes.

    Attributes:
        blind: Why nothing is seen now, ``starting`` before the first picture;
            empty when seeing.
        reconciled: Whether a full picture was ever taken.
        hostile: How many events broke the rules; nothing in them was believed.
    """

    __slots__ = ("_calls", "_devices", "_seeing_since_s", "blind", "hostile", "reconciled")

    def __init__(self) -> None:
        self.blind = "starting"
        self.reconciled = False
        self.hostile = 0
        self._calls = Calls()
        self._devices = Devices()
        self._seeing_since_s = math.inf

    def apply(self, event: Event) -> None:
        """Let something happen."""
        match event:
            case EndpointListed() | ContactSeen() | ContactGone() | Authentication():
                self._apply_to_devices(event)
            case Blinded():
                self.blind = event.reason or "unknown"
                self._seeing_since_s = math.inf
            case Reconciled():
                self._reconcile(event)
            case HostileEvent():
                self.hostile += 1
            case _:
                self._apply_to_calls(event)

    def chargeable_calls(self, endpoint: str | None = None) -> int:
        """Count chargeable calls, allowed or up; of one endpoint, or None for the whole PBX."""
        return self._calls.chargeable(endpoint)

    def devices(self) -> tuple[Device, ...]:
        """Return a row for each contact and each endpoint without one."""
        return self._devices.rows()

    def legs(self) -> tuple[Leg, ...]:
        """Return every outgoing leg, in the order they were dialled."""
        return self._calls.legs()

    def leg(self, uniqueid: str) -> Leg | None:
        """Return one outgoing leg, or None."""
        return self._calls.leg(uniqueid)

    def void_attempts(self, now_mono_s: float, age_s: float = VOID_AGE_S) -> tuple[str, ...]:
        """Name allowed attempts that came to nothing and are to be returned.

        While blind, age proves nothing: the leg may have been dialled unseen.

        Args:
            now_mono_s: Monotonic seconds.
            age_s: An attempt not dialled for this long is void.

        Returns:
            Tokens; each until its ``AttemptReturned`` is applied.
        """
        return self._calls.void(now_mono_s - age_s, self._seeing_since_s)

    def _reconcile(self, event: Reconciled) -> None:
        """Take a full picture; from now on events are seen."""
        if self.blind:
            self._seeing_since_s = event.at_s
        self.blind = ""
        self.reconciled = True
        self._devices.reconcile(event.contacts)
        self._calls.reconcile(event, self._seeing_since_s)

    def _apply_to_devices(
        self, event: EndpointListed | ContactSeen | ContactGone | Authentication
    ) -> None:
        """Let something happen to a device."""
        match event:
            case EndpointListed():
                self._devices.list_endpoint(event)
            case ContactSeen():
                self._devices.see(event)
            case ContactGone():
                self._devices.lose(event)
            case Authentication():  # pragma: no branch - mypy proves that none is left
                self._devices.authenticate(event)

    def _apply_to_calls(
        self,
        event: ChannelSeen
        | LegDialled
        | LegAnswered
        | ChannelGone
        | AttemptAllowed
        | AttemptReturned,
    ) -> None:
        """Let something happen to a call."""
        match event:
            case AttemptAllowed():
                self._calls.allow(event)
            case AttemptReturned():
                self._calls.give_back(event)
            case LegDialled():
                self._calls.dial(event)
            case LegAnswered():
                self._calls.answer(event)
            case ChannelSeen():
                self._calls.rename(event)
            case ChannelGone():  # pragma: no branch - mypy proves that none is left
                self._calls.hang_up(event)
