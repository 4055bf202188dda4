"""Tests of who is held responsible, path by path as Asterisk was seen to tell each."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.channel_name import endpoint_of
from policies.decision import DialAttempt
from policies.events import Blinded, ChannelSeen, Event, LegDialled
from policies.parties import MAX_ENDPOINTS
from policies.principal import NO_CLAIM, Claim, Principal, direct, responsible
from policies.situation import Situation
from tests.policies.happenings import (
    CALL,
    answers,
    channel_of,
    ends,
    forwards,
    is_made,
    joins,
    local,
    local_dialled,
    picture,
    rings_in,
    rings_out,
    seeing,
    transfers,
)

TRUNKS = frozenset({"trunk", "trunk-b"})
LOCAL = "Local/0312345678@phones-00000009;2"

Story = tuple[Event | tuple[Event, ...], ...]


def asks(
    channel: str = channel_of("6001"),
    uniqueid: str = CALL,
    claim: Claim = NO_CLAIM,
    *,
    invited: bool = True,
    linkedid: str = CALL,
) -> DialAttempt:
    """Make what the gate hears of a channel."""
    source = "192.0.2.7:5060" if invited else None
    return DialAttempt("0312345678", "trunk", channel, uniqueid, linkedid, source, 5.0, claim)


def principal(attempt: DialAttempt, situation: Situation) -> Principal:
    """Find out who answers for it."""
    return responsible(
        attempt,
        situation.parties(attempt.linkedid),
        blind=bool(situation.blind),
        trunks=TRUNKS,
        asking=situation.channel(attempt.uniqueid),
    )


def via_local(claim: Claim = NO_CLAIM, uniqueid: str = "1.9b") -> DialAttempt:
    """Ask on a Local channel."""
    return asks(LOCAL, uniqueid, claim, invited=False)


@dataclass(frozen=True)
class Way:
    """One path on which a call reaches the gate.

    Attributes:
        story: What AMI told before.
        attempt: What the gate heard.
        expected: Who answers for it.
    """

    story: Story
    attempt: DialAttempt
    expected: Principal


BY_6001 = rings_in("6001")
TO_6002 = rings_out("6002", "1.1")
FROM_6002 = channel_of("6002")
SIP_6002 = "SIP/6002-00000001"
BY_TRUNK = rings_in("trunk")
TALK = (BY_6001, TO_6002, answers("1.1"), joins("1.1", CALL), joins(CALL, CALL))
REDIRECTED = (
    BY_6001, TO_6002, local("1.9"), forwards("6002", "1.1"), local_dialled("1.9"), ends("1.1"),
)  # fmt: skip
MASTER = Claim(master=channel_of("6001"))

WAYS = {
    "direct": Way((BY_6001,), asks(), Principal("6001")),
    "direct-while-another-has-answered": Way(TALK, asks(), Principal("6001", ("6002",))),
    "direct-before-ami": Way((), asks(), Principal("6001")),
    "302": Way(
        REDIRECTED,
        via_local(Claim(FROM_6002, "", channel_of("6001"))),
        Principal("6002", (), "forwarder"),
    ),
    "302-untold": Way(
        (BY_6001, TO_6002, ends("1.1"), local("1.9"), local_dialled("1.9")),
        via_local(Claim(FROM_6002)),
        Principal("6002", (), "forwarder"),
    ),
    "302-chain": Way(
        (
            *REDIRECTED,
            rings_out("6003", "1.2"),
            local("1.8"),
            forwards("6003", "1.2"),
            local_dialled("1.8"),
        ),
        via_local(Claim(channel_of("6003")), "1.8b"),
        Principal("6003", ("6002",), "forwarder"),
    ),
    "302-to-a-local": Way(
        (*REDIRECTED, local("1.8"), local_dialled("1.8")),
        via_local(MASTER, "1.8b"),
        Principal("6001", ("6002",), "master"),
    ),
    "302-to-a-local-that-runs-already": Way(
        (BY_6001, TO_6002, local("1.9")),
        via_local(MASTER),
        Principal("6001", (), "master", missing="not-in-map"),
    ),
    "dial-local": Way(
        (BY_6001, local("1.9"), local_dialled("1.9")),
        via_local(MASTER),
        Principal("6001", (), "master"),
    ),
    "dial-local-before-ami": Way(
        (BY_6001,), via_local(MASTER), Principal("6001", (), "master", missing="not-in-map")
    ),
    "refer-by-the-callee": Way(
        (*TALK, transfers("6002", "1.1"), ends("1.1")),
        asks(claim=Claim(transferer=FROM_6002)),
        Principal("6002", (), "transferer"),
    ),
    "refer-by-the-caller": Way(
        (*TALK, transfers("6001", CALL), ends(CALL)),
        asks(FROM_6002, "1.1", Claim(transferer=channel_of("6001")), invited=False),
        Principal("6001", ("6002",), "transferer"),
    ),
    "refer-before-ami-told": Way(
        TALK,
        asks(claim=Claim(transferer=FROM_6002)),
        Principal(None, ("6002",), "transferer", missing="not-in-map", claimed="6002"),
    ),
    "refer-by-the-caller-to-a-local": Way(
        (*TALK, transfers("6001", CALL), ends(CALL), local("1.9"), local_dialled("1.9")),
        via_local(),
        Principal("6001", ("6002",), "transferer"),
    ),
    "inbound-then-refer": Way(
        (BY_TRUNK, TO_6002, answers("1.1"), transfers("6002", "1.1"), ends("1.1")),
        asks(channel_of("trunk"), claim=Claim(transferer=FROM_6002)),
        Principal("6002", (), "transferer"),
    ),
    "forward-of-an-inbound-call": Way(
        (BY_TRUNK,), asks(channel_of("trunk")), Principal("trunk", missing="trunk")
    ),
    "forward-of-an-inbound-call-by-a-local": Way(
        (BY_TRUNK, local("1.9"), local_dialled("1.9")),
        via_local(Claim(master=channel_of("trunk"))),
        Principal("trunk", (), "master", missing="trunk"),
    ),
    "after-an-attended-transfer": Way(
        (*TALK, transfers("6001", CALL), ends(CALL)),
        asks(FROM_6002, "1.1", invited=False),
        Principal("6001", ("6002",), "transferer"),
    ),
    "originate-local": Way(
        (local("1.9", "1.9a", "fax"), local_dialled("1.9", "1.9a")),
        replace(via_local(Claim(master=LOCAL[:-1] + "1")), linkedid="1.9a"),
        Principal(None, (), "nobody", "fax", "nobody"),
    ),
    "originate-to-a-phone": Way(
        rings_out("6001", CALL),
        asks(invited=False),
        Principal(None, (), "nobody", "phones", "nobody"),
    ),
    "originate-to-a-phone-that-answered": Way(
        (rings_out("6001", CALL), answers(CALL)),
        asks(invited=False),
        Principal(None, ("6001",), "nobody", "phones", "nobody"),
    ),
    "originate-to-a-phone-then-local": Way(
        (rings_out("6001", CALL), answers(CALL), local("1.9"), local_dialled("1.9")),
        via_local(MASTER),
        Principal(None, ("6001",), "nobody", "phones", "nobody"),
    ),
    "originate-to-a-phone-before-ami": Way(
        (), asks(invited=False), Principal(None, (), "nobody", missing="nobody")
    ),
    "redirect-of-the-called-leg": Way(
        TALK,
        asks(FROM_6002, "1.1", MASTER, invited=False),
        Principal("6001", ("6002",), "master"),
    ),
    "claim-that-the-map-lacks": Way(
        (BY_6001,),
        asks(claim=Claim(forwarder=FROM_6002)),
        Principal(None, (), "forwarder", missing="not-in-map", claimed="6002"),
    ),
    "claim-of-one-that-answered": Way(
        TALK,
        asks(claim=Claim(forwarder=FROM_6002)),
        Principal(None, ("6002",), "forwarder", missing="not-in-map", claimed="6002"),
    ),
    "claim-of-oneself": Way(
        (rings_out("6002", CALL), answers(CALL)),
        asks(FROM_6002, claim=Claim(forwarder=FROM_6002), invited=False),
        Principal(None, ("6002",), "forwarder", missing="not-in-map", claimed="6002"),
    ),
    "claim-that-is-no-channel": Way(
        (BY_6001,),
        asks(claim=Claim(forwarder="6002")),
        Principal(None, (), "forwarder", missing="nobody"),
    ),
    "transfer-that-is-no-channel": Way(
        (BY_6001,),
        asks(claim=Claim(transferer="Local/x@y-00000001;1")),
        Principal(None, (), "transferer", missing="nobody"),
    ),
    "trunk-as-transferer": Way(
        (BY_TRUNK, TO_6002, answers("1.1"), transfers("trunk", CALL)),
        asks(FROM_6002, "1.1", Claim(transferer=channel_of("trunk")), invited=False),
        Principal("trunk", ("6002",), "transferer", missing="trunk"),
    ),
    "iax2": Way(
        (ChannelSeen(1.0, CALL, CALL, "IAX2/branch-4711", "phones"),),
        asks("IAX2/branch-4711", invited=False),
        Principal("branch"),
    ),
    "iax2-that-was-called": Way(
        (BY_6001, LegDialled(1.0, "1.1", CALL, "IAX2/branch-4711", CALL, "x", ""), answers("1.1")),
        asks("IAX2/branch-4711", "1.1", MASTER, invited=False),
        Principal("6001", ("branch",), "master"),
    ),
    "chan-sip": Way(
        (ChannelSeen(1.0, CALL, CALL, SIP_6002, "phones"),),
        asks(SIP_6002, claim=Claim(peer="6002"), invited=False),
        Principal("6002"),
    ),
    "chan-sip-guest-with-a-phones-name": Way(
        (ChannelSeen(1.0, CALL, CALL, SIP_6002, "phones"),),
        asks(SIP_6002, invited=False),
        Principal(None, via="nobody", missing="nobody"),
    ),
    "chan-sip-dial-local": Way(
        (ChannelSeen(1.0, CALL, CALL, SIP_6002, "phones"), local("1.9"), local_dialled("1.9")),
        via_local(Claim(master=SIP_6002, master_peer="6002")),
        Principal("6002", (), "master"),
    ),
    "chan-sip-guest-by-a-local": Way(
        (ChannelSeen(1.0, CALL, CALL, SIP_6002, "phones"), local("1.9"), local_dialled("1.9")),
        via_local(Claim(master=SIP_6002, master_peer="")),
        Principal(None, via="nobody", missing="nobody"),
    ),
    "dahdi": Way((), asks("DAHDI/4-1", invited=False), Principal("DAHDI-4")),
}


@pytest.mark.parametrize("name", WAYS)
def test_each_path_has_its_principal(name: str) -> None:
    """The actor, the others and why a right is missing are as FACTS' table wants them."""
    way = WAYS[name]

    assert principal(way.attempt, seeing(*way.story)) == way.expected


@pytest.mark.parametrize("name", WAYS)
def test_while_blind_only_a_direct_call_keeps_its_rights(name: str) -> None:
    """What was known may be stale, so no claim gives a right; a denial does not become less."""
    way = WAYS[name]
    situation = seeing(*way.story)
    situation.apply(Blinded(6.0, "gone"))
    found = principal(way.attempt, situation)

    assert found.actor == way.expected.actor
    assert bool(found.missing) is (found.via != "direct" or bool(way.expected.missing))
    assert found.missing != "not-in-map"


def test_a_call_with_too_many_endpoints_is_nobodys() -> None:
    """Beyond the bound the map cannot say who takes part, so nobody has rights; a claim holds."""
    crowd = [rings_out(f"7{place:03}", f"1.{place + 100}") for place in range(MAX_ENDPOINTS)]
    found = principal(asks(), seeing(BY_6001, *crowd))

    assert (found.actor, found.missing, found.claimed) == (None, "nobody", "6001")
    assert principal(asks(), seeing(BY_6001, *crowd[1:])) == Principal("6001")


def test_a_trunk_is_never_among_the_others() -> None:
    """A trunk's leg that answered is not held responsible for what follows."""
    story = (BY_6001, rings_out("trunk", "1.1"), answers("1.1"))

    assert principal(asks(), seeing(*story)).others == ()


def test_everybody_proven_is_held() -> None:
    """The actor first; a name that is only claimed is not held."""
    assert direct("6001").held == ("6001",)
    assert Principal("6001", ("6002",)).held == ("6001", "6002")
    assert Principal(None, ("6002",), claimed="6003").held == ("6002",)


NAMES = st.one_of(
    st.sampled_from(
        [
            "", FROM_6002, channel_of("6001"), channel_of("trunk"), LOCAL, "PJSIP/6002-0000000",
            "SIP/6002-00000001", "IAX2/6002-1", "PJSIP/6002-00000001;x", "PJSIP/../6002-00000001",
        ]
    ),
    st.text(max_size=30),
    st.text("PJSI/IAX260-1;@ ", max_size=30),
)  # fmt: skip
STORIES = st.lists(
    st.sampled_from(
        [
            BY_6001, *TO_6002, answers("1.1"), *local("1.9"), local_dialled("1.9"),
            forwards("6002", "1.1"), transfers("6002", "1.1"), transfers("6001", CALL),
            ends("1.1"), ends(CALL), joins("1.1", CALL), picture(CALL, "1.1"),
            is_made("6003", "1.2"), Blinded(6.0, "gone"),
        ]
    ),
    max_size=12,
)  # fmt: skip


@given(STORIES, st.builds(Claim, NAMES, NAMES, NAMES), NAMES, st.booleans())
def test_no_claim_gives_rights_that_the_map_does_not_bear_out(
    story: list[Event],
    claim: Claim,
    channel: str,
    invited: bool,  # noqa: FBT001 given by hypothesis
) -> None:
    """Whoever has rights is the channel's own endpoint, or did in the map what is claimed."""
    situation = seeing(*story)
    attempt = asks(channel, claim=claim, invited=invited)
    found = principal(attempt, situation)
    call = situation.parties(CALL)

    assert found.actor is not None or found.missing
    assert set(found.others) <= {*call.roles, endpoint_of(channel), endpoint_of(claim.master)}
    assert set(call.acted) - TRUNKS <= set(found.held)
    if not found.missing and found.via != "direct":
        assert not situation.blind
        assert found.actor in call.roles
    if found.via == "direct":
        assert (claim.forwarder, claim.transferer) == ("", "")
        assert f"/{found.actor}-" in channel
    if claim.forwarder or claim.transferer:
        assert found.via in {"forwarder", "transferer"}


@given(STORIES, st.sampled_from([FROM_6002, channel_of("6003"), "x"]))
def test_a_claim_never_adds_to_the_rights_of_a_channel(story: list[Event], name: str) -> None:
    """With a forwarder claimed, the one who has rights is the forwarder that the map knows."""
    situation = seeing(*story)
    claimed = principal(asks(claim=Claim(forwarder=name)), situation)

    if not claimed.missing:
        assert claimed.actor == "6002"
        assert situation.parties(CALL).did("6002", 2 | 8)
