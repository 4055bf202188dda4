"""Tests of changes that are ahead of the store."""

import pytest

from policies.ahead import AheadChange, with_changes
from policies.policy import Policy, Suspension, SuspensionKind


def suspension(target: str, since_s: float = 10.0) -> Suspension:
    return Suspension(0, SuspensionKind.COUNTRY, target, since_s, None, "IRSF", "alice(1000)")


def change(target: str, since_s: float = 10.0, *, ends: bool = False) -> AheadChange:
    return AheadChange("a1", ends, suspension(target, since_s), "alice(1000)", "")


def test_changes_are_put_on_top_in_order() -> None:
    """What is made is added, what is ended goes, and the rest of the policy stands."""
    policy = Policy(revision=4, suspensions=(suspension("MC"), suspension("FR")))
    changes = (change("LV"), change("MC", ends=True), change("LV", 11.0, ends=True), change("TN"))

    changed = with_changes(policy, changes)

    assert [one.target for one in changed.suspensions] == ["FR", "TN"]
    assert changed.revision == 4


@pytest.mark.parametrize(("since_s", "left"), [(9.0, 0), (10.0, 0), (10.5, 1)])
def test_an_end_is_for_what_was_made_before_it(since_s: float, left: int) -> None:
    """A suspension that another operator made later stands."""
    policy = Policy(suspensions=(suspension("MC", since_s),))

    assert len(with_changes(policy, [change("MC", 10.0, ends=True)]).suspensions) == left
