"""Tests of the five device states."""

import pytest

from policies.events import ContactStatus
from policies.registration import DeviceState, device_state

LAG_US = 2_000_000


@pytest.mark.parametrize(
    ("status", "rtt_us", "expected"),
    [
        (None, None, DeviceState.UNKNOWN),
        (ContactStatus.UNKNOWN, None, DeviceState.UNKNOWN),
        (ContactStatus.UNREACHABLE, None, DeviceState.UNREACHABLE),
        (ContactStatus.NON_QUALIFIED, None, DeviceState.UNMONITORED),
        (ContactStatus.LAGGED, 10, DeviceState.LAGGED),
        (ContactStatus.REACHABLE, None, DeviceState.OK),
        (ContactStatus.REACHABLE, 559, DeviceState.OK),
        (ContactStatus.REACHABLE, LAG_US, DeviceState.OK),
        (ContactStatus.REACHABLE, LAG_US + 1, DeviceState.LAGGED),
    ],
)
def test_state(status: ContactStatus | None, rtt_us: int | None, expected: DeviceState) -> None:
    """Each wire status is one of five states; only a round trip above the limit is lagged."""
    assert device_state(status, rtt_us, LAG_US) == expected


def test_every_status_has_a_state() -> None:
    """No wire status is left out, and each of the five states is reached."""
    states = {device_state(status, LAG_US + 1, LAG_US) for status in (None, *ContactStatus)}

    assert states | {device_state(ContactStatus.REACHABLE, 1, LAG_US)} == set(DeviceState)
