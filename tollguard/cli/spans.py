"""Durations and times as operators write them: ``2h``, ``2026-12-01 08:00``."""

import re
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from tollguard.errors import InputError
from tollguard.i18n import _, ngettext

UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
DURATION = re.compile(r"([0-9]{1,20})([smhdw])")
LEAST_S = 1
MOST_S = 366 * 86_400
TIME_ONLY = re.compile(r"[0-9]{1,2}:[0-9]{2}")


def parse_duration(text: str, option: str = "", most_s: int = MOST_S) -> int:
    """Read ``30m``, ``2h``, ``1d``, ``1h30m`` into seconds, 1 s to 366 days.

    Args:
        text: As typed.
        option: Its option, which an error begins with.
        most_s: Longest that makes sense, whole days.

    Raises:
        InputError: It is no duration, or out of bounds.
    """
    parts = DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        msg = _("{text!r} is no duration: write 30m, 2h, 1d or 1h30m")
        raise _off(option, msg.format(text=text))
    seconds = sum(int(number) * UNITS_S[unit] for number, unit in parts)
    if not LEAST_S <= seconds <= most_s:
        days = most_s // UNITS_S["d"]
        msg = ngettext(
            "{text!r} is out of bounds: 1 second to {days} day",
            "{text!r} is out of bounds: 1 second to {days} days",
            days,
        )
        raise _off(option, msg.format(text=text, days=days))
    return seconds


def _off(option: str, sentence: str) -> InputError:
    return InputError(f"{option} {sentence}" if option else sentence)


def show_duration(seconds: int) -> str:
    """Print a duration as `parse_duration` reads it: ``1h30m``."""
    text = ""
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, UNITS_S[unit])
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def parse_time(text: str, zone: str, now_s: float, option: str = "") -> float:
    """Read ``2026-12-01``, ``2026-12-01 08:00``, ``08:00`` (today) or an ISO time into seconds.

    Args:
        text: As typed.
        zone: The site's zone, for a time that names none.
        now_s: Wall seconds; says which day is today.
        option: Its option, which an error begins with.

    Raises:
        InputError: It is no time.
    """
    msg = _("{text!r} is no time: write 2026-12-01 08:00, 2026-12-01 or 08:00")
    try:
        return _time(text, zone, now_s)
    except ValueError as error:
        raise _off(option, msg.format(text=text)) from error


def _time(text: str, zone: str, now_s: float) -> float:
    site = ZoneInfo(zone)
    full = text
    if TIME_ONLY.fullmatch(text):
        today = datetime.fromtimestamp(now_s, UTC).astimezone(site)
        full = f"{today:%Y-%m-%d} {text.rjust(5, '0')}"
    at = datetime.fromisoformat(full)
    return (at if at.tzinfo else at.replace(tzinfo=site)).timestamp()


def parse_end(
    for_text: str | None, until_text: str | None, zone: str, now_s: float
) -> float | None:
    """Read ``--for`` or ``--until`` into the wall second of the end; None for neither.

    Raises:
        InputError: One is malformed, or the end is not in the future.
        UsageError: Both are given.
    """
    if for_text is not None and until_text is not None:
        raise click.UsageError(_("give --for or --until, not both"))
    if for_text is not None:
        return now_s + parse_duration(for_text, "--for")
    if until_text is None:
        return None
    end_s = parse_time(until_text, zone, now_s, "--until")
    if end_s <= now_s:
        msg = _("--until {text!r} is in the past; it is {now} now")
        raise InputError(msg.format(text=until_text, now=show_time(now_s, zone)))
    return end_s


def parse_since(text: str, zone: str, now_s: float) -> float:
    """Read ``--since``: a duration back from now, or a time.

    Raises:
        InputError: It is neither.
    """
    if DURATION.match(text):
        return now_s - parse_duration(text, "--since")
    msg = _(
        "--since {text!r} is no time: write 2h (back from now), 2026-12-01 08:00,"
        " 2026-12-01 or 08:00"
    )
    try:
        return _time(text, zone, now_s)
    except ValueError as error:
        raise InputError(msg.format(text=text)) from error


def since_text(text: str | None, zone: str) -> str | None:
    """Read ``--since`` into the store's text, as of now; None without the option.

    Raises:
        InputError: As for `parse_since`.
    """
    from tollguard.store.times import to_text

    return None if text is None else to_text(parse_since(text, zone, time.time()))


def show_time(at_s: float, zone: str) -> str:
    """Print a time in the site's zone, ``2026-11-24 12:00:00 JST``."""
    at = datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(zone))
    return f"{at:%Y-%m-%d %H:%M:%S} {at.tzname()}"


def show_minute(text: str, zone: str) -> str:
    """Print the store's UTC text in the site's zone to the minute."""
    return show_short(text, zone)[: len("2026-11-24 12:00")]


def show_short(text: str, zone: str) -> str:
    """Print the store's UTC text in the site's zone without its name, for narrow columns."""
    if not text:
        return ""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
