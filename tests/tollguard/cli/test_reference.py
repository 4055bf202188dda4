"""Every command has help and an example, and the pages say what the code says."""

from pathlib import Path

import click
import pytest

from tollguard.cli import reference
from tollguard.cli.root import make_root
from tollguard.i18n import use_language

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


def _all() -> list[tuple[str, click.Command]]:
    return [("tollguard", make_root()), *reference.commands(make_root(), ("tollguard",))]


@pytest.mark.parametrize(("name", "command"), _all())
def test_every_command_has_help_and_an_example_and_is_documented(
    name: str, command: click.Command
) -> None:
    """A command cannot be added without words for its user."""
    page = (DOCS / "cli.md").read_text("utf-8")

    assert command.help
    assert command.epilog is not None
    assert "tollguard " in command.epilog
    assert f"## {name}\n" in page
    assert all(p.help for p in command.params if isinstance(p, click.Option))
    assert reference.help_of(name, command) in page


def test_the_pages_in_docs_are_fresh() -> None:
    """What `make docs` checks."""
    assert reference.stale_pages(DOCS) == []
    assert reference.main(["--check"], DOCS) == 0


def test_a_stale_page_is_named_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page that was edited by hand fails the check until it is written again."""
    reference.main(["--write"], tmp_path)
    page = tmp_path / "errors.md"
    page.write_text(page.read_text("utf-8") + "by hand\n", "utf-8")
    (tmp_path / "reasons.md").unlink()

    checked = reference.main(["--check"], tmp_path)
    written = reference.main(["--write"], tmp_path)

    assert (checked, written, reference.main(["--check"], tmp_path)) == (1, 0, 0)
    assert capsys.readouterr().err == (
        "docs/errors.md is not what the code says; run:"
        " python -m tollguard.cli.reference --write\n"
        "docs/reasons.md is not what the code says; run:"
        " python -m tollguard.cli.reference --write\n"
    )


def test_no_help_is_wider_than_a_screen() -> None:
    """Examples are not wrapped by click, so they are short by themselves."""
    assert [line for line in reference.cli_page().splitlines() if len(line) > 100] == []


def test_another_argument_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Usage, exit code 64."""
    assert reference.main([], tmp_path) == 64
    assert capsys.readouterr().err.startswith("usage: ")
