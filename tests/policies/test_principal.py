"""Tests of who is held responsible."""

import pytest

from policies.principal import actor, endpoint_of


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("PJSIP/desk-1001-0000002a", "desk-1001"),
        ("PJSIP/6001-0000002a", "6001"),
        ("SIP/6002-00000001", "6002"),
        ("IAX2/branch-00000fff", "branch"),
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


def test_a_direct_call_has_an_actor() -> None:
    """The endpoint of the calling channel asks."""
    assert actor("PJSIP/6001-0000002a", "", "") == "6001"


@pytest.mark.parametrize(
    ("channel", "forwarder", "transfer"),
    [
        ("PJSIP/6001-0000002a", "PJSIP/6002-0000002b", ""),
        ("PJSIP/6001-0000002a", "", "PJSIP/6002-0000002b"),
        ("Local/s@x-0000002a;2", "", ""),
    ],
)
def test_every_other_call_is_nobodys(channel: str, forwarder: str, transfer: str) -> None:
    """Forwarded, transferred and originated calls have no actor."""
    assert actor(channel, forwarder, transfer) is None
