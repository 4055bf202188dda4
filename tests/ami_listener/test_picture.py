"""The picture of a reconciliation: whoever spoke last is right."""

from ami_listener.picture import Picture
from policies.events import (
    ChannelGone,
    ChannelSeen,
    ContactGone,
    ContactSeen,
    ContactStatus,
    HostileEvent,
    LegDialled,
    Reconciled,
    Technology,
)

PJSIP = Technology.PJSIP


def contact(uri: str) -> ContactSeen:
    """A contact of 6001."""
    return ContactSeen(1.0, PJSIP, "6001", uri, ContactStatus.REACHABLE, None, None)


def test_what_is_seen_last_counts() -> None:
    """Contacts and channels that went while the picture was taken are not in it."""
    picture = Picture()
    for event in (
        contact("sip:a"),
        contact("sip:b"),
        ContactGone(2.0, PJSIP, "6001", "sip:a"),
        ContactGone(2.0, PJSIP, "6001", "sip:never"),
        ChannelSeen(1.0, "1.1", "1.1", "PJSIP/6001-1"),
        LegDialled(1.0, "1.2", "1.1", "PJSIP/t-2", "1.1", "0@t", ""),
        ChannelGone(2.0, "1.1", 16),
        HostileEvent(2.0, "duplicate-key", ""),
    ):
        picture.observe(event)

    assert picture.reconciled(3.0) == Reconciled(
        3.0, frozenset({(PJSIP, "6001", "sip:b")}), frozenset({"1.2"})
    )


def test_endpoints_with_contacts_of_their_own_configuration() -> None:
    """Only endpoints that list a contact nobody registered are asked one by one."""
    picture = Picture()
    picture.observe(contact("sip:a"))
    picture.note_uris("6001", ("sip:a",))
    picture.note_uris("6002", ())
    picture.note_uris("forged\nAction: Hangup", ("sip:x",))
    picture.note_uris("trunk", ("sip:192.0.2.30",))

    assert picture.static_endpoints() == ("trunk",)
