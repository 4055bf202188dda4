"""The five states an operator sees a device in, from what any channel driver reports."""

from enum import StrEnum

from policies.events import ContactStatus


class DeviceState(StrEnum):
    """A device's state."""

    UNMONITORED = "unmonitored"
    UNREACHABLE = "unreachable"
    OK = "ok"
    LAGGED = "lagged"
    UNKNOWN = "unknown"


def device_state(status: ContactStatus | None, rtt_us: int | None, lag_us: int) -> DeviceState:
    """Name the state of a device.

    PJSIP never says lagged: a contact that answers after 1.3 s stays
    reachable, so the round trip is compared here. chan_sip and chan_iax2 say
    it themselves, by the same default of 2 s.

    Args:
        status: Of its contact; None where it has none.
        rtt_us: Round trip in microseconds; None when not measured.
        lag_us: A longer round trip than this is lagged.

    Returns:
        The state; UNKNOWN also covers a device that is not registered.
    """
    match status:
        case None | ContactStatus.UNKNOWN:
            return DeviceState.UNKNOWN
        case ContactStatus.UNREACHABLE:
            return DeviceState.UNREACHABLE
        case ContactStatus.NON_QUALIFIED:
            return DeviceState.UNMONITORED
        case ContactStatus.LAGGED:
            return DeviceState.LAGGED
        case ContactStatus.REACHABLE:  # pragma: no branch - mypy proves that none is left
            lagged = rtt_us is not None and rtt_us > lag_us
            return DeviceState.LAGGED if lagged else DeviceState.OK
