"""Tests of who is held responsible."""

import pytest

from policies.principal import endpoint_of


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("PJSIP/desk-1001-0000002a", "desk-1001"),
        ("PJSIP/6001-0000002a", "6001"),
        ("SIP/6002-00000001", "6002"),
        ("IAX2/branch-4711", "branch"),
        ("Local/6001@phones-0000002a;2", None),
        ("Local/6001-0000002a", None),
        ("PJSIP/6001", None),
        ("PJSIP/-0000002a", None),
        ("PJSIP/6001-2a", None),
        ("PJSIP/6001-0000002A", None),
        ("PJSIP/6001-0000002a<ZOMBIE>", None),
        ("pjsip/6001-0000002a", None),
        ("PJSIP6001-0000002a", None),
        ("", None),
    ],
)
def test_endpoint_of(channel: str, expected: str | None) -> None:
    """Only a whole channel name of a known driver proves an endpoint."""
    assert endpoint_of(channel) == expected
