"""Shows that the page's table of paths is the one that is played, row for row."""

from pathlib import Path as File

import pytest

from tests.asterisk import matrix
from tests.asterisk.paths_proof import granted, refused


def test_the_page_holds_the_table_of_what_is_played() -> None:
    """docs/threat-model.md says what the rows say that the tests play."""
    page = matrix.PAGE.read_text()

    assert matrix.filled(page) == page


@pytest.mark.parametrize("name", matrix.GROUPS)
def test_each_row_is_played(name: str) -> None:
    """A group's test module plays its whole tuple, and no path of it is left out."""
    paths = matrix.GROUPS[name]
    played = (File(__file__).parent / f"test_paths_{name}.py").read_text()

    assert f"with Stage({name.upper()}) as stage" in played
    assert f"refused({name.upper()})" in played
    assert {*granted(paths), *(path for path, _ in refused(paths))} == {p.name for p in paths}


def test_names_are_unique() -> None:
    """Two paths of one name would hide each other in the table."""
    names = [path.name for group in matrix.GROUPS.values() for path in group]

    assert sorted(names) == sorted(set(names))


def test_a_page_without_markers_is_refused() -> None:
    """Nothing is written where the table has no place."""
    with pytest.raises(ValueError, match="the page has no"):
        matrix.filled("# Threat model\n")
