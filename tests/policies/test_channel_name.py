"""Tests of reading an endpoint out of a channel's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.channel_name import endpoint_of


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("PJSIP/desk-1001-0000002a", "desk-1001"),
        ("PJSIP/6001-0000002a", "6001"),
        ("PJSIP/a/b-0000002a", "a/b"),
        ("SIP/6002-00000001", "6002"),
        ("IAX2/branch-4711", "branch"),
        ("IAX2/branch-7", "branch"),
        ("IAX2/192.0.2.7:4569-12345", "192.0.2.7:4569"),
        ("DAHDI/4-1", "DAHDI-4"),
        ("DAHDI/i1/0312345678-2", "DAHDI-i1"),
        ("IAX2/branch-0000002a", None),
        ("IAX2/branch-", None),
        ("IAX2/-7", None),
        ("IAX2/branch-12345678901", None),
        ("IAX2/branch-４", None),
        ("DAHDI/pseudo", None),
        ("DAHDI//x-1", None),
        ("Local/6001@phones-0000002a;2", None),
        ("Local/6001-0000002a", None),
        ("Local/6001-4711", None),
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


@given(st.text(max_size=40))
def test_any_text_is_read_or_is_no_channel(channel: str) -> None:
    """Nothing that a name holds raises, and what is read stands in the name."""
    endpoint = endpoint_of(channel)

    assert endpoint is None or endpoint.removeprefix("DAHDI-") in channel
