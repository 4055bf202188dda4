"""Finds ports of loopback addresses that nobody holds, for servers that cannot bind port 0."""

import socket


def free_port(kind: socket.SocketKind, address: str = "127.0.0.1") -> int:
    """Return a port of ``address`` that was free a moment ago."""
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind((address, 0))
        return int(held.getsockname()[1])


def free_udp(address: str = "127.0.0.1") -> int:
    """Return a free UDP port."""
    return free_port(socket.SOCK_DGRAM, address)


def free_tcp(address: str = "127.0.0.1") -> int:
    """Return a free TCP port."""
    return free_port(socket.SOCK_STREAM, address)
