"""Rules of the repository that no linter knows."""

import ast
import re
from pathlib import Path

from tests.packaging.contents import ROOT

HOST = re.compile(r"https?://|--index-url|--extra-index-url|--find-links|--trusted-host")


def silent_tests(source: str) -> list[str]:
    """Name the test functions that do not say which behaviour they state."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]


def test_every_test_states_a_behaviour() -> None:
    """Each test function has a docstring."""
    silent = {
        file.relative_to(ROOT).as_posix(): names
        for file in (ROOT / "tests").rglob("test_*.py")
        if (names := silent_tests(file.read_text()))
    }

    assert silent == {}


def test_a_silent_test_is_named() -> None:
    """The check itself finds a test without a docstring."""
    source = 'def test_a():\n    """It is."""\n\n\nasync def test_b(): ...\n\n\ndef other(): ...\n'

    assert silent_tests(source) == ["test_b"]


def test_locked_requirements_name_no_host() -> None:
    """Where packages come from is each machine's own setting, so no lock file names an index."""
    named = [
        f"{lock.name}: {line}"
        for lock in sorted((ROOT / "requirements").glob("*.txt"))
        for line in lock.read_text().splitlines()
        if HOST.search(line)
    ]

    assert named == []


def test_every_locked_requirement_has_a_hash() -> None:
    """Each pinned distribution is followed by at least one hash."""
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        pins = re.findall(r"^[a-z0-9_.-]+==\S+ \\\n +--hash=sha256:", lock.read_text(), re.M | re.I)
        names = re.findall(r"^[a-z0-9_.-]+==", lock.read_text(), re.M | re.I)

        assert len(pins) == len(names) > 0, lock.name


def test_every_folder_of_tests_is_a_package() -> None:
    """Import mode importlib wants an ``__init__.py`` beside each test module."""
    bare = [
        folder.relative_to(ROOT).as_posix()
        for folder in {Path(file).parent for file in (ROOT / "tests").rglob("*.py")}
        if not (folder / "__init__.py").is_file()
    ]

    assert bare == []
