"""The sample and the page are made from the types, and the sample loads."""

import tomllib
from pathlib import Path

import pytest

from tollguard.config import Config, TrunkSection, parse
from tollguard.config_text import as_json, effective, markdown, sample, toml_value

FILE = Path("t.toml")


def test_the_sample_loads_and_is_the_default_with_one_trunk() -> None:
    """Nothing in the sample is off, and each value in it is the default."""
    loaded = parse(tomllib.loads(sample()), FILE)

    assert loaded == Config(trunk=(TrunkSection(endpoint="trunk"),))


def test_every_setting_is_described_in_the_sample_and_on_the_page() -> None:
    """A setting without a description cannot be added."""
    text, page = sample(), markdown()

    for section in (type(f.default) for n, f in Config.model_fields.items() if n != "trunk"):
        for name, field in section.model_fields.items():
            assert field.description
            assert f"\n{name} = " in text
            assert f"| `{name}` |" in page


def test_lines_of_the_sample_fit_a_terminal() -> None:
    """No line is longer than 100 columns."""
    assert max(map(len, sample().splitlines())) <= 100


def test_the_effective_file_loads_to_the_same() -> None:
    """What `config show` prints can be used as a configuration."""
    config = parse({"trunk": [{"endpoint": "a"}, {"endpoint": "b", "form": "e164"}]}, FILE)

    assert parse(tomllib.loads(effective(config)), FILE) == config


def test_the_page_is_the_one_in_docs() -> None:
    """docs/config.md is what the types say."""
    page = (Path(__file__).parents[2] / "docs" / "config.md").read_text("utf-8")

    assert page == markdown()


def test_json_has_paths_as_text() -> None:
    """Every value can be printed as JSON."""
    assert as_json(Config())["ledger"] == {"path": "/var/lib/tollguard/ledger.db"}


@pytest.mark.parametrize(
    "value", ["", 'a"b\\c', "日本", "\x7f\x01", True, False, 7, ("a", "b"), ()]
)
def test_a_value_survives_toml(value: object) -> None:
    """What is written reads back the same."""
    read = tomllib.loads(f"v = {toml_value(value)}")["v"]

    assert (tuple(read) if isinstance(read, list) else read) == value
