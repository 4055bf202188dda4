"""Tests of who is held where a call was sent to an attendant and a number was keyed there."""

from dataclasses import replace

import pytest

from policies.events import ChannelSeen, TransferKind
from policies.principal import Claim, Principal, responsible
from tests.policies.happenings import (
    CALL,
    answers,
    channel_of,
    ends,
    forwards,
    local,
    local_dialled,
    rings_in,
    rings_out,
    seeing,
    transfers,
)
from tests.policies.test_principal import (
    BY_6001,
    BY_TRUNK,
    FROM_6002,
    TALK,
    TO_6002,
    TRUNKS,
    Way,
    asks,
    principal,
    via_local,
)

SIP_6001 = "SIP/6001-00000001"
WAYS = {
    "guest-then-refer-to-an-attendant": Way(
        (
            ChannelSeen(1.0, CALL, CALL, SIP_6001, "phones"),
            TO_6002,
            answers("1.1"),
            transfers("6002", "1.1", target="950"),
            ends("1.1"),
        ),
        asks(SIP_6001, claim=Claim(transferer=FROM_6002), invited=False),
        Principal("6002", ("6001",), "transferer", missing="nobody"),
    ),
    "302-to-an-attendant": Way(
        (
            BY_6001,
            TO_6002,
            local("1.9"),
            forwards("6002", "1.1", target="Local/950@phones"),
            local_dialled("1.9"),
            ends("1.1"),
        ),
        asks(
            "Local/950@phones-00000009;2",
            "1.9b",
            Claim(FROM_6002, "", channel_of("6001")),
            invited=False,
        ),
        Principal("6002", ("6001",), "forwarder"),
    ),
    "302-to-an-attendant-of-an-inbound-call": Way(
        (
            BY_TRUNK,
            TO_6002,
            local("1.9"),
            forwards("6002", "1.1", target="950"),
            local_dialled("1.9"),
            ends("1.1"),
        ),
        via_local(Claim(FROM_6002, "", channel_of("trunk"))),
        Principal("6002", (), "forwarder", missing="trunk"),
    ),
    "302-untold-to-an-attendant": Way(
        (BY_6001, TO_6002, ends("1.1"), local("1.9"), local_dialled("1.9")),
        asks("Local/950@phones-00000009;2", "1.9b", Claim(FROM_6002), invited=False),
        Principal("6002", ("6001",), "forwarder"),
    ),
    "302-to-a-number-behind-a-prefix": Way(
        (
            BY_6001,
            TO_6002,
            local("1.9"),
            forwards("6002", "1.1", target="00312345678@phones"),
            local_dialled("1.9"),
        ),
        via_local(Claim(FROM_6002)),
        Principal("6002", (), "forwarder"),
    ),
    "inbound-then-refer-to-an-attendant": Way(
        (BY_TRUNK, TO_6002, answers("1.1"), transfers("6002", "1.1", target="950"), ends("1.1")),
        asks(channel_of("trunk"), claim=Claim(transferer=FROM_6002)),
        Principal("6002", (), "transferer", missing="trunk"),
    ),
    "refer-by-the-callee-to-an-attendant": Way(
        (*TALK, transfers("6002", "1.1", target="950"), ends("1.1")),
        asks(claim=Claim(transferer=FROM_6002)),
        Principal("6002", ("6001",), "transferer"),
    ),
    "outbound-then-attended-to-an-attendant": Way(
        (
            rings_in("6002"),
            rings_out("trunk", "1.1"),
            answers("1.1"),
            transfers("6002", CALL, kind=TransferKind.ATTENDED, target=""),
            ends(CALL),
        ),
        asks(channel_of("trunk"), "1.1", invited=False),
        Principal("6002", (), "transferer", missing="trunk"),
    ),
    "originated-then-refer-to-an-attendant": Way(
        (
            rings_out("6002", CALL),
            answers(CALL),
            transfers("6002", CALL, target="950"),
            local("1.9"),
            local_dialled("1.9"),
            ends(CALL),
        ),
        via_local(),
        Principal("6002", (), "transferer", missing="nobody"),
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_whoever_may_have_keyed_the_number_is_held_as_well(name: str) -> None:
    """The one who sent the call elsewhere keeps answering for it, and gives it no right alone."""
    way = WAYS[name]

    assert principal(way.attempt, seeing(*way.story)) == way.expected


def test_an_outside_line_put_before_the_target_is_the_dialplans() -> None:
    """What the site dials before every number outside is not a digit that somebody keyed."""
    told = (BY_TRUNK, TO_6002, answers("1.1"), transfers("6002", "1.1"), ends("1.1"))
    asked = asks(channel_of("trunk"), claim=Claim(transferer=FROM_6002))
    situation = seeing(*told)
    behind = responsible(
        replace(asked, dialled="90312345678"),
        situation.parties(CALL),
        blind=False,
        trunks=TRUNKS,
        asking=situation.channel(CALL),
        outside_line="9",
    )

    assert behind == Principal("6002", (), "transferer")
