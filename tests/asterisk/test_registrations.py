"""Shows on a real Asterisk that the list of devices tells the truth: address, port and state."""

from collections.abc import Iterator

import pytest

from policies.events import Technology
from policies.registration import DeviceState, device_state
from policies.situation import Situation
from tests.asterisk.etc import Site
from tests.asterisk.eyes import device, watching
from tests.asterisk.instance import Asterisk
from tests.asterisk.sipp import Phone, phone
from tests.asterisk.sippeer import SipPeer
from tests.asterisk.waiting import until

LAG_US = 200_000

on_22 = [pytest.mark.asterisk, pytest.mark.xdist_group("registrations")]
on_16 = [pytest.mark.asterisk16, pytest.mark.xdist_group("registrations-16")]


@pytest.fixture(scope="module", params=[
    pytest.param("22", marks=on_22), pytest.param("16", marks=on_16),
])  # fmt: skip
def asterisk(request: pytest.FixtureRequest, installed: None) -> Iterator[Asterisk]:
    """Start a 22 with chan_pjsip, then a 16 with chan_sip."""
    running = Asterisk(Site(flavour=request.param))
    yield running
    running.stop()


@pytest.fixture
def situation(asterisk: Asterisk) -> Iterator[Situation]:
    """Let the product's eyes watch it."""
    driver = Technology.PJSIP if asterisk.site.flavour == "22" else Technology.SIP
    with watching(asterisk.access, driver) as seen:
        yield seen
    asterisk.assert_clean()


def state(situation: Situation, endpoint: str) -> DeviceState:
    """Name the state of an endpoint as the report does."""
    row = device(situation, endpoint)
    return device_state(row.status, row.rtt_us, LAG_US)


def packets_of(situation: Situation, who: Phone) -> bool:
    """Tell whether a phone is listed with the address and port that its packets come from."""
    address = device(situation, who.name).address
    return address is not None and (address.ip, address.port) == (who.address, who.port)


def wait_for_state(situation: Situation, endpoint: str, expected: DeviceState) -> None:
    """Wait until an endpoint has a state."""
    until(lambda: state(situation, endpoint) is expected, 15, f"{endpoint} {expected}")


def registered(asterisk: Asterisk, name: str, address: str) -> Phone:
    """Register a phone."""
    who = phone(asterisk.access, name, address)
    assert who.register() == 200
    return who


def test_r62_r63_host_and_port_are_the_packets_and_not_the_claimed_ones(
    asterisk: Asterisk, situation: Situation
) -> None:
    """A spoofed Via and Contact change neither address nor port in the list."""
    who = phone(asterisk.access, "6002", "127.0.0.12")
    assert who.register(via="10.99.99.99:5070", contact="192.168.50.50:5071") == 200

    until(lambda: packets_of(situation, who), 10, f"listed with {who.address}:{who.port}")


def test_r63_the_port_follows_a_new_registration(asterisk: Asterisk, situation: Situation) -> None:
    """A phone that comes back from another port is listed with that one."""
    first = registered(asterisk, "6003", "127.0.0.13")
    until(lambda: packets_of(situation, first), 10, f"listed with {first.port}")
    second = registered(asterisk, "6003", "127.0.0.14")

    until(lambda: packets_of(situation, second), 10, f"listed with {second.port}")


def test_r64_r71_an_unregistered_phone_is_unknown(asterisk: Asterisk, situation: Situation) -> None:
    """An endpoint that never registered has a row, and is unknown again after it left."""
    assert state(situation, "6005") is DeviceState.UNKNOWN

    who = registered(asterisk, "6005", "127.0.0.15")
    wait_for_state(situation, "6005", DeviceState.UNMONITORED)
    assert who.register(expires=0) == 200
    wait_for_state(situation, "6005", DeviceState.UNKNOWN)


def test_r64_r65_a_phone_that_is_not_qualified_is_unmonitored(
    asterisk: Asterisk, situation: Situation
) -> None:
    """A registered phone that Asterisk does not ask is unmonitored."""
    registered(asterisk, "6001", "127.0.0.11")

    wait_for_state(situation, "6001", DeviceState.UNMONITORED)


def test_r64_r66_r68_r70_a_watched_phone_is_ok_then_lagged_then_unreachable(
    asterisk: Asterisk, situation: Situation
) -> None:
    """The state follows the phone's answers to OPTIONS."""
    who = registered(asterisk, "6006", "127.0.0.16")
    peer = SipPeer(who.address, who.port)
    try:
        wait_for_state(situation, "6006", DeviceState.OK)
        peer.delay_s = 0.35
        wait_for_state(situation, "6006", DeviceState.LAGGED)
    finally:
        peer.stop()
    wait_for_state(situation, "6006", DeviceState.UNREACHABLE)
