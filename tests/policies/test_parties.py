"""Tests of the map of calls: who took part, kept as long as the call lives and no longer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.events import ChannelGone, ChannelSeen, Event, LegDialled, Reconciled
from policies.parties import (
    ANSWERED,
    CALLED,
    FORWARDED,
    MAX_ENDPOINTS,
    RANG,
    TRANSFERRED,
    CallParties,
    Parties,
)
from policies.situation import Situation
from tests.policies.happenings import (
    CALL,
    answers,
    channel_of,
    ends,
    forwards,
    is_dialled,
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


def roles(situation: Situation, linkedid: str = CALL) -> dict[str, int]:
    """What everybody did in a call."""
    return situation.parties(linkedid).roles


def test_a_call_s_parties_did_what_was_told() -> None:
    """Each endpoint's part is kept, and only acting makes it one that is held."""
    situation = seeing(
        rings_in("6001"),
        rings_out("6002", "1.1"),
        forwards("6002", "1.1"),
        rings_out("6003", "1.2"),
        answers("1.2"),
        rings_out("6004", "1.3"),
        transfers("6001", CALL),
    )
    call = situation.parties(CALL)

    assert call.roles == {
        "6001": CALLED | TRANSFERRED,
        "6002": RANG | FORWARDED,
        "6003": RANG | ANSWERED,
        "6004": RANG,
    }
    assert call.acted == ("6002", "6003", "6001")
    assert "6004" in call
    assert "6009" not in call
    assert call.did("6003", ANSWERED | FORWARDED)
    assert not call.did("6009", RANG)
    assert not call.originated


def test_one_who_forwarded_and_hung_up_stays_until_the_last_channel_is_gone() -> None:
    """The map lives as long as the call and not a moment longer."""
    situation = seeing(
        rings_in("6001"),
        rings_out("6002", "1.1"),
        local("1.9"),
        forwards("6002", "1.1"),
        ends("1.1"),
    )
    during = dict(roles(situation))
    for uniqueid in (CALL, "1.9a"):
        situation.apply(ends(uniqueid))
    almost = set(roles(situation))
    situation.apply(ends("1.9b"))

    assert during == {"6001": CALLED, "6002": RANG | FORWARDED}
    assert almost == {"6001", "6002"}
    assert roles(situation) == {}
    assert situation.channel("1.9b") is None


def test_a_forwarder_whose_channel_is_already_gone_is_known_by_its_event() -> None:
    """A redirection is told after the new target runs; its own event names it."""
    situation = seeing(rings_in("6001"), rings_out("6002", "1.1"), ends("1.1"))
    situation.apply(forwards("6002", "1.1"))
    situation.apply(transfers("6003", "1.7"))
    situation.apply(forwards("6002", "9.1", "9.0"))

    assert roles(situation) == {"6001": CALLED, "6002": RANG | FORWARDED, "6003": TRANSFERRED}
    assert roles(situation, "9.0") == {}


def test_a_bridge_makes_two_calls_one() -> None:
    """Who took part in either is a party of the call that goes on; the rest of the old stays."""
    situation = seeing(
        rings_in("6001"),
        rings_out("6002", "1.1"),
        answers("1.1"),
        rings_in("6003", "2.0", "2.0"),
        rings_out("6004", "2.1", "2.0"),
        answers("2.1"),
        joins("2.1", CALL),
    )
    both = set(roles(situation))
    left = set(roles(situation, "2.0"))
    situation.apply(ends("2.0"))

    assert both == {"6001", "6002", "6003", "6004"}
    assert situation.parties(CALL).acted == ("6002", "6004")
    assert left == {"6003", "6004"}
    assert roles(situation, "2.0") == {}


def test_a_bridge_of_strangers_and_of_the_same_call_changes_nothing() -> None:
    """An unknown channel joins nothing, and one's own call is no other."""
    situation = seeing(rings_in("6001"), joins("7.7", CALL), joins(CALL, CALL))

    assert roles(situation) == {"6001": CALLED}


def test_a_channel_that_takes_over_another_brings_its_endpoint() -> None:
    """A masquerade renames; whoever the channel was is still a party."""
    situation = seeing(rings_in("6001"))
    situation.apply(ChannelSeen(2.0, CALL, "", channel_of("6005")))

    assert roles(situation) == {"6001": CALLED, "6005": 0}
    assert (situation.channels_on("PJSIP", "6001"), situation.channels_on("PJSIP", "6005")) == (
        0,
        1,
    )
    situation.apply(ChannelSeen(2.0, CALL, "", "AsyncGoto/PJSIP/6005-00000001<MASQ>"))
    assert situation.channels_on("PJSIP", "6005") == 0
    situation.apply(ChannelSeen(2.0, CALL, "3.0", channel_of("6005")))
    assert set(roles(situation, "3.0")) == {"6001", "6005"}


@pytest.mark.parametrize("phone_first", [True, False])
def test_who_was_called_first_called_nobody(*, phone_first: bool) -> None:
    """An Originate's first channel is one that Asterisk dialled, a phone's or a Local one."""
    story = rings_out("6001", CALL) if phone_first else (*local("1.9", "1.9a"),)
    linkedid = CALL if phone_first else "1.9a"
    situation = seeing(story)
    if not phone_first:
        situation.apply(local_dialled("1.9", "1.9a"))

    assert situation.parties(linkedid).originated
    assert roles(situation, linkedid) == ({"6001": RANG} if phone_first else {})


def test_where_a_channel_began_is_kept() -> None:
    """The context of birth is not overwritten by where it is later."""
    situation = seeing(
        is_made("6001", CALL), ChannelSeen(2.0, CALL, CALL, channel_of("6001"), "elsewhere")
    )
    situation.apply(is_dialled("6002", "1.1"))
    before = situation.context_of("1.1")
    situation.apply(is_made("6002", "1.1"))

    assert situation.context_of(CALL) == "phones"
    assert (before, situation.context_of("1.1"), situation.context_of("9.9")) == ("", "phones", "")


def test_a_local_channel_is_settled_when_it_is_dialled_pictured_moved_or_gone() -> None:
    """Until then it may run before the redirection that led to it was told."""
    undialled = [*local("1.7"), *local("1.8")]
    for settling in (
        [local_dialled("1.7"), local_dialled("1.8"), local_dialled("1.8")],
        [ends("1.7a"), ends("1.8a")],
        [picture("1.7a", "1.7b", "1.8a", "1.8b", CALL)],
        [joins("1.7a", "2.0"), joins("1.8a", "2.0")],
    ):
        situation = seeing(rings_in("6001"), *undialled)
        assert situation.parties(CALL).unsettled == 2
        for event in settling:
            situation.apply(event)
        assert situation.parties(CALL).unsettled == 0


def test_channels_that_are_not_in_a_picture_are_gone() -> None:
    """What ended in a gap ends with the next picture, its call too."""
    situation = seeing(rings_in("6001"), rings_out("trunk", "1.1"), rings_in("6003", "2.0", "2.0"))
    before = situation.channels_on("PJSIP", "trunk")
    situation.apply(picture(CALL))

    assert (before, situation.channels_on("PJSIP", "trunk")) == (1, 0)
    assert set(roles(situation)) == {"6001", "trunk"}
    assert roles(situation, "2.0") == {}


def test_a_call_keeps_no_more_endpoints_than_it_may() -> None:
    """Beyond the bound it says so, also when it comes together by a bridge."""
    crowd = [rings_out(f"7{place:03}", f"1.{place + 100}") for place in range(MAX_ENDPOINTS)]
    full = seeing(*crowd)
    over = seeing(rings_in("6001"), *crowd)
    over.apply(rings_in("6009", "2.0", "2.0"))
    over.apply(joins(CALL, "2.0"))

    assert not full.parties(CALL).overflow
    assert over.parties(CALL).overflow
    assert over.parties("2.0").overflow
    assert len(over.parties(CALL).roles) == len(over.parties("2.0").roles) == MAX_ENDPOINTS


def test_no_more_channels_are_kept_than_it_may() -> None:
    """A channel beyond the capacity, or without a call, is in no map, and its events harm not."""
    parties = Parties(capacity=2)
    for place in range(4):
        parties.see(ChannelSeen(1.0, f"{place}", f"{place}", channel_of("6001")))
    first, _second = local("1.9")
    assert isinstance(first, ChannelSeen)
    parties.see(first)
    parties.dial(LegDialled(1.0, "7", "7", channel_of("6001"), "", "x", ""))
    parties.hang_up(ChannelGone(1.0, "3", 16))

    assert parties.channels_on("PJSIP", "6001") == 2
    assert parties.of("2").roles == {}
    parties.reconcile(Reconciled(1.0, frozenset(), frozenset()))
    parties.see(ChannelSeen(1.0, "5", "", channel_of("6001")))
    assert parties.channel("5") is None
    assert parties.channels_on("PJSIP", "6001") == 0


EVENTS = st.lists(
    st.sampled_from(
        [
            rings_in("6001"), *rings_out("6002", "1.1"), *local("1.9"), local_dialled("1.9"),
            answers("1.1"), forwards("6002", "1.1"), transfers("6001", CALL), joins("1.1", "2.0"),
            rings_in("6003", "2.0", "2.0"), *rings_out("6004", "2.1", "2.0"), joins("2.1", CALL),
            joins(CALL, "2.0"), ends("1.1"), ends(CALL), ends("2.0"), ends("2.1"), ends("1.9a"),
            ends("1.9b"), picture(CALL, "2.1"), ChannelSeen(2.0, "1.1", "", channel_of("6005")),
        ]
    ),
    max_size=40,
)  # fmt: skip


@given(EVENTS)
def test_whatever_happens_nothing_outlives_its_channels(events: list[Event]) -> None:
    """After all channels are gone the map holds nothing, and every count is zero."""
    situation = seeing(*events)
    situation.apply(picture())
    parties = situation._parties

    assert not parties._channels
    assert not parties._calls
    assert not parties._living
    assert not parties._on


@given(EVENTS)
def test_counts_and_roles_agree_with_the_channels(events: list[Event]) -> None:
    """Each call has as many channels as are counted, and every live endpoint is a party."""
    parties = seeing(*events)._parties

    for linkedid, call in parties._calls.items():
        mine = [c for c in parties._channels.values() if c.linkedid == linkedid]
        assert parties._living[linkedid] == len(mine) > 0
        assert call.unsettled == sum(c.unsettled for c in mine)
        assert {c.endpoint for c in mine} - {None} <= call.roles.keys()
        assert set(call.acted) <= call.roles.keys()


def test_nobody_is_a_party_of_an_unknown_call() -> None:
    """It is empty, and stays so."""
    call = seeing().parties("7.0")

    assert (call.roles, call.acted, call.overflow) == ({}, (), False)
    call = CallParties()
    call.add(None, ANSWERED)
    assert call.roles == {}


def test_a_local_channel_in_a_bridge_is_waited_for_no_more() -> None:
    """Whoever asks there first before a transfer by keys dials it himself, and nothing tells so."""
    situation = seeing(rings_in("6001"), local("1.9"))
    assert situation.parties(CALL).unsettled == 1
    situation.apply(joins("1.9a", CALL))

    assert situation.parties(CALL).unsettled == 0


def test_where_a_call_was_sent_is_known_of_each_who_sent_it() -> None:
    """The last target counts; two at once, of calls that became one, are none."""
    situation = seeing(
        rings_in("6001"),
        rings_out("6002", "1.1"),
        transfers("6002", "1.1", target="950"),
        transfers("6002", "1.1", target="951"),
        rings_in("6003", "2.0", "2.0"),
        rings_out("6002", "2.1", "2.0"),
        transfers("6002", "2.1", "2.0", target="952"),
        transfers("6003", "2.0", "2.0", target="953"),
    )
    assert situation.parties(CALL).targets == {"6002": "951"}
    for uniqueid in ("2.0", "2.1"):
        situation.apply(joins(uniqueid, CALL))

    assert situation.parties(CALL).targets == {"6002": "", "6003": "953"}


def test_where_one_beyond_the_bound_sent_a_call_is_not_kept() -> None:
    """Nobody can be held in a call of too many, so the map grows no further."""
    crowd = [rings_out(f"7{place:03}", f"1.{place + 100}") for place in range(MAX_ENDPOINTS)]
    situation = seeing(rings_in("6001"), *crowd, transfers("6009", CALL))

    assert situation.parties(CALL).overflow
    assert situation.parties(CALL).targets == {}
