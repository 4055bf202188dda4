"""What the legs that are up lead to: for the list of calls, and for cutting what is suspended."""

from dataclasses import dataclass, replace

from policies.calls import Leg
from policies.judges import concerns_international
from policies.numbering import classify
from policies.numbering.abroad import countries_behind
from policies.numbering.number import Number, NumberClass
from policies.numbering.plan import Plan
from policies.policy import Mode, Policy, Suspension, SuspensionKind
from policies.principal import endpoint_of

LONGEST_EMERGENCY = 4  # digits; the longest in use anywhere, an outside line with 3 included


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One leg toward a declared trunk.

    Attributes:
        leg: As AMI shows it.
        trunk: Its trunk's endpoint.
        number: What it leads to: as it was judged, where the gate allowed it.
        endpoint: The principal that the gate held responsible; None for nobody.
        countries: ISO alpha-2 codes of where it leads or, unclassifiable, could lead.
    """

    leg: Leg
    trunk: str
    number: Number
    endpoint: str | None
    countries: frozenset[str | None]

    @property
    def emergency(self) -> bool:
        """Whether it may never be cut: an emergency, or what the dialplan took for one.

        The dialplan's own list (TOLLGUARD_EMERGENCY) does not ask the gate and may
        know numbers that the configuration does not. So a short number that is not
        what the gate allowed is left alone; no call abroad is that short.
        """
        if self.number.number_class is NumberClass.EMERGENCY:
            return True
        attempt = self.leg.attempt
        dialled = number_part(self.leg.dial_string, self.trunk)
        if attempt is not None and attempt.dialled == dialled:
            return False
        return 0 < sum(char.isdigit() for char in dialled) <= LONGEST_EMERGENCY

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
                return self.endpoint == target


def live_call(leg: Leg, policy: Policy, plan: Plan) -> LiveCall | None:
    """Say what a leg leads to; None for one that is not toward a declared trunk."""
    trunk = policy.trunk(endpoint_of(leg.channel) or "")
    if trunk is None:
        return None
    attempt = leg.attempt
    dialled = attempt.dialled if attempt else number_part(leg.dial_string, trunk.endpoint)
    if attempt is not None and attempt.number is not None:
        # A change of mode since then does not change where the call leads.
        number = replace(attempt.number, dialled=dialled)
    else:
        # Observe dials what was dialled, an outside line included.
        wire = plan if policy.mode is Mode.OBSERVE else plan.on_the_wire()
        number = classify(dialled, wire, trunk)
    countries = {number.country, *countries_behind(number, plan)}
    if attempt is not None:
        countries.add(attempt.country)
    endpoint = attempt.endpoint if attempt else None
    return LiveCall(leg, trunk.endpoint, number, endpoint, frozenset(countries))


def number_part(dial_string: str, trunk: str) -> str:
    """Take the number out of ``0312345678@trunk`` (PJSIP) or ``trunk/0312345678`` (chan_sip)."""
    return dial_string.removeprefix(f"{trunk}/").partition("@")[0]
