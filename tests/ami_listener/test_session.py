"""The eyes: reconciliation, blindness, reconnecting, and secrets that reach no log."""

import asyncio
import base64
import contextlib
import dataclasses
import hashlib
import logging
from collections.abc import AsyncIterator

import pytest

from ami_listener.session import AmiSession
from ami_listener.upkeep import Standing
from policies.events import (
    Blinded,
    ChannelGone,
    ChannelSeen,
    ContactSeen,
    EndpointListed,
    Event,
    HostileEvent,
    Reconciled,
    Technology,
)
from tests.fakes.asterisk import QUICK, FakeAsterisk, Fields
from tests.until import until

URI = "sip:6001@192.0.2.40:5062"
CONTACT: Fields = {
    "Event": "ContactList",
    "ObjectName": "6001;@0",
    "Endpoint": "6001",
    "Uri": URI,
    "Status": "Reachable",
    "RoundtripUsec": "500",
    "ViaAddr": "198.51.100.7",
}
CHANNEL: Fields = {
    "Event": "CoreShowChannel",
    "Channel": "PJSIP/6001-00000001",
    "Uniqueid": "1.1",
    "Linkedid": "1.1",
}
STATIC_URI = "sip:192.0.2.30:5060"


def endpoint(name: str, contacts: str) -> Fields:
    """An item of PJSIPShowEndpoints."""
    return {"Event": "EndpointList", "ObjectName": name, "Contacts": contacts}


@contextlib.asynccontextmanager
async def watching(
    pbx: FakeAsterisk, events: list[Event], **patience: float
) -> AsyncIterator[AmiSession]:
    """A session that runs until the block ends."""
    settings = pbx.settings("eyes", dataclasses.replace(QUICK, **patience))
    session = AmiSession(settings, events.append)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(session.run())
        yield session
        task.cancel()


def reconciled(events: list[Event]) -> list[Reconciled]:
    """Every whole picture so far."""
    return [event for event in events if isinstance(event, Reconciled)]


def blinded(events: list[Event]) -> list[str]:
    """Every reason for blindness so far."""
    return [event.reason for event in events if isinstance(event, Blinded)]


async def test_a_picture_is_taken_after_the_login() -> None:
    """Contacts, endpoints, peers and channels are told, then that the picture is whole."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx:
        pbx.lists["PJSIPShowContacts"] = [CONTACT]
        pbx.lists["PJSIPShowEndpoints"] = [
            endpoint("6001", f"6001/{URI},"),
            endpoint("trunk", f"trunk/{STATIC_URI},"),
        ]
        pbx.lists["PJSIPShowEndpoint"] = [
            {"Event": "AuthDetail", "ObjectName": "trunk", "Password": "hush"},
            {
                "Event": "ContactStatusDetail",
                "AOR": "trunk",
                "EndpointName": "trunk",
                "URI": STATIC_URI,
                "Status": "Reachable",
                "RoundtripUsec": "9",
            },
        ]
        pbx.lists["SIPpeers"] = None
        pbx.lists["CoreShowChannels"] = [CHANNEL]
        async with watching(pbx, events) as session:
            await until(lambda: reconciled(events))
            assert session.state.standing is Standing.UP
            assert session.blind == ""
        asked = [fields for fields in pbx.actions if fields["Action"] == "PJSIPShowEndpoint"]

    assert [fields["Endpoint"] for fields in asked] == ["trunk"]
    (picture,) = reconciled(events)
    assert picture == Reconciled(
        picture.at_s,
        frozenset({(Technology.PJSIP, "6001", URI), (Technology.PJSIP, "trunk", STATIC_URI)}),
        frozenset({"1.1"}),
    )
    kinds = [type(event) for event in events]
    assert kinds == [
        *(ContactSeen, EndpointListed, EndpointListed, ContactSeen, ChannelSeen, Reconciled)
    ]
    assert "hush" not in repr(events)


async def test_what_happens_meanwhile_is_in_the_picture() -> None:
    """A contact and a channel that change while lists are read are told as they are last."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx:

        def meanwhile(action: str) -> None:
            if action == "PJSIPShowEndpoints":
                lines = {"URI": "sip:new@192.0.2.9", "AOR": "6002", "EndpointName": "6002"}
                pbx.event("ContactStatus", "system,all", **lines, ContactStatus="NonQualified")
                gone = {"URI": URI, "AOR": "6001", "EndpointName": "6001"}
                pbx.event("ContactStatus", "system,all", **gone, ContactStatus="Removed")
            if action == "CoreShowChannels":
                pbx.event("Hangup", Uniqueid="1.1", Cause="16")

        pbx.lists["PJSIPShowContacts"] = [CONTACT]
        pbx.lists["CoreShowChannels"] = [CHANNEL]
        pbx.before_complete = meanwhile
        async with watching(pbx, events):
            await until(lambda: reconciled(events))

    (picture,) = reconciled(events)
    assert picture.contacts == {(Technology.PJSIP, "6002", "sip:new@192.0.2.9")}
    assert picture.channels == frozenset()


async def test_a_picture_is_taken_again_and_again() -> None:
    """Every interval another whole picture is taken."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, watching(pbx, events, reconcile_s=0.01):
        await until(lambda: len(reconciled(events)) >= 3)


async def test_a_new_sip_peer_is_asked_about_soon() -> None:
    """chan_sip's Registered tells no address, so its list is asked for again at once."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, watching(pbx, events):
        await until(lambda: reconciled(events))
        for peer in ("6001", "6002"):
            fields = {"ChannelType": "SIP", "Peer": f"SIP/{peer}", "PeerStatus": "Registered"}
            pbx.event("PeerStatus", "system,all", **fields)
        await until(lambda: len(reconciled(events)) == 2)


async def test_a_hostile_event_asks_for_a_picture() -> None:
    """After a hostile frame a picture is due, and a lost connection is noticed meanwhile."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, watching(pbx, events) as session:
        await until(lambda: reconciled(events))
        pbx.raw(b"Event: Hangup\r\nUniqueid: 1.1\r\nCause: 16\r\n\r\n")
        await until(lambda: isinstance(events[-1], HostileEvent))
        pbx.drop()
        await until(lambda: len(reconciled(events)) == 2)

        assert session.state.standing is Standing.UP


async def test_a_sink_that_raises_does_not_end_the_session(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A sink's exception is logged, and the session goes on reading and reconnecting."""
    events: list[Event] = []

    def sink(event: Event) -> None:
        events.append(event)
        raise RuntimeError

    async with FakeAsterisk() as pbx:
        session = AmiSession(pbx.settings(), sink)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(session.run())
            await until(lambda: reconciled(events))
            pbx.event("Hangup", Uniqueid="1.1", Cause="16")
            await until(lambda: isinstance(events[-1], ChannelGone))
            pbx.drop()
            await until(lambda: len(reconciled(events)) == 2)
            task.cancel()

    assert "sink raised on event=Blinded" in caplog.text


async def test_a_lost_connection_blinds_once_and_heals() -> None:
    """A drop is told once with its reason; after reconnecting a new picture is taken."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, watching(pbx, events) as session:
        await until(lambda: reconciled(events))
        await pbx.stop()
        await until(lambda: session.state.standing is Standing.DOWN)
        assert session.blind.startswith("ami-lost")
        await pbx.listen()
        await until(lambda: len(reconciled(events)) == 2)

        assert session.blind == ""
        assert len(blinded(events)) == 1
        assert pbx.connections == 2


async def test_a_refused_login_is_told_once_and_not_repeated() -> None:
    """With a wrong secret there is one try, one word, and then a long silence."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, watching(pbx, events, refused_s=60.0) as session:
        await until(lambda: reconciled(events))
        pbx.secrets["eyes"] = "changed"
        pbx.drop()
        await until(lambda: session.state.standing is Standing.REFUSED)
        assert session.state.reason == "ami-refused: Authentication failed"

    assert pbx.logins == 2
    assert blinded(events)[-1] == "ami-refused: Authentication failed"


async def test_a_peer_that_falls_silent_blinds() -> None:
    """A peer that answers no ping is left, and it is told that we do not see."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, watching(pbx, events, ping_s=0.05):
        await until(lambda: reconciled(events))
        pbx.stalled = True
        await until(lambda: any("ami-silent" in reason for reason in blinded(events)))
        pbx.stalled = False
        await until(lambda: len(reconciled(events)) >= 2)


async def test_a_missing_right_blinds_but_events_go_on() -> None:
    """Without the right to list there is no picture; events are read all the same."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx:
        pbx.answers["PJSIPShowContacts"] = {"Response": "Error", "Message": "No Contacts found\n"}
        pbx.answers["CoreShowChannels"] = {"Response": "Error", "Message": "Permission denied"}
        async with watching(pbx, events) as session:
            await until(lambda: session.blind)
            pbx.event("Hangup", Uniqueid="1.1", Cause="16")
            await until(lambda: isinstance(events[-1], ChannelGone))

    assert blinded(events) == ["ami-not-permitted: CoreShowChannels: Permission denied"]
    assert reconciled(events) == []


async def test_a_list_that_never_ends_is_given_up() -> None:
    """A list without an end costs its deadline; then the connection is made anew."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx:
        pbx.answers["SIPpeers"] = {"Response": "Success", "EventList": "start"}
        async with watching(pbx, events, list_s=0.05):
            await until(lambda: blinded(events))
            del pbx.answers["SIPpeers"]
            await until(lambda: reconciled(events))


async def test_no_secret_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the secret nor its base64 or MD5 is logged, with the login refused too."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    async with FakeAsterisk() as pbx:
        pbx.secrets["eyes"] = secret = "c0rrect-h0rse"
        async with watching(pbx, events) as session:
            await until(lambda: reconciled(events))
            pbx.secrets["eyes"] = "changed"
            pbx.drop()
            await until(lambda: session.state.standing is Standing.REFUSED)

    digest = hashlib.md5(secret.encode(), usedforsecurity=False).hexdigest()
    for leak in (secret, base64.b64encode(secret.encode()).decode(), digest):
        assert leak not in caplog.text


async def test_a_channel_that_no_event_announced_blinds_until_one_is_heard() -> None:
    """A second picture is taken soon; the blindness outlasts pictures and ends with an event."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, watching(pbx, events, reconcile_s=0.3, look_again_s=0.02):
        await until(lambda: reconciled(events))
        pbx.lists["CoreShowChannels"] = [CHANNEL]
        await until(lambda: blinded(events))
        assert blinded(events)[-1] == "ami-no-call-events: class call is missing"
        assert [type(event) for event in events[-2:]] == [Reconciled, Blinded]

        pictures = len(reconciled(events))
        pbx.event("Newchannel", Channel="PJSIP/6001-00000001", Uniqueid="1.1", Linkedid="1.1")
        await until(lambda: len(reconciled(events)) > pictures, 5)
        await until(lambda: isinstance(events[-1], Reconciled), 5)


async def test_events_without_a_timestamp_blind_at_once() -> None:
    """The third of them names the setting."""
    events: list[Event] = []
    async with FakeAsterisk() as pbx, watching(pbx, events):
        await until(lambda: reconciled(events))
        for cause in ("1", "2", "3"):
            text = (
                f"Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\nCause: {cause}\r\n\r\n"
            )
            pbx.raw(text.encode())
        await until(lambda: blinded(events))

        assert blinded(events) == ["ami-no-timestamps: timestampevents must be yes"]
