"""Makes the values that many tests of the core need, each with the least said."""

from policies.decision import Decision, DialAttempt
from policies.events import Address, Authentication, AuthOutcome
from policies.judges import decide, principal_of
from policies.judges.case import Case
from policies.numbering import classify
from policies.numbering.plan import Plan
from policies.numbering.plans import plan_for
from policies.policy import Grant, Mode, Policy, Site, Suspension, SuspensionKind, Trunk
from policies.principal import Principal
from policies.situation import Situation

NOW_S = 1_800_000_000.0
TRUNK = Trunk("trunk")
SITE = Site(trunks=(TRUNK,))
JAPAN: Plan = plan_for(SITE)
ENFORCED = Policy(site=SITE, mode=Mode.ENFORCE)
ATTACKER = Address("192.0.2.66", 5060, "UDP")


def attempt(dialled: str, endpoint: str | None = "6001", trunk: str = "trunk") -> DialAttempt:
    """Make an attempt of a phone on the trunk; None is a Local channel that nobody began."""
    return DialAttempt(
        dialled=dialled,
        trunk=trunk,
        channel=f"PJSIP/{endpoint}-0000002a" if endpoint else "Local/1@x-0000002a;2",
        uniqueid="1.1",
        linkedid="1.1",
        source="192.0.2.7:5060" if endpoint else None,
        at_s=1.0,
    )


def case(
    dialled: str,
    policy: Policy = ENFORCED,
    situation: Situation | None = None,
    endpoint: str | None = "6001",
    principal: Principal | None = None,
) -> Case:
    """Put an attempt before a judge; a direct call, unless its principal is given."""
    asked = attempt(dialled, endpoint)
    number = classify(dialled, JAPAN, TRUNK)
    known = situation or Situation()
    answers = principal or principal_of(asked, policy, known)
    return Case(asked, number, policy, JAPAN, known, NOW_S, answers)


def judged(
    dialled: str,
    policy: Policy = ENFORCED,
    situation: Situation | None = None,
    endpoint: str | None = "6001",
) -> Decision:
    """Decide an attempt of a phone in Japan."""
    return decide(attempt(dialled, endpoint), policy, JAPAN, situation or Situation(), NOW_S)


def suspension(
    kind: SuspensionKind = SuspensionKind.INTERNATIONAL,
    target: str = "*",
    until_s: float | None = None,
) -> Suspension:
    """Make a suspension in force at `NOW_S` unless it ends before."""
    return Suspension(7, kind, target, NOW_S - 60, until_s, "fraud", "alice")


def grant(*countries: str, endpoint: str = "6001", until_s: float | None = None) -> Grant:
    """Make a right to call the countries, or all when none is named."""
    return Grant(3, endpoint, frozenset(countries) or None, until_s)


def failure(
    at_s: float,
    account: str = "6001",
    ip: str = ATTACKER.ip,
    session: str = "",
    outcome: AuthOutcome = AuthOutcome.BAD_RESPONSE,
) -> Authentication:
    """Make a failed authentication; a session of its own unless one is named."""
    source = Address(ip, 5060, "UDP")
    return Authentication(at_s, outcome, account, source, session or f"call-{at_s}", "PJSIP")
