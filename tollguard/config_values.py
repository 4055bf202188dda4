"""The kinds of value that settings have, each checked where it is read.

What a check refuses is said in words that follow the value: "… must be an absolute path".
"""

import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from tollguard.config_patterns import COUNTRY, DIGITS, HOST, LITERAL, NAME, PLAIN_PATH


def to_path(value: object) -> object:
    """Take a path written as text."""
    return Path(value) if isinstance(value, str) else value


def absolute(value: Path) -> Path:
    """Refuse a path that depends on where the process stands."""
    if not value.is_absolute():
        msg = "must be an absolute path, such as /etc/tollguard/…"
        raise ValueError(msg)
    return value


def plain(value: Path) -> Path:
    """Refuse a path that would have to be quoted in a question to Asterisk."""
    if not re.fullmatch(PLAIN_PATH, str(value)):
        msg = "must be a path of letters, digits and _ . / - only"
        raise ValueError(msg)
    return value


def to_tuple(value: object) -> object:
    """Take TOML's list as a tuple, which cannot be changed."""
    return tuple(value) if isinstance(value, list) else value


def known_zone(value: str) -> str:
    """Refuse a time zone that the tz database does not know."""
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        msg = "is no time zone of the tz database, such as Asia/Tokyo"
        raise ValueError(msg) from error
    return value


def store_path(value: str) -> str:
    """Take the store's place as a URL or a path."""
    path = value.removeprefix("sqlite://")
    if not path.startswith("/"):
        msg = "must be sqlite:///absolute/path or an absolute path"
        raise ValueError(msg)
    return path


def dial_template(value: str) -> str:
    """Refuse a dial template that cannot be matched; empty is the usual one."""
    if value:
        from policies.trunks import Template  # noqa: PLC0415 - most sites have none

        Template.parse(value)
    return value


def not_blank_secret(value: Path) -> Path:
    """Refuse a configuration file where a secret's own file is wanted."""
    if value.suffix in {".toml", ".conf"}:
        msg = "names a file that holds nothing but the secret"
        raise ValueError(msg)
    return value


Name = Annotated[str, Field(pattern=NAME)]
AbsolutePath = Annotated[Path, BeforeValidator(to_path), AfterValidator(absolute)]
PlainPath = Annotated[AbsolutePath, AfterValidator(plain)]
SecretFile = Annotated[AbsolutePath, AfterValidator(not_blank_secret)]
Port = Annotated[int, Field(ge=1, le=65_535)]
DialTemplate = Annotated[str, AfterValidator(dial_template)]
Zone = Annotated[str, AfterValidator(known_zone)]
StorePath = Annotated[str, AfterValidator(store_path)]
Digits = Annotated[str, Field(pattern=DIGITS)]
CountryCode = Annotated[str, Field(pattern=COUNTRY)]
Literals = Annotated[tuple[Annotated[str, Field(pattern=LITERAL)], ...], BeforeValidator(to_tuple)]
Host = Annotated[str, Field(pattern=HOST)]
