"""Addresses out of AMI values: exactly the known forms, everything else is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_listener.address import contact_address, host_port, ip_of, port_of, remote_address
from policies.events import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("IPV4/UDP/192.0.2.1/5060", Address("192.0.2.1", 5060, "UDP")),
        ("IPV4/WSS/192.0.2.1/0", Address("192.0.2.1", 0, "WSS")),
        ("IPV6/TLS/2001:DB8::1/5061", Address("2001:db8::1", 5061, "TLS")),
        ("IPV6/UDP/::ffff:192.0.2.1/5060", Address("192.0.2.1", 5060, "UDP")),
        ("IPV4/UDP/2001:db8::1/5060", None),
        ("IPV6/UDP/192.0.2.1/5060", None),
        ("IPV4/UDP/192.0.2.1", None),
        ("IPV4/UDP/192.0.2.1/5060/x", None),
        ("IPV4/SCTP/192.0.2.1/5060", None),
        ("IPV5/UDP/192.0.2.1/5060", None),
        ("IPV4/UDP/192.0.2.1/65536", None),
        ("IPV4/UDP/192.0.2.1/-1", None),
        ("IPV4/UDP/192.0.2.1/٥٠٦٠", None),
        ("IPV4/UDP/192.0.2.01/5060", None),
        ("IPV4/UDP/192.0.2.1 /5060", None),
        ("IPV6/UDP/fe80::1%eth0/5060", None),
        ("", None),
    ],
)
def test_remote_address(text: str, address: Address | None) -> None:
    """A security event's address is read only in Asterisk's exact form."""
    assert remote_address(text) == address


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        (
            "sip:6001@192.0.2.40:5062;x-ast-orig-host=198.51.100.77:5999",
            Address("192.0.2.40", 5062, "UDP"),
        ),
        ("sip:192.0.2.30", Address("192.0.2.30", 5060, "UDP")),
        ("sips:a@192.0.2.30", Address("192.0.2.30", 5061, "TLS")),
        ("sip:a;b=c@192.0.2.9:5060;transport=tcp;ob", Address("192.0.2.9", 5060, "TCP")),
        ("sip:a@192.0.2.9:5060;transport=WS", Address("192.0.2.9", 5060, "WS")),
        ("sip:a@192.0.2.9:5060;transport=carrier", Address("192.0.2.9", 5060, "")),
        ("sip:a@[2001:db8::9]:5070", Address("2001:db8::9", 5070, "UDP")),
        ("sip:a@[::ffff:192.0.2.9]:5070", Address("192.0.2.9", 5070, "UDP")),
        ("sip:a@pbx.example.org:5060", None),
        ("sip:a@192.0.2.9:99999", None),
        ("sip:a@192.0.2.256", None),
        ("sip:x@192.0.2.1@198.51.100.1", None),
        ("sip:a@192.0.2.1;x=@198.51.100.1", None),
        ("<sip:a@192.0.2.1>", None),
        ("tel:+81312345678", None),
        ("", None),
    ],
)
def test_contact_address(uri: str, address: Address | None) -> None:
    """A contact's host is read only when it is numeric and can be read in one way."""
    assert contact_address(uri) == address


@pytest.mark.parametrize(
    ("ip", "port", "address"),
    [
        ("192.0.2.1", "5060", Address("192.0.2.1", 5060, "")),
        ("-none-", "0", None),
        ("(null)", "(null)", None),
        ("192.0.2.1", "", None),
    ],
)
def test_host_port(ip: str, port: str, address: Address | None) -> None:
    """A peer list's columns make an address, or none for an unregistered peer."""
    assert host_port(ip, port) == address


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    """Any text is an address or none, and an address has a port in range."""
    for address in (remote_address(text), contact_address(text), host_port(text, text)):
        assert address is None or 0 <= address.port <= 65535
    assert ip_of(text) is None or "%" not in text
    assert port_of(text) is None or text.isascii()
