"""Reads Asterisk's channel names: the one proof of an endpoint that no caller can set."""

from typing import Final

# main/channel.c: PJSIP and SIP names end in 8 hexadecimal digits. chan_iax2.c: the call number,
# decimal, of any length. chan_dahdi.c: DAHDI/4-1, DAHDI/i1/0312345678-2: a small decimal number.
_HEX_DRIVERS: Final = ("PJSIP/", "SIP/")
_SERIAL_CHARS: Final = 8
_HEX: Final = frozenset("0123456789abcdef")
_DECIMAL: Final = frozenset("0123456789")
_DECIMAL_MAX_CHARS: Final = 10


def extension_of(target: str) -> str:
    """Take the extension out of what a call was sent on to.

    Args:
        target: ``Local/0312345678@phones``, ``0312345678@phones`` or
            ``0312345678``; a Local channel's name is of the first shape. Untrusted.

    Returns:
        What stands before the context; never raises.
    """
    return target.removeprefix("Local/").partition("@")[0]


def endpoint_of(channel: str) -> str | None:
    """Take the endpoint out of a channel's name.

    Args:
        channel: ``PJSIP/desk-1001-0000002a``; untrusted shape.

    Returns:
        ``desk-1001``; ``DAHDI-4`` for channel 4 and ``DAHDI-i1`` for span 1 of
        DAHDI, which has no endpoints and whose numbers must not be taken for
        an extension's name; None for ``Local/…`` and whatever has another shape.
    """
    head, dash, serial = channel.rpartition("-")
    driver, slash, endpoint = head.partition("/")
    if not (dash and slash and endpoint):
        return None
    if driver + slash in _HEX_DRIVERS:
        return endpoint if len(serial) == _SERIAL_CHARS and _HEX.issuperset(serial) else None
    if not (0 < len(serial) <= _DECIMAL_MAX_CHARS and _DECIMAL.issuperset(serial)):
        return None
    if driver == "IAX2":
        return endpoint
    if driver == "DAHDI":
        line = endpoint.partition("/")[0]
        return f"DAHDI-{line}" if line else None
    return None
