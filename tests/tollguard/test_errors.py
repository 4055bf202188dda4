"""The tree of errors, its codes and the operators' table of them."""

from pathlib import Path

from tollguard import errors
from tollguard.errors import ALL_ERRORS, GuardError, LedgerError


def test_every_error_is_listed_with_its_code() -> None:
    """The list, the classes of the module and the tree in its docstring name the same."""
    defined = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, GuardError)
    }

    assert set(ALL_ERRORS) == defined
    for error in ALL_ERRORS:
        assert f"{error.__name__} {error.exit_code}" in (errors.__doc__ or "")


def test_every_error_is_in_the_operators_table() -> None:
    """docs/errors.md has one row for each error, with cause and remedy."""
    page = (Path(__file__).parents[2] / "docs" / "errors.md").read_text("utf-8")

    for error in ALL_ERRORS:
        assert f"| `{error.__name__}` | {error.exit_code} |" in page
        assert error.cause in page
        assert error.remedy in page


def test_a_ledger_error_carries_the_reason_of_the_denial() -> None:
    """The gate denies by its reason code, ``ledger-failed`` unless told otherwise."""
    assert LedgerError("x").reason == "ledger-failed"
    assert LedgerError("x", reason="ledger-late").reason == "ledger-late"
