"""A policy that changed between verdict and dial: the call is judged again with what it was."""

from dataclasses import replace

from policies.accounting import Standing
from policies.policy import Limits, Mode, SuspensionKind
from policies.reasons import Reason
from tests.policies.accounting import OBSERVED, POLICY, TOKYO, allowed, dialled, seeing, standing
from tests.policies.builders import grant, suspension


def test_a_suspension_between_verdict_and_dial_cuts_at_the_beginning() -> None:
    """The policy changed, so the leg is judged again with its recorded principal."""
    endpoint = replace(
        POLICY, revision=8, suspensions=(suspension(SuspensionKind.ENDPOINT, "6001"),)
    )
    second = replace(POLICY, revision=8, suspensions=(suspension(SuspensionKind.ENDPOINT, "6002"),))
    situation = seeing(allowed(responsible=("6001", "6002")))
    shared = replace(second, grants=(grant(), grant(endpoint="6002")))

    assert standing(dialled(), situation, endpoint) == (Standing.CUT, Reason.POLICY_CHANGED)
    assert standing(dialled(), situation, shared) == (Standing.CUT, Reason.POLICY_CHANGED)


def test_a_change_that_does_not_concern_the_call_leaves_it() -> None:
    """Its recorded principal still may; in observe nothing but a suspension cuts it."""
    newer = replace(POLICY, revision=8)
    revoked = replace(OBSERVED, revision=8, grants=())

    assert standing(dialled(), seeing(allowed()), newer) == (
        Standing.ACCOUNTED,
        Reason.POLICY_CHANGED,
    )
    assert standing(dialled(), seeing(allowed()), revoked)[0] is Standing.ACCOUNTED
    assert standing(dialled(), seeing(allowed()), replace(revoked, mode=Mode.ENFORCE))[0] is (
        Standing.CUT
    )


def test_a_call_is_not_counted_against_itself_when_judged_again() -> None:
    """Its own slot is taken already; one more of the same endpoint is too many."""
    newer = replace(POLICY, revision=8, limits=Limits(chargeable_per_endpoint=1))
    other = allowed(token="t2", uniqueid="1.2")

    assert standing(dialled(), seeing(allowed()), newer)[0] is Standing.ACCOUNTED
    assert standing(dialled(), seeing(allowed(), other), newer)[0] is Standing.CUT
    home = allowed(TOKYO, chargeable=False)
    assert standing(dialled(TOKYO), seeing(home), newer)[0] is Standing.ACCOUNTED


def test_a_trunk_that_was_responsible_has_no_rights_when_judged_again() -> None:
    """A grant that names a trunk's endpoint is worth nothing."""
    newer = replace(POLICY, revision=8, grants=(grant(endpoint="isdn"),))
    situation = seeing(allowed(endpoint="isdn", responsible=("isdn",)))

    assert standing(dialled(), situation, newer)[0] is Standing.CUT
