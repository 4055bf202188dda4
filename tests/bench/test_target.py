"""The word that `make bench` says about a promised figure."""

import pytest

from tests.bench.target import at_least, at_most


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (at_least(0.70, 0.7), "met     (target 0.7 or more)"),
        (at_least(0.69, 0.7), "MISSED  (target 0.7 or more)"),
        (at_most(200.0, 200, " ms"), "met     (target 200 ms or less)"),
        (at_most(200.1, 200, " ms"), "MISSED  (target 200 ms or less)"),
        (at_most(5.01, 5.0, " x"), "MISSED  (target 5 x or less)"),
    ],
)
def test_a_figure_is_met_or_missed(told: str, text: str) -> None:
    """The target stands beside the word."""
    assert told == text
