"""Shows on a real Asterisk what tollguard's two AMI users hear, and how little they may do."""

import asyncio
from collections.abc import Iterator

import pytest

from ami_listener.connection import Connection
from ami_listener.errors import AmiRefusedError
from ami_listener.settings import AmiSettings
from tests.asterisk.etc import Site
from tests.asterisk.instance import Asterisk
from tests.asterisk.rawami import RawAmi
from tests.asterisk.sipp import phone
from tests.asterisk.waiting import until
from tests.asterisk.world import World

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("manager-users")]


@pytest.fixture(scope="module")
def sixteen() -> Iterator[Asterisk]:
    """Start an Asterisk 16."""
    asterisk = Asterisk(Site(flavour="16"))
    yield asterisk
    asterisk.stop()


def eyes(asterisk: Asterisk) -> RawAmi:
    """Log in as the eyes."""
    return RawAmi(asterisk.access, "tollguard-eyes", asterisk.access.eyes_secret)


def hands(asterisk: Asterisk) -> RawAmi:
    """Log in as the hands."""
    return RawAmi(asterisk.access, "tollguard-hands", asterisk.access.hands_secret)


def test_the_token_is_seen_on_the_trunk_leg(world: World) -> None:
    """DialBegin of the trunk's leg carries the gate's token, and what is dialled."""
    with eyes(world.asterisk) as ami:
        assert world.phone.dial("0312345678") == 200
        event = ami.wait_for("DialBegin")

    assert event["DestChanVariable"] == "TOLLGUARD_TOKEN=t0ken"
    assert event["DialString"] == "0312345678@trunk"
    assert {"Privilege", "Timestamp", "DestUniqueid", "DestLinkedid"} <= event.keys()


def test_the_eyes_hear_a_call_and_no_flood(world: World) -> None:
    """Only what tollguard reads is sent: no VarSet, Newexten or RTCP."""
    with eyes(world.asterisk) as ami:
        assert world.phone.dial("0312345678") == 200
        ami.wait_for("Hangup", ChannelStateDesc="Up")
        ami.wait_for("Hangup")
        heard = {message["Event"] for message in ami.messages if "Event" in message}

    assert heard - {"FullyBooted"} == {
        "ChallengeSent", "SuccessfulAuth", "Newchannel", "DialBegin", "DialEnd", "BridgeEnter",
        "Hangup",
    }  # fmt: skip


def test_the_eyes_hear_a_wrong_password(world: World) -> None:
    """A guessed password is an event with the packet's source."""
    with eyes(world.asterisk) as ami:
        phone(world.asterisk.access, "6003", "127.0.0.66", "guess").register()
        event = ami.wait_for("ChallengeResponseFailed")

    assert event["AccountID"] == "6003"
    assert event["RemoteAddress"].startswith("IPV4/UDP/127.0.0.66/")


@pytest.mark.parametrize(
    "action", ["PJSIPShowContacts", "PJSIPShowEndpoints", "CoreShowChannels", "Ping"]
)
def test_the_eyes_may_ask_for_the_lists(world: World, action: str) -> None:
    """Every list that is reconciled from is permitted."""
    with eyes(world.asterisk) as ami:
        answer = ami.act(Action=action)

    # Without a contact PJSIPShowContacts answers with an error of its own.
    assert answer["Response"] == "Success" or answer["Message"] == "No Contacts found"


@pytest.mark.parametrize(
    "headers",
    [
        {"Action": "Originate", "Channel": "Local/1@phones", "Application": "Wait", "Data": "1"},
        {"Action": "Command", "Command": "core show version"},
        {"Action": "GetConfig", "Filename": "manager.conf"},
        {"Action": "UpdateConfig", "SrcFilename": "pjsip.conf", "DstFilename": "pjsip.conf"},
        {"Action": "Setvar", "Variable": "TOLLGUARD_VERDICT", "Value": "ALLOW"},
        {"Action": "Redirect", "Channel": "x", "Context": "phones", "Exten": "1", "Priority": "1"},
    ],
    ids=lambda headers: headers["Action"],
)
def test_the_hands_may_not_place_or_redirect_calls(world: World, headers: dict[str, str]) -> None:
    """A leaked secret of the hands starts no call and reads no configuration."""
    with hands(world.asterisk) as ami:
        answer = ami.act(**headers)

    if headers["Action"] in {"Setvar", "Redirect"}:
        assert answer["Message"] != "Permission denied"
    else:
        assert (answer["Response"], answer["Message"]) == ("Error", "Permission denied")


def test_the_hands_hang_a_call_up_and_hear_nothing(world: World) -> None:
    """Hangup by uniqueid ends the trunk's leg; no event is sent to the hands."""
    with eyes(world.asterisk) as ami, hands(world.asterisk) as tool:
        with world.phone.call("0312345678", hold_s=20) as run:
            leg = ami.wait_for("DialBegin")["DestUniqueid"]
            run.answered()
            limit = tool.act(Action="AbsoluteTimeout", Channel=leg, Timeout="600")
            answer = tool.act(Action="Hangup", Channel=leg, Cause="21")
            run.cut()
        heard = [m for m in tool.messages if "Event" in m and m["Event"] != "FullyBooted"]

    assert (limit["Response"], answer["Response"]) == ("Success", "Success")
    assert until(lambda: world.trunk.calls[0].ended_by) == "BYE"
    assert heard == []


def test_a_wrong_secret_is_refused(world: World) -> None:
    """The users have no default secret."""
    with RawAmi(world.asterisk.access, "tollguard-eyes", "tollguard") as ami:
        assert ami.login["Response"] == "Error"


async def log_in(asterisk: Asterisk, user: str, secret: str) -> dict[str, str]:
    """Log in with the product's own connection, and ask for a sign of life."""
    access = asterisk.access
    settings = AmiSettings(access.address, access.ami_port, user, secret)
    connection = Connection(settings, lambda _event: None)
    try:
        await connection.open()
        return (await connection.ask("Ping", {})).fields
    finally:
        connection.close()


def check_logins(asterisk: Asterisk) -> None:
    """See both users in by the challenge, and a wrong secret refused."""
    for user, secret in (
        ("tollguard-eyes", asterisk.access.eyes_secret),
        ("tollguard-hands", asterisk.access.hands_secret),
    ):
        assert asyncio.run(log_in(asterisk, user, secret))["Ping"] == "Pong"
        with pytest.raises(AmiRefusedError):
            asyncio.run(log_in(asterisk, user, secret[:-1]))


def test_both_users_log_in_by_the_challenge(world: World) -> None:
    """Asterisk 22 takes the proof of a secret that is not sent."""
    check_logins(world.asterisk)


@pytest.mark.asterisk16
def test_both_users_log_in_by_the_challenge_on_asterisk_16(sixteen: Asterisk) -> None:
    """Asterisk 16 takes it as well."""
    check_logins(sixteen)


@pytest.mark.asterisk16
def test_asterisk_16_filters_by_regular_expression(sixteen: Asterisk) -> None:
    """The file for older releases lets the same events through and no others."""
    with eyes(sixteen) as ami:
        phone(sixteen.access, "6003", "127.0.0.13").register()
        registered = ami.wait_for("PeerStatus", PeerStatus="Registered")
        sixteen.originate("s", "tollguard-gate")
        ami.wait_for("Hangup")
        heard = {message["Event"] for message in ami.messages if "Event" in message}

    assert registered["Peer"] == "SIP/6003"
    assert heard <= {
        "FullyBooted", "ChallengeSent", "SuccessfulAuth", "PeerStatus", "Newchannel", "Hangup",
        "DialBegin", "DialEnd",
    }  # fmt: skip
