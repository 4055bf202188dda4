"""Values of settings: what is taken, and what is refused in words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tollguard import config_values


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (config_values.to_path, "/a", Path("/a")),
        (config_values.to_path, 3, 3),
        (config_values.to_tuple, ["a"], ("a",)),
        (config_values.to_tuple, "a", "a"),
        (config_values.known_zone, "Asia/Tokyo", "Asia/Tokyo"),
        (config_values.store_path, "sqlite:///a.db", "/a.db"),
        (config_values.dial_template, "", ""),
        (config_values.dial_template, "SIP/x/{number}", "SIP/x/{number}"),
    ],
)
def test_a_value_is_taken(
    check: Callable[[object], object], value: object, expected: object
) -> None:
    """Text becomes what the setting is of; what cannot is left to the types."""
    assert check(value) == expected


@pytest.mark.parametrize(
    ("check", "value", "words"),
    [
        (config_values.absolute, Path("a"), "must be an absolute path"),
        (config_values.known_zone, "Mars/Base", "is no time zone"),
        (config_values.store_path, "t.db", "must be sqlite:///absolute/path"),
        (config_values.dial_template, "SIP/{number}", "is no dial template"),
        (config_values.not_blank_secret, Path("/a.conf"), "nothing but the secret"),
    ],
)
def test_a_value_is_refused_in_words(
    check: Callable[[object], object], value: object, words: str
) -> None:
    """The sentence says what to write instead."""
    with pytest.raises(ValueError, match=words):
        check(value)
