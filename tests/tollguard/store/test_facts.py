"""What daemons saw and judged, written and read back."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from policies.detection.finding import LegDone, LegEvidence
from tests.tollguard.store.samples import DEVICE, FINDING, VERDICT
from tollguard.store import Store, VerdictFilter


async def test_a_verdict_comes_back_as_it_was_written(store: Store) -> None:
    """Every column survives, and the store gives it an id."""
    await store.write_verdicts([VERDICT])

    assert await store.verdicts(VerdictFilter()) == (replace(VERDICT, id=1),)


async def test_verdicts_are_filtered_and_newest_first(store: Store) -> None:
    """Each filter alone takes out what it should, and the order is by id downwards."""
    allowed = replace(VERDICT, verdict="ALLOW", endpoint="6002", country="FR")
    late = replace(VERDICT, at="2026-11-25T00:00:00.000Z", node="pbx2", endpoint=None, removed=())
    await store.write_verdicts([VERDICT, allowed, late])

    async def ids(wanted: VerdictFilter) -> list[int]:
        return [row.id for row in await store.verdicts(wanted)]

    assert await ids(VerdictFilter()) == [3, 2, 1]
    assert await ids(VerdictFilter(denied=True)) == [3, 1]
    assert await ids(VerdictFilter(endpoint="6002")) == [2]
    assert await ids(VerdictFilter(country="MC")) == [3, 1]
    assert await ids(VerdictFilter(node="pbx2")) == [3]
    assert await ids(VerdictFilter(since_at="2026-11-24T12:00:00.000Z")) == [3]
    assert await ids(VerdictFilter(after_id=1)) == [3, 2]
    assert await ids(VerdictFilter(count=1)) == [3]


async def test_a_call_is_found_by_either_id(store: Store) -> None:
    """Linkedid and uniqueid both lead to the verdicts of a call."""
    await store.write_verdicts([replace(VERDICT, uniqueid="2.2")])

    assert len(await store.verdicts_of("1795500000.1")) == 1
    assert len(await store.verdicts_of("2.2")) == 1
    assert await store.verdicts_of("3.3") == ()


async def test_hostile_lengths_do_not_fail_a_batch(store: Store) -> None:
    """Text of a caller is cut to its column, and steps that are too long are left out."""
    hostile = replace(
        VERDICT, dialled="9" * 5_000, channel="c" * 999, source="s" * 999, steps="x" * 30_000
    )
    await store.write_verdicts([hostile])
    (row,) = await store.verdicts(VerdictFilter())

    assert (len(row.dialled), len(row.channel), len(row.source or ""), row.steps) == (
        255,
        200,
        100,
        "[]",
    )


async def test_the_same_finding_is_one_row_that_grows(store: Store) -> None:
    """Writing it again updates count, end and evidence."""
    grown = replace(
        FINDING, count=20, last_at="2026-11-24T03:05:00.000Z", accounts=("100", "101", "102")
    )
    await store.write_findings([FINDING])
    await store.write_findings([grown])

    assert await store.findings() == (replace(grown, id=1),)
    assert await store.finding(1) == replace(grown, id=1)
    assert await store.finding(2) is None


async def test_findings_are_filtered_by_node_and_time(store: Store) -> None:
    """A report can ask for one node and for what is recent."""
    await store.write_findings([FINDING, replace(FINDING, node="pbx2")])

    assert [row.node for row in await store.findings(node="pbx2")] == ["pbx2"]
    assert await store.findings(since_at="2026-11-24T03:02:00.000Z") == ()


async def test_evidence_is_bounded(store: Store) -> None:
    """At most twenty names of at most 200 characters are kept."""
    many = tuple(f"{n}" + "x" * 300 for n in range(50))
    await store.write_findings([replace(FINDING, accounts=many, subject="s" * 999)])
    (row,) = await store.findings()

    assert (len(row.accounts), max(map(len, row.accounts)), len(row.subject)) == (20, 200, 200)


LEG = LegEvidence(
    "2.1", "1.1", "01037793123456", "trunk", "fax", "Dial", "dial", "", "no-token", LegDone.HUNG_UP
)


async def test_legs_around_the_gate_are_kept_with_their_finding(store: Store, path: Path) -> None:
    """Each comes back as it was; a text that is none of this version's shows none."""
    finding = replace(FINDING, kind="unaccounted-leg", legs=(LEG, replace(LEG, uniqueid="2.2")))
    await store.write_findings([finding])
    assert await store.finding(1) == replace(finding, id=1)

    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE finding SET legs = ?", ('[{"number": "1"}]',))
    connection.close()
    assert await store.finding(1) == replace(finding, id=1, legs=())


async def test_legs_are_bounded(store: Store) -> None:
    """At most twenty, each text cut, and all together what their column holds."""
    long = replace(LEG, number="\x01" * 500, trunk="\x02" * 500)
    await store.write_findings([replace(FINDING, legs=(long,) * 50)])
    (row,) = await store.findings()

    assert 10 < len(row.legs) < 20
    assert len(row.legs[0].number) == 100


async def test_a_node_replaces_its_own_devices_alone(store: Store) -> None:
    """A new picture of one node takes its old devices away and leaves another node's."""
    await store.write_devices("pbx1", [DEVICE, replace(DEVICE, endpoint="6002", state="lagged")])
    await store.write_devices("pbx2", [DEVICE])
    await store.write_devices("pbx1", [replace(DEVICE, endpoint="6003", stale=True)])

    assert await store.devices() == (
        replace(DEVICE, endpoint="6003", stale=True),
        replace(DEVICE, node="pbx2"),
    )


async def test_devices_are_filtered(store: Store) -> None:
    """By node, endpoint and state."""
    await store.write_devices("pbx1", [DEVICE, replace(DEVICE, endpoint="6002", state="lagged")])

    assert [row.endpoint for row in await store.devices(state="lagged")] == ["6002"]
    assert [row.endpoint for row in await store.devices(endpoint="6001")] == ["6001"]
    assert await store.devices(node="pbx9") == ()
