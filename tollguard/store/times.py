"""Times as the store keeps them: UTC text that sorts like the time it names."""

from datetime import UTC, datetime


def to_text(at_s: float) -> str:
    """Render wall seconds since the epoch as ``2026-11-24T03:00:00.125Z``."""
    at = datetime.fromtimestamp(at_s, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


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
