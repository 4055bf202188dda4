"""Tests of the snapshot's file: the policy, where it comes from and what is ahead of the store."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.ahead import AheadChange
from policies.kept import (
    MAX_BYTES,
    MAX_REVISION,
    Kept,
    base_of_damaged,
    dump,
    load,
    of_store,
)
from policies.policy import OriginateGrant, Policy, Site, Suspension, SuspensionKind, Trunk
from policies.snapshot import SnapshotError

POLICY = Policy(
    7,
    site=Site(trunks=(Trunk("trunk"),)),
    originate_grants=(OriginateGrant(1, "fax", frozenset({"FR"})), OriginateGrant(2, "door", None)),
)
MADE = Suspension(0, SuspensionKind.ENDPOINT, "6001", 1.5, None, "stolen", "alice(1000)")
CHANGE = AheadChange("0f", ends=False, suspension=MADE, login="alice(1000)", claim="bob")
FULL = Kept(POLICY, 6, (CHANGE,))


@pytest.mark.parametrize("kept", [of_store(POLICY), FULL])
def test_loading_what_was_dumped_gives_the_same(kept: Kept) -> None:
    """Nothing is lost or changed on the way through bytes."""
    assert load(dump(kept)) == kept


def test_a_policy_of_the_store_s_comes_from_its_own_revision() -> None:
    """Nothing is ahead of the store then."""
    assert of_store(POLICY) == Kept(POLICY, 7, ())
    assert (of_store(POLICY).least, FULL.least) == (7, 6)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("format", 3, "snapshot.format: 3 is not 2"),
        ("format", True, "snapshot.format: True is not an integer of at least 0"),
        ("base", -1, "snapshot.base: -1 is not an integer of at least 0"),
        ("base", MAX_REVISION + 1, "snapshot.policy.revision: more than"),
        ("policy.revision", 2**63 - 1, "snapshot.policy.revision: more than"),
        ("ahead", {}, "snapshot.ahead: {} is not a list"),
        ("ahead.0.ends", 1, "snapshot.ahead[0].ends: 1 is not true or false"),
        ("ahead.0.suspension.kind", "x", "snapshot.ahead[0].suspension.kind: 'x' is not one"),
        ("more", 1, "snapshot: unknown key 'more'"),
    ],
)
def test_what_is_off_is_refused_with_its_place(path: str, value: object, message: str) -> None:
    """A wrong type, an unknown key, another format or a wild revision refuses the whole."""
    tree = json.loads(dump(FULL))
    *steps, last = path.split(".")
    node: Any = tree
    for step in steps:
        node = node[int(step) if step.isdecimal() else step]
    node[last] = value

    with pytest.raises(SnapshotError) as caught:
        load(json.dumps(tree).encode())
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 10_000, "not JSON"),
        (b"null", "snapshot: None is not an object"),
        (b'{"format":1}', "missing key 'ahead'"),
        (b'{"format":1,"policy":{"site":{"trunks":0}}}', "missing key 'revision'"),
        (b'{"format":1,"format":1,"policy":{}}', "repeated key"),
        (b'{"format":NaN}', "NaN is no number"),
        (b" " * (MAX_BYTES + 1), "are more than"),
    ],
)
def test_bytes_that_are_no_snapshot_are_refused(data: bytes, message: str) -> None:
    """Any bytes give one kind of error."""
    with pytest.raises(SnapshotError, match=message):
        load(data)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    """Random bytes are refused, never a crash."""
    with pytest.raises(SnapshotError):
        load(data)
    assert base_of_damaged(data) is None


def test_the_first_format_is_read() -> None:
    """An upgrade finds its policy again, with what the new settings mean when they are not told."""
    tree = json.loads(dump(of_store(POLICY)))["policy"]
    del tree["originate_grants"]
    for key in ("emergency_literals", "undeclared_legs", "nobody_domestic"):
        del tree["site"][key]
    for key in ("dial", "channels"):
        del tree["site"]["trunks"][0][key]
    tree["site"]["trunks"].append(0)
    with pytest.raises(SnapshotError, match=r"site.trunks\[1\]: 0 is not an object"):
        load(json.dumps({"format": 1, "policy": tree}).encode())
    tree["site"]["trunks"].pop()
    first = json.dumps({"format": 1, "policy": tree}).encode()

    assert load(first) == of_store(replace(POLICY, originate_grants=()))


def test_what_was_cut_off_still_tells_the_store_s_revision() -> None:
    """Unless something was ahead of the store, which is lost with the rest."""
    whole = dump(of_store(POLICY))

    assert base_of_damaged(whole[:40]) == base_of_damaged(whole) == 7
    assert base_of_damaged(json.dumps(json.loads(whole)).encode()) == 7
    assert base_of_damaged(whole[:10]) is None
    assert base_of_damaged(dump(FULL)) is None
