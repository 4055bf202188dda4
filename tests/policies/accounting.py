"""Makes legs, what the gate allowed of them, and how the rule of accounting stands to them."""

from dataclasses import replace

from policies.accounting import Account, Known, Standing, account
from policies.events import AttemptAllowed, LegDialled, Reconciled
from policies.numbering.plans import plan_for
from policies.policy import Mode, Policy, Site, Trunk
from policies.situation import Situation
from tests.policies.builders import NOW_S, grant

MONACO = "01037793123456"
TOKYO = "0312345678"
TRUNKS = (Trunk("trunk", channels=2), Trunk("isdn", dial="DAHDI/g1/{number}"))
SITE = Site(trunks=TRUNKS, emergency_literals=("+81352531111",), outside_line="0")
POLICY = Policy(revision=7, site=SITE, mode=Mode.ENFORCE, grants=(grant(),))
OBSERVED = replace(POLICY, mode=Mode.OBSERVE)
PLAN = plan_for(SITE)
TOKEN = "t1"


def dialled(number: str = MONACO, token: str = TOKEN, **other: object) -> LegDialled:
    """Make a leg of channel 1.1 toward the trunk; with ``other`` fields changed."""
    leg = LegDialled(
        at_s=5.0,
        uniqueid="2.1",
        linkedid="1.1",
        channel="PJSIP/trunk-0000002b",
        caller_uniqueid="1.1",
        dial_string=f"{number}@trunk",
        token=token,
        context="phones",
    )
    return replace(leg, **other)  # type: ignore[arg-type]


def allowed(number: str = MONACO, **other: object) -> AttemptAllowed:
    """Make what the gate allowed 6001's channel 1.1 under token t1."""
    attempt = AttemptAllowed(
        at_s=1.0,
        token=TOKEN,
        uniqueid="1.1",
        endpoint="6001",
        dialled=number,
        country="MC",
        trunk="trunk",
        chargeable=True,
        international=True,
        responsible=("6001",),
        policy_revision=7,
        limit_ms=60_000,
    )
    return replace(attempt, **other)  # type: ignore[arg-type]


def seeing(*events: object) -> Situation:
    """Make a situation that sees, after some events."""
    situation = Situation()
    situation.apply(Reconciled(0.0, frozenset(), frozenset()))
    for event in events:
        situation.apply(event)  # type: ignore[arg-type]
    return situation


def accounted(
    leg: LegDialled, situation: Situation | None = None, policy: Policy = POLICY
) -> Account | None:
    """Account for a leg."""
    plan = plan_for(policy.site)
    return account(leg, Known(policy, plan, situation or seeing(), NOW_S))


def standing(
    leg: LegDialled, situation: Situation | None = None, policy: Policy = POLICY
) -> tuple[Standing, str]:
    """Say how a leg stands and why; it must be the rule's business."""
    made = accounted(leg, situation, policy)
    assert made is not None
    return made.standing, made.reason
