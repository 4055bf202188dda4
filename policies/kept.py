"""``snapshot.json``: a policy, the store's revision that it comes from, and what is ahead of it.

The order of its keys is kept, because the first two tell the revision of a file that was cut
off: whether a store is older than a snapshot that cannot be read any more.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from policies.ahead import AheadChange
from policies.policy import Policy
from policies.snapshot import (
    Fields,
    SnapshotError,
    policy_tree,
    read_policy,
    read_suspension,
    suspension_tree,
)

FORMAT = 2
MAX_BYTES = 16 * 1_024 * 1_024
# What a float can tell apart from its neighbours: also room for 9e15 changes.
MAX_REVISION = 2**53

_HEAD = re.compile(rb'\{"ahead": ?\[\], ?"base": ?([0-9]{1,16}),')

# What the first format did not have, with what it meant.
_NEW_OF_POLICY: Mapping[str, object] = {"originate_grants": []}
_NEW_OF_SITE: Mapping[str, object] = {
    "emergency_literals": [],
    "undeclared_legs": "record",
    "nobody_domestic": "allow",
}
_NEW_OF_TRUNK: Mapping[str, object] = {"dial": "", "channels": 0}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a snapshot holds.

    Attributes:
        policy: In force, what is ahead included.
        base: The store's revision that the policy was read at.
        ahead: Changes that the store does not have yet, in order.
    """

    policy: Policy
    base: int
    ahead: tuple[AheadChange, ...] = ()

    @property
    def least(self) -> int:
        """The lowest revision of a store that is as new: what is ahead of it counts apart."""
        return self.base if self.ahead else self.policy.revision


def of_store(policy: Policy) -> Kept:
    """Keep a policy as the store has it."""
    return Kept(policy, policy.revision)


def dump(kept: Kept) -> bytes:
    """Write it as JSON, the same bytes for the same content.

    Returns:
        ASCII, one line, a line feed at the end. Holds no secret.
    """
    tree = {
        "ahead": [_change_tree(change) for change in kept.ahead],
        "base": kept.base,
        "format": FORMAT,
        "policy": policy_tree(kept.policy),
    }
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii") + b"\n"


def load(data: bytes) -> Kept:
    """Read what `dump` wrote, or what the format before it held.

    Args:
        data: Trusted as far as the file's owner is; any bytes are survived.

    Raises:
        SnapshotError: It is not exactly that; the message names the place.
    """
    tree = _parse(data)
    if isinstance(tree, dict) and tree.get("format") == 1 and tree["format"] is not True:
        tree = _from_first(tree)
    root = Fields(tree, "snapshot", "ahead base format policy")
    if root.integer("format") != FORMAT:
        msg = f"snapshot.format: {root.integer('format')!r} is not {FORMAT}"
        raise SnapshotError(msg)
    kept = Kept(
        policy=read_policy(root.value("policy"), "snapshot.policy"),
        base=root.integer("base"),
        ahead=root.items("ahead", _change),
    )
    if max(kept.policy.revision, kept.base) > MAX_REVISION:
        msg = f"snapshot.policy.revision: more than {MAX_REVISION}"
        raise SnapshotError(msg)
    return kept


def base_of_damaged(data: bytes) -> int | None:
    """Read of a file that does not load which store's revision it was made of.

    Returns:
        The revision; None when its beginning does not tell, or changes were ahead of it.
    """
    found = _HEAD.match(data)
    return int(found[1]) if found else None


def _parse(data: bytes) -> object:
    if len(data) > MAX_BYTES:
        msg = f"snapshot: {len(data)} bytes are more than {MAX_BYTES}"
        raise SnapshotError(msg)
    try:
        tree: object = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except RecursionError as error:
        msg = "snapshot: nested too deeply"
        raise SnapshotError(msg) from error
    except SnapshotError:
        raise
    except ValueError as error:
        msg = f"snapshot: not JSON: {error}"
        raise SnapshotError(msg) from error
    return tree


def _from_first(tree: dict[object, object]) -> object:
    """Write the first format as this one; what is off in it is found by the reading."""
    policy = tree.get("policy")
    if not isinstance(policy, dict):
        return tree
    site = policy.get("site")
    trunks = site.get("trunks") if isinstance(site, dict) else None
    for node, new in (
        (policy, _NEW_OF_POLICY),
        (site, _NEW_OF_SITE),
        *((trunk, _NEW_OF_TRUNK) for trunk in (trunks if isinstance(trunks, list) else ())),
    ):
        if isinstance(node, dict):
            for key, value in new.items():
                node.setdefault(key, value)
    return {**tree, "format": FORMAT, "base": policy.get("revision"), "ahead": []}


def _change_tree(change: AheadChange) -> dict[str, object]:
    return {
        "mark": change.mark,
        "ends": change.ends,
        "suspension": suspension_tree(change.suspension),
        "login": change.login,
        "claim": change.claim,
    }


def _change(tree: object, place: str) -> AheadChange:
    fields = Fields(tree, place, "mark ends suspension login claim")
    return AheadChange(
        mark=fields.text("mark"),
        ends=fields.flag("ends"),
        suspension=read_suspension(fields.value("suspension"), f"{place}.suspension"),
        login=fields.text("login"),
        claim=fields.text("claim"),
    )


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object with a repeated key: readers differ on which one counts."""
    tree = dict(pairs)
    if len(tree) != len(pairs):
        msg = f"snapshot: repeated key among {sorted(key for key, _ in pairs)!r}"
        raise SnapshotError(msg)
    return tree


def _no_constant(name: str) -> object:
    """Refuse NaN and Infinity, which are no JSON."""
    msg = f"snapshot: {name} is no number"
    raise SnapshotError(msg)
