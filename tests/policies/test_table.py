"""Tests of the bounded table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.table import ROWS_PER_GENERATION, Table


def test_a_row_is_found_again() -> None:
    """What was put is got, and nothing else."""
    table: Table[str] = Table()
    table.put("192.0.2.1", (1, 2.5))

    assert table.get("192.0.2.1") == (1, 2.5)
    assert table.get("192.0.2.2") is None
    assert list(table) == ["192.0.2.1"]
    assert ROWS_PER_GENERATION == 100_000


def test_what_is_seen_again_survives() -> None:
    """A row read between the waves of strangers is still there after many of them."""
    table: Table[int] = Table(10)
    table.put(-1, (1,))
    for key in range(1_000):
        table.put(key, (key,))
        assert table.get(-1) == (1,)


def test_what_is_not_seen_again_is_forgotten() -> None:
    """A row that nobody asks for is gone after two generations."""
    table: Table[int] = Table(10)
    table.put(-1, (1,))
    for key in range(20):
        table.put(key, (key,))

    assert -1 not in table
    assert 19 in table


def test_a_row_of_the_old_generation_is_replaced() -> None:
    """Putting an old key again leaves one row of it."""
    table: Table[int] = Table(1)
    table.put(1, (1,))
    table.put(2, (2,))
    table.put(1, (3,))

    assert table.get(1) == (3,)
    assert sorted(table).count(1) == 1


def test_a_generation_holds_a_row() -> None:
    """A table without room is refused."""
    with pytest.raises(ValueError, match="rows_per_generation: 0 is less than 1"):
        Table(0)


@given(st.integers(1, 8), st.lists(st.tuples(st.sampled_from("pg"), st.integers(0, 40))))
def test_the_bound_holds(rows: int, steps: list[tuple[str, int]]) -> None:
    """No sequence of operations makes it larger than two generations, or double a key."""
    table: Table[int] = Table(rows)
    for step, key in steps:
        if step == "p":
            table.put(key, (key,))
            assert table.get(key) == (key,)
        else:
            assert table.get(key) in (None, (key,))
        assert len(table) <= 2 * rows
        assert len(set(table)) == len(table)
