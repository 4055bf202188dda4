"""The configuration: strict, whole, every error at once."""

from pathlib import Path
from typing import Any

import pytest

from policies.numbering.number import NumberForm
from policies.policy import NobodyDomestic, Site, Trunk, UndeclaredLegs
from tests.tollguard.closed import closed
from tollguard.config import DEFAULT_PATH, Config, config_path, load, parse
from tollguard.errors import AccessError, ConfigError

FILE = Path("t.toml")


def _written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_an_empty_file_is_the_default() -> None:
    """Every section and setting has a default; no trunk is declared."""
    config = parse({}, FILE)

    assert config == Config()
    assert config.trunk == ()
    assert config.status_path == Path("/run/tollguard/status.json")


def test_a_file_is_read_into_the_cores_site(tmp_path: Path) -> None:
    """What the core must know of this machine comes out in its own types."""
    file = _written(
        tmp_path / "t.toml",
        """
        [site]
        outside_line = "0"
        emergency = ["171"]
        internal_digits = 4
        emergency_literals = ["+81352531111"]
        undeclared_legs = "hangup"
        nobody_domestic = "deny"
        [[trunk]]
        endpoint = "trunk-a"
        form = "e164"
        emergency = false
        dial = "IAX2/trunk-a/{number}"
        channels = 4
        [[trunk]]
        endpoint = "trunk-b"
        [store]
        url = "sqlite:///var/lib/x.db"
        """,
    )

    config = load(file)

    assert config.store.url == "/var/lib/x.db"
    assert config.to_site() == Site(
        outside_line="0",
        emergency=("171",),
        internal_digits=4,
        trunks=(
            Trunk("trunk-a", NumberForm.E164, False, "IAX2/trunk-a/{number}", 4),  # noqa: FBT003
            Trunk("trunk-b"),
        ),
        emergency_literals=("+81352531111",),
        undeclared_legs=UndeclaredLegs.HANGUP,
        nobody_domestic=NobodyDomestic.DENY,
    )


def test_every_error_is_told_at_once_with_its_place() -> None:
    """One line each: place, value, and what is accepted; the exit code is 78."""
    data = {
        "site": {"node": 1, "country": "jp", "time_zone": "Mars/Base", "colour": "red"},
        "trunk": [{"form": "local"}, {"endpoint": "a b", "dial": "SIP/{number}"}],
        "gate": {"port": 70_000, "host": "127.0.0.1\r\nx", "key_file": "key"},
        "ami": {"technologies": [], "eyes_secret_file": "/etc/asterisk/manager.conf"},
        "store": {"url": "t.db"},
        "ledger": {"path": 3},
        "detection": {"window_s": 1, "per_source": "10"},
        "site_": {},
    }

    with pytest.raises(ConfigError) as caught:
        parse(data, FILE)

    assert caught.value.exit_code == 78
    assert str(caught.value).splitlines() == [
        "t.toml: 18 errors",
        '  site.node: 1 is of the wrong type; write text in quotes, "…"',
        "  site.country: 'jp' is not two capital letters of ISO 3166, such as JP",
        "  site.time_zone: 'Mars/Base' is no time zone of the tz database, such as Asia/Tokyo",
        "  site.colour: is not a setting; see tollguard config sample",
        "  trunk[1].endpoint: is missing; add it",
        "  trunk[1].form: 'local' is not one of 'national' or 'e164'",
        "  trunk[2].endpoint: 'a b' is not 1 to 79 letters, digits, dots, dashes and underscores",
        "  trunk[2].dial: 'SIP/{number}' is no dial template such as PJSIP/{number}@trunk-a",
        "  gate.host: '127.0.0.1\\r\\nx' is not an address or a host name",
        "  gate.port: 70000 is too large; at most 65535",
        "  gate.key_file: 'key' must be an absolute path, such as /etc/tollguard/…",
        "  ami.eyes_secret_file: '/etc/asterisk/manager.conf' names a file that holds nothing but"
        " the secret",
        "  ami.technologies: () has too few entries; at least 1",
        "  store.url: 't.db' must be sqlite:///absolute/path or an absolute path",
        "  ledger.path: 3 is of the wrong type; write a path in quotes",
        "  detection.window_s: 1 is too small; at least 10",
        "  detection.per_source: '10' is of the wrong type; write a whole number without quotes",
        "  site_: is not a setting; see tollguard config sample",
    ]


def test_a_trunk_declared_twice_is_told() -> None:
    """Two sections of one endpoint would leave it open which holds."""
    with pytest.raises(ConfigError, match="trunk: 'a' is declared twice"):
        parse({"trunk": [{"endpoint": "a"}, {"endpoint": "b"}, {"endpoint": "a"}]}, FILE)


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    """The sentence says how to make one."""
    file = tmp_path / "none.toml"

    with pytest.raises(ConfigError) as caught:
        load(file)

    assert str(caught.value) == (
        f"{file} does not exist; make one: tollguard config sample > {file}"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[site", "is not TOML: Expected ']'"),
        (b"\xff", r"is not UTF-8 text \(byte 0\)"),
    ],
)
def test_what_is_no_toml_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    """A broken file is one sentence with the place."""
    with pytest.raises(ConfigError, match=message):
        load(_written(tmp_path / "t.toml", content))


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    """The system's own words are passed on."""
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_the_option_comes_before_the_environment_before_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``--config``, then ``TOLLGUARD_CONFIG``, then /etc."""
    monkeypatch.delenv("TOLLGUARD_CONFIG", raising=False)
    assert config_path(None) == DEFAULT_PATH
    monkeypatch.setenv("TOLLGUARD_CONFIG", "/env.toml")
    assert config_path(None) == Path("/env.toml")
    assert config_path("/option.toml") == Path("/option.toml")


@pytest.mark.parametrize(
    "data",
    [
        {"site": {"node": "pbx1\n"}},
        {"ami": {"eyes_username": "eyes\r\nAction: x"}},
        {"trunk": [{"endpoint": "trunk&PJSIP/1416"}]},
        {"site": {"outside_line": "9,"}},
        {"site": {"emergency": ["1 10"]}},
    ],
)
def test_nothing_that_could_forge_a_header_or_dial_string_is_taken(data: dict[str, Any]) -> None:
    """Names and digits are matched whole, line ends included."""
    with pytest.raises(ConfigError, match=r"is not (1 to|at most)"):
        parse(data, FILE)


def test_a_plan_that_cannot_be_is_told_with_every_other_error() -> None:
    """The place stands once, a remedy stands beside it, and no error waits for another."""
    data: dict[str, Any] = {
        "site": {"country": "XX"},
        "gate": {"port": 0},
        "trunk": [{"endpoint": "a"}, {"endpoint": "a"}],
    }

    with pytest.raises(ConfigError) as caught:
        parse(data, FILE)

    assert str(caught.value).splitlines() == [
        "t.toml: 3 errors",
        "  site.country: plan 'jp' is Japan's, not that of 'XX';"
        ' set plan = "generic", or country = "JP"',
        "  trunk: 'a' is declared twice; keep one of them",
        "  gate.port: 0 is too small; at least 1",
    ]


def test_a_country_without_a_plan_is_told() -> None:
    """The generic plan knows the countries that the numbering library knows."""
    with pytest.raises(ConfigError, match="'XX' is no country with a numbering"):
        parse({"site": {"plan": "generic", "country": "XX"}}, FILE)

    assert parse({"site": {"plan": "generic", "country": "GB"}}, FILE).site.country == "GB"


def test_a_closed_file_says_who_may_read_it(tmp_path: Path) -> None:
    """Exit status 77 and the group or root, not a fault of the file."""
    file = tmp_path / "tollguard.toml"
    file.touch()

    with closed(file), pytest.raises(AccessError, match=r"Permission denied; .*as root$"):
        load(file)
