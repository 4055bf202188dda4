"""Who is responsible for a leg, from names that Asterisk itself gives and no caller can set.

For now only a direct call has a principal. Forwarded, transferred and originated calls belong
to nobody, and nobody has international rights: strict, and safe until the map of calls is read.
"""

from policies.events import Technology

TECHNOLOGIES = tuple(f"{technology.value}/" for technology in Technology)

# The serial number that Asterisk appends, main/channel.c: 8 hexadecimal digits.
SERIAL_CHARS = 8
_HEX = frozenset("0123456789abcdef")


def endpoint_of(channel: str) -> str | None:
    """Take the endpoint out of a channel's name.

    Args:
        channel: ``PJSIP/desk-1001-0000002a``; untrusted shape.

    Returns:
        ``desk-1001``, or None for ``Local/…`` and whatever has another shape.
    """
    technology, slash, rest = channel.partition("/")
    endpoint, dash, serial = rest.rpartition("-")
    if technology + slash not in TECHNOLOGIES or not (endpoint and dash):
        return None
    if len(serial) != SERIAL_CHARS or not _HEX.issuperset(serial):
        return None
    return endpoint


def actor(channel: str, forwarder: str, blind_transfer: str) -> str | None:
    """Name the endpoint that asks for a call, or None for nobody.

    Args:
        channel: The calling channel's name.
        forwarder: ``FORWARDERNAME`` of it; can be set through AMI, so it only
            ever takes rights away.
        blind_transfer: ``BLINDTRANSFER`` of it; likewise.

    Returns:
        The endpoint of a direct call; None for every other.
    """
    if forwarder or blind_transfer:
        return None
    return endpoint_of(channel)
