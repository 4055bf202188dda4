"""Tests of the policy as bytes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.numbering.number import NumberForm
from policies.policy import Grant, Limits, Mode, Policy, Site, Suspension, SuspensionKind, Trunk
from policies.snapshot import SnapshotError, policy_tree, read_policy


def dump(policy: Policy) -> str:
    return json.dumps({"policy": policy_tree(policy)})


def load(text: str) -> Policy:
    return read_policy(json.loads(text)["policy"], "snapshot.policy")


texts = st.text(max_size=8)
counts = st.integers(0, 2**40)
seconds = st.floats(-1e12, 1e12)
sites = st.builds(
    Site,
    plan=texts,
    country=texts,
    outside_line=texts,
    emergency=st.lists(texts, max_size=2).map(tuple),
    trunks=st.lists(
        st.builds(Trunk, texts, st.sampled_from(NumberForm), st.booleans()), max_size=2
    ).map(tuple),
    internal_digits=counts,
)
policies = st.builds(
    Policy,
    revision=counts,
    site=sites,
    mode=st.sampled_from(Mode),
    suspensions=st.lists(
        st.builds(
            Suspension,
            counts,
            st.sampled_from(SuspensionKind),
            texts,
            seconds,
            st.none() | seconds,
            texts,
            texts,
            st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    grants=st.lists(
        st.builds(
            Grant, counts, texts, st.none() | st.frozensets(texts, max_size=3), st.none() | seconds
        ),
        max_size=2,
    ).map(tuple),
    limits=st.builds(Limits, counts, counts, counts),
    denied_classes=st.frozensets(texts, max_size=3),
)

FULL = Policy(
    site=Site(trunks=(Trunk("trunk"),)),
    suspensions=(Suspension(1, SuspensionKind.COUNTRY, "MC", 1.0, None, "", ""),),
    grants=(Grant(1, "6001", frozenset({"FR"})),),
)


@given(policies)
def test_loading_what_was_dumped_gives_the_same_policy(policy: Policy) -> None:
    """Nothing is lost or changed on the way through bytes."""
    assert load(dump(policy)) == policy


def test_the_same_policy_gives_the_same_bytes() -> None:
    """Sets are written in order, so a file changes only when the policy does."""
    first = Policy(denied_classes=frozenset({"premium", "special", "short"}))
    second = Policy(denied_classes=frozenset({"short", "premium", "special"}))

    assert dump(first) == dump(second)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("policy", None, "snapshot.policy: None is not an object"),
        ("policy.extra", 1, "snapshot.policy: unknown key 'extra'"),
        ("policy.mode", "off", "snapshot.policy.mode: 'off' is not one of the choices"),
        ("policy.mode", 1, "snapshot.policy.mode: 1 is not a text"),
        ("policy.revision", -1, "snapshot.policy.revision: -1 is not an integer of at least 0"),
        ("policy.revision", 1.0, "snapshot.policy.revision: 1.0 is not an integer of at least 0"),
        ("policy.grants", {}, "snapshot.policy.grants: {} is not a list"),
        ("policy.grants.0.until_s", "1", "grants[0].until_s: '1' is not a number of seconds"),
        ("policy.grants.0.until_s", True, "grants[0].until_s: True is not a number of seconds"),
        ("policy.grants.0.until_s", 10**400, "is not a number of seconds"),
        ("policy.grants.0.countries", "FR", "grants[0].countries: 'FR' is not a list"),
        ("policy.grants.0.countries", [1], "grants[0].countries[0]: 1 is not a text"),
        ("policy.suspensions.0.keep_calls", 0, "keep_calls: 0 is not true or false"),
        ("policy.site.trunks.0.form", "e.164", "trunks[0].form: 'e.164' is not one of"),
    ],
)
def test_what_is_off_is_refused_with_its_place(path: str, value: object, message: str) -> None:
    """A wrong type, an unknown key or an unknown choice refuses the whole and says where."""
    tree = json.loads(dump(FULL))
    *steps, last = path.split(".")
    node: Any = tree
    for step in steps:
        node = node[int(step) if step.isdecimal() else step]
    node[last] = value

    with pytest.raises(SnapshotError) as caught:
        load(json.dumps(tree))
    assert message in str(caught.value)


def test_every_key_must_be_there() -> None:
    """Leaving any key out, at any depth, is refused."""

    def paths(node: object, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
        if isinstance(node, dict):
            below = [found for key in node for found in paths(node[key], (*path, key))]
            return [(*path, key) for key in node] + below
        if isinstance(node, list):
            return [found for i, item in enumerate(node) for found in paths(item, (*path, i))]
        return []

    found = paths(json.loads(dump(FULL)), ())[1:]
    for *steps, last in found:
        tree = json.loads(dump(FULL))
        node: Any = tree
        for step in steps:
            node = node[step]
        del node[last]
        with pytest.raises(SnapshotError, match=f"missing key '{last}'"):
            load(json.dumps(tree))
    assert len(found) > 30
