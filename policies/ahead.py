"""Changes that were made while the store could not be written: they stand in the snapshot alone.

They are ahead of the store until the daemon enters them into it. Each carries a mark, so that
entering one twice, after a crash between the two files, is seen and made once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from policies.policy import Policy, Suspension


@dataclass(frozen=True, slots=True)
class AheadChange:
    """A suspension that was made, or ended, without the store.

    Attributes:
        mark: Random; by it the store knows whether it has the change.
        ends: It ends suspensions of that kind and target; else it makes this one.
        suspension: What is made. Of one that ends, kind, target, ``since_s`` (when
            it was asked) and ``by`` count. Its id is 0, because the store gave none.
        login: Who asked, from the kernel, as the audit names him.
        claim: What ``SUDO_USER`` said; a claim.
    """

    mark: str
    ends: bool
    suspension: Suspension
    login: str
    claim: str


def with_changes(policy: Policy, changes: Iterable[AheadChange]) -> Policy:
    """Put changes on top of a policy, in order; its revision is the caller's affair."""
    suspensions = policy.suspensions
    for change in changes:
        made = change.suspension
        if change.ends:
            suspensions = tuple(one for one in suspensions if not ended_by(one, made))
        else:
            suspensions = (*suspensions, made)
    return replace(policy, suspensions=suspensions)


def ended_by(suspension: Suspension, end: Suspension) -> bool:
    """Tell whether a suspension is ended by a change: the same target, and made before it."""
    same = (suspension.kind, suspension.target) == (end.kind, end.target)
    return same and suspension.since_s <= end.since_s
