"""What the legs that are up lead to: for the list of calls, and for cutting what is suspended."""

from dataclasses import dataclass, replace

from policies.accounting import emergency_reason
from policies.calls import Leg
from policies.judges import concerns_international
from policies.numbering import classify
from policies.numbering.abroad import countries_behind
from policies.numbering.number import Number, NumberClass
from policies.numbering.plan import Plan
from policies.policy import Mode, Policy, Suspension, SuspensionKind
from policies.trunks import trunk_leg


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One leg toward a declared trunk.

    Attributes:
        leg: As AMI shows it.
        trunk: Its trunk's endpoint.
        number: What it leads to: as it was judged, where the gate allowed it.
        endpoint: The principal that the gate held responsible; None for nobody.
        countries: ISO alpha-2 codes of where it leads or, unclassifiable, could lead.
        emergency: Whether it may never be cut: an emergency, or what the dialplan took for one.
        responsible: Everybody held responsible, the principal first.
    """

    leg: Leg
    trunk: str
    number: Number
    endpoint: str | None
    countries: frozenset[str | None]
    emergency: bool = False
    responsible: tuple[str, ...] = ()

    @property
    def international(self) -> bool:
        """Whether a stop of international calls concerns it, by what it is or was allowed as."""
        attempt = self.leg.attempt
        known = attempt is not None and attempt.international
        return known or concerns_international(self.number)

    def covered_by(self, suspension: Suspension) -> bool:
        """Tell whether a suspension closes where it leads or whom it is for."""
        target = suspension.target
        match suspension.kind:
            case SuspensionKind.INTERNATIONAL:
                return self.international
            case SuspensionKind.COUNTRY:
                return target in self.countries
            case SuspensionKind.ENDPOINT:
                return target == self.endpoint or target in self.responsible


def live_call(leg: Leg, policy: Policy, plan: Plan) -> LiveCall | None:
    """Say what a leg leads to; None for one that is not toward a declared trunk."""
    toward = trunk_leg(leg.channel, leg.dial_string, policy.site.trunks)
    if toward is None:
        return None
    attempt = leg.attempt
    dialled = attempt.dialled if attempt else toward.number
    if attempt is not None and attempt.number is not None:
        # A change of mode since then does not change where the call leads.
        number = replace(attempt.number, dialled=dialled)
    else:
        # Observe dials what was dialled, an outside line included.
        wire = plan if policy.mode is Mode.OBSERVE else plan.on_the_wire()
        number = classify(dialled, wire, toward.trunk)
    countries = {number.country, *countries_behind(number, plan)}
    if attempt is not None:
        countries.add(attempt.country)
    # What the gate allowed is what it is; around it a short number may be an emergency.
    around = attempt is None or attempt.dialled != toward.number
    helps = around and emergency_reason(toward.number, policy, plan) is not None
    return LiveCall(
        leg=leg,
        trunk=toward.trunk.endpoint,
        number=number,
        endpoint=attempt.endpoint if attempt else None,
        countries=frozenset(countries),
        emergency=helps or number.number_class is NumberClass.EMERGENCY,
        responsible=attempt.responsible if attempt else (),
    )
