"""Times as the store keeps them: UTC text that sorts like the time it names."""

from datetime import UTC, datetime
from functools import lru_cache


def to_text(at_s: float) -> str:
    """Render wall seconds since the epoch as ``2026-11-24T03:00:00.125Z``."""
    second, micros = divmod(round(at_s * 1e6), 1_000_000)
    return f"{_second_text(second)}.{micros // 1000:03d}Z"


@lru_cache(maxsize=8)  # each call's row is written with it, many in one second
def _second_text(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"


def to_seconds(text: str) -> float:
    """Read such a text back into wall seconds.

    Raises:
        ValueError: ``text`` is no ISO 8601 time with a zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        msg = f"{text!r} has no time zone"
        raise ValueError(msg)
    return at.timestamp()
