"""Asks which endpoints have their phone's redirection followed inside chan_pjsip, out of sight.

With `redirect_method=uri_pjsip` a 302 is followed by the same channel: no new channel, no
DialBegin, no other dial string, nothing in AMI (seen on 22.10 for a trunk's address and for a
foreign one). So the setting itself is all that can be found.
"""

from typing import Final

from ami_listener.connection import Connection
from ami_listener.errors import AmiActionError, AmiError
from ami_listener.framing import Frame
from ami_listener.lists import ENDPOINTS, settings_of

ENDPOINTS_MAX: Final = 10_000  # 1,900 took 0.4 s
OUT_OF_SIGHT: Final = "uri_pjsip"


async def read_redirecting(connection: Connection) -> tuple[str, ...] | None:
    """Name the endpoints whose redirections nobody sees.

    Returns:
        In Asterisk's order; empty without chan_pjsip; None when Asterisk does not say, or has
        more than `ENDPOINTS_MAX` endpoints.
    """
    names: list[str] = []

    def listed(frame: Frame, _at_s: float) -> None:
        if len(names) <= ENDPOINTS_MAX and not frame.fault:
            names.append(frame.fields.get("ObjectName", ""))

    try:
        await connection.ask_list(ENDPOINTS, listed)
        if len(names) > ENDPOINTS_MAX:
            return None
        return tuple([name for name in names if await _is_out_of_sight(connection, name)])
    except AmiError as error:
        return () if str(error).startswith("Invalid/unknown command") else None


async def _is_out_of_sight(connection: Connection, endpoint: str) -> bool:
    methods: list[str] = []

    def told(frame: Frame, _at_s: float) -> None:
        methods.append(frame.fields.get("RedirectMethod", ""))

    try:
        await connection.ask_list(settings_of(endpoint), told)
    except AmiActionError:
        return False  # it is gone by now
    return OUT_OF_SIGHT in methods
