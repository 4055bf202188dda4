"""What the legs that are up lead to: for the list of calls, and for cutting what is suspended."""

from dataclasses import dataclass

from policies.calls import Leg
from policies.judges import concerns_international
from policies.numbering import classify
from policies.numbering.number import Number, NumberClass
from policies.numbering.plan import Plan
from policies.policy import Mode, Policy, Suspension, SuspensionKind, Trunk
from policies.principal import endpoint_of


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One leg toward a declared trunk.

    Attributes:
        leg: As AMI shows it.
        trunk: Its trunk's endpoint.
        number: What it leads to.
        endpoint: The principal that the gate held responsible; None for nobody.
    """

    leg: Leg
    trunk: str
    number: Number
    endpoint: str | None

    @property
    def emergency(self) -> bool:
        """Whether it may never be cut."""
        return self.number.number_class is NumberClass.EMERGENCY

    def covered_by(self, suspension: Suspension) -> bool:
        """Tell whether a suspension closes where it leads or whom it is for."""
        match suspension.kind:
            case SuspensionKind.INTERNATIONAL:
                return concerns_international(self.number)
            case SuspensionKind.COUNTRY:
                return self.number.country == suspension.target
            case SuspensionKind.ENDPOINT:
                return self.endpoint == suspension.target


def live_call(leg: Leg, policy: Policy, plan: Plan) -> LiveCall | None:
    """Say what a leg leads to; None for one that is not toward a declared trunk."""
    trunk = policy.trunk(endpoint_of(leg.channel) or "")
    if trunk is None:
        return None
    dialled = leg.attempt.dialled if leg.attempt else number_part(leg.dial_string, trunk)
    # Observe dials what was dialled, an outside line included.
    wire = plan if policy.mode is Mode.OBSERVE else plan.on_the_wire()
    number = classify(dialled, wire, trunk)
    return LiveCall(leg, trunk.endpoint, number, leg.attempt.endpoint if leg.attempt else None)


def number_part(dial_string: str, trunk: Trunk) -> str:
    """Take the number out of ``0312345678@trunk`` (PJSIP) or ``trunk/0312345678`` (chan_sip)."""
    return dial_string.removeprefix(f"{trunk.endpoint}/").partition("@")[0]
