"""Reads addresses out of AMI values, strictly: an address that we misread bans a third party.

IPv4-mapped IPv6 is unmapped here, at the door, because `::ffff:192.0.2.1` is in no IPv4 network.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from policies.events import Address

TRANSPORTS: Final = frozenset({"UDP", "TCP", "TLS", "WS", "WSS"})
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
# One userinfo at most: with two `@` it is not clear which part is the host.
_CONTACT: Final = re.compile(
    r"(?P<scheme>sips?):(?:[^@\s<>]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9.]+)"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<params>;[^@\s<>]*)?",
    re.ASCII,
)
_TRANSPORT: Final = re.compile(r";transport=([a-z]+)", re.ASCII | re.IGNORECASE)
_PORT_MAX: Final = 65535
_REMOTE_PARTS: Final = 4


def ip_of(text: str) -> str | None:
    """Canonical text of an IP address, mapped ones unmapped; None when it is none."""
    try:
        if ":" not in text:
            return str(IPv4Address(text))
        address = IPv6Address(text)
    except AddressValueError:
        return None
    if address.scope_id is not None:
        return None
    return str(address.ipv4_mapped or address)


@lru_cache(maxsize=4096)
def remote_address(text: str) -> Address | None:
    """Read a security event's ``RemoteAddress``.

    Args:
        text: ``IPV4/UDP/192.0.2.1/5060`` or ``IPV6/TLS/2001:db8::1/5061``.

    Returns:
        The address, or None when any part is not exactly of that form.

    Source: Asterisk main/security_events.c, add_ip_json_object.
    """
    parts = text.split("/")
    if len(parts) != _REMOTE_PARTS or parts[0] not in {"IPV4", "IPV6"}:
        return None
    if (parts[0] == "IPV6") != (":" in parts[2]) or parts[1] not in TRANSPORTS:
        return None
    ip, port = ip_of(parts[2]), port_of(parts[3])
    return None if ip is None or port is None else Address(ip, port, parts[1])


def host_port(ip_text: str, port_text: str, transport: str = "") -> Address | None:
    """Join a peer list's two columns; None for ``-none-``, ``(null)`` and the like."""
    ip, port = ip_of(ip_text), port_of(port_text)
    return None if ip is None or port is None else Address(ip, port, transport)


@lru_cache(maxsize=4096)
def contact_address(uri: str) -> Address | None:
    """Read the numeric host of a contact URI that Asterisk rewrote.

    Only for endpoints with ``rewrite_contact=yes``; otherwise the phone chose it.

    Returns:
        None for a host name and for anything that could be read in two ways.
    """
    match = _CONTACT.fullmatch(uri)
    if match is None:
        return None
    ip = ip_of(match["host"].strip("[]"))
    port = port_of(match["port"] or ("5061" if match["scheme"] == "sips" else "5060"))
    return None if ip is None or port is None else Address(ip, port, _transport(match))


def port_of(text: str) -> int | None:
    """A port number in ASCII digits; None when it is none."""
    if not _PORT.fullmatch(text):
        return None
    port = int(text)
    return port if port <= _PORT_MAX else None


def _transport(match: re.Match[str]) -> str:
    named = _TRANSPORT.search(match["params"] or "")
    if named:
        found = named[1].upper()
        return found if found in TRANSPORTS else ""
    return "TLS" if match["scheme"] == "sips" else "UDP"
