"""Each module with a function of its own has a test module of its name."""

import ast
from pathlib import Path

from tests.packaging.contents import PACKAGES, ROOT


def has_function(source: Path) -> bool:
    """Tell whether a module defines any function or method."""
    tree = ast.parse(source.read_text())
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))


def without_tests(root: Path) -> list[str]:
    """List the modules that have a function but no test module of their name."""
    return sorted(
        module.relative_to(root).as_posix()
        for package in PACKAGES
        for module in (root / package).rglob("*.py")
        if module.name != "__init__.py"
        and has_function(module)
        and not its_test(root, module).is_file()
    )


def its_test(root: Path, module: Path) -> Path:
    """Name the test module that belongs to a module."""
    return root / "tests" / module.relative_to(root).parent / f"test_{module.name}"


def test_every_module_with_a_function_has_its_test_module() -> None:
    """`policies/table.py` is tested by `tests/policies/test_table.py`, and so on for each file."""
    assert without_tests(ROOT) == []


def test_a_module_without_one_is_named(tmp_path: Path) -> None:
    """The check itself finds a module whose test is missing, and lets a bare enum pass."""
    (tmp_path / "agi").mkdir()
    (tmp_path / "agi" / "framing.py").write_text("def read(): ...\n")
    (tmp_path / "agi" / "words.py").write_text("HELLO = 1\n")

    assert without_tests(tmp_path) == ["agi/framing.py"]
