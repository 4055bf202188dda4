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
    BridgeEntered,
    ChannelGone,
    ChannelSeen,
    ContactGone,
    ContactSeen,
    EndpointListed,
    Event,
    HostileEvent,
    LegAnswered,
    LegDialled,
    LegForwarded,
    Reconciled,
    Technology,
    Transferred,
)
from policies.parties import CallParties, Parties, SeenChannel

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

    __slots__ = (
        "_calls", "_devices", "_parties", "_seeing_since_s", "blind", "hostile", "reconciled",
    )  # fmt: skip

    def __init__(self) -> None:
        self.blind = "starting"
        self.reconciled = False
        self.hostile = 0
        self._calls = Calls()
        self._devices = Devices()
        self._parties = Parties()
        self._seeing_since_s = math.inf

    def apply(self, event: Event) -> None:
        """Let something happen."""
        match event:
            case AttemptAllowed():  # first: a call waits for it
                self._calls.allow(event)
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

    def parties(self, linkedid: str) -> CallParties:
        """Return who took part in a call; nobody in an unknown one."""
        return self._parties.of(linkedid)

    def channel(self, uniqueid: str) -> SeenChannel | None:
        """Return what is known of a live channel, or None."""
        return self._parties.channel(uniqueid)

    def context_of(self, uniqueid: str) -> str:
        """Return the context where a live channel began; empty when not known."""
        channel = self._parties.channel(uniqueid)
        return "" if channel is None else channel.context

    def channels_on(self, technology: str, endpoint: str) -> int:
        """Count the live channels of an endpoint or a trunk, inbound ones too."""
        return self._parties.channels_on(technology, endpoint)

    def undialled_on(self, trunk: str) -> int:
        """Count the calls allowed on a trunk that were not dialled yet."""
        return self._calls.undialled_on(trunk)

    def devices(self) -> tuple[Device, ...]:
        """Return a row for each contact and each endpoint without one."""
        return self._devices.rows()

    def legs(self) -> tuple[Leg, ...]:
        """Return every outgoing leg, in the order they were dialled."""
        return self._calls.legs()

    def leg(self, uniqueid: str) -> Leg | None:
        """Return one outgoing leg, or None."""
        return self._calls.leg(uniqueid)

    def waiting(self, token: str) -> AttemptAllowed | None:
        """Return what the gate allowed under a token that no leg has used yet, or None."""
        return self._calls.waiting(token)

    def contacts(self, technology: Technology, endpoint: str) -> tuple[str, ...] | None:
        """Return the contacts of an endpoint; None for one that is not known."""
        return self._devices.contacts(technology, endpoint)

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
        self._parties.reconcile(event)

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
        | LegForwarded
        | Transferred
        | BridgeEntered
        | ChannelGone
        | AttemptReturned,
    ) -> None:
        """Let something happen to a call."""
        match event:
            case AttemptReturned():
                self._calls.give_back(event)
            case LegForwarded() | Transferred() | BridgeEntered():
                self._apply_to_parties(event)
            case LegDialled():
                self._parties.dial(event)
                self._calls.dial(event)
            case LegAnswered():
                self._parties.answer(event)
                self._calls.answer(event)
            case ChannelSeen():
                self._parties.see(event)
                self._calls.rename(event)
            case ChannelGone():  # pragma: no branch - mypy proves that none is left
                self._parties.hang_up(event)
                self._calls.hang_up(event)

    def _apply_to_parties(self, event: LegForwarded | Transferred | BridgeEntered) -> None:
        """Let something happen that changes no leg, only who took part in a call."""
        match event:
            case LegForwarded():
                self._parties.forward(event)
            case Transferred():
                self._parties.transfer(event)
            case BridgeEntered():  # pragma: no branch - mypy proves that none is left
                self._parties.enter(event)
