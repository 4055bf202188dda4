"""Whose redirections go out of sight is asked one by one, bounded, and never with a password."""

import pytest

from ami_listener import redirects
from ami_listener.dialplan import read_dialplan
from ami_listener.lists import LIST_EVENTS, settings_of
from tests.fakes.asterisk import FakeAsterisk

ENDPOINT = {"Event": "EndpointList", "ObjectName": "6001"}
DETAIL = {"Event": "EndpointDetail", "ObjectName": "6001"}
AUTH = {"Event": "AuthDetail", "ObjectName": "6001", "Password": "secret"}


@pytest.mark.parametrize(
    ("method", "expected"), [("uri_pjsip", ("6001",)), ("user", ()), ("uri_core", ())]
)
async def test_only_what_asterisk_follows_by_itself_is_named(
    method: str, expected: tuple[str, ...]
) -> None:
    """`user` and `uri_core` make a leg of their own, which is accounted for."""
    async with FakeAsterisk() as pbx:
        pbx.lists["PJSIPShowEndpoints"] = [ENDPOINT]
        pbx.lists["PJSIPShowEndpoint"] = [{**DETAIL, "RedirectMethod": method}, AUTH]
        read = await read_dialplan(pbx.settings())

    assert read.redirecting == expected


async def test_without_chan_pjsip_there_are_none() -> None:
    """Nor are there of an endpoint that is gone when it is asked."""
    async with FakeAsterisk() as pbx:
        pbx.lists["PJSIPShowEndpoints"] = None
        absent = await read_dialplan(pbx.settings())
        pbx.lists["PJSIPShowEndpoints"] = [ENDPOINT]
        gone = {"Response": "Error", "Message": "Unable to retrieve endpoint 6001"}
        pbx.answers["PJSIPShowEndpoint"] = gone
        vanished = await read_dialplan(pbx.settings())

    assert (absent.redirecting, vanished.redirecting) == ((), ())


@pytest.mark.parametrize("refusing", [True, False])
async def test_what_asterisk_does_not_tell_is_not_none(
    refusing: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Refused, or more endpoints than the bound: not known."""
    monkeypatch.setattr(redirects, "ENDPOINTS_MAX", 1)
    async with FakeAsterisk() as pbx:
        pbx.lists["PJSIPShowEndpoints"] = [ENDPOINT] * 3
        if refusing:
            denied = {"Response": "Error", "Message": "Permission denied"}
            pbx.answers["PJSIPShowEndpoints"] = denied
        read = await read_dialplan(pbx.settings())

    assert read.redirecting is None


def test_passwords_are_never_parsed() -> None:
    """AuthDetail stands between the settings and is no item."""
    query = settings_of("6001")

    assert query.items == {"EndpointDetail"}
    assert query.arguments == (("Endpoint", "6001"),)
    assert b"AuthDetail" not in LIST_EVENTS
