"""Plays what is done with a leg abroad that is up already and has a limit."""

from tests.asterisk.paths_stage import Path, Play


def referred_to_phone(play: Play) -> None:
    """Phone 0 calls the number and sends it on to phone 1."""
    play.keep(play.sip(1).answer())
    phone = play.raw(0)
    call = phone.call(play.number)
    play.wait_bridged(play.names[0])
    assert phone.refer(call, play.names[1]) == 202
    play.wait_bridged(play.names[1])


def referred_abroad(play: Play) -> None:
    """Phone 0 calls the number and sends it on to another number abroad: judged once more."""
    phone = play.raw(0)
    call = phone.call(play.number)
    play.wait_bridged(play.names[0])
    assert phone.refer(call, play.other_number) == 202
    play.wait_gone(play.names[0])


def redirected_to_phone(play: Play) -> None:
    """A switchboard redirects the trunk's leg to phone 1."""
    play.keep(play.sip(1).answer())
    play.raw(0).call(play.number)
    play.wait_bridged(play.names[0])
    leg = play.partner(play.names[0])
    play.act(Action="Redirect", Channel=leg, Context="phones", Exten=play.names[1], Priority="1")
    play.wait_bridged(play.names[1])


def held_and_taken_back(play: Play) -> None:
    """Phone 0 calls the number, holds it, and goes on talking."""
    phone = play.raw(0)
    call = phone.call(play.number)
    play.wait_bridged(play.names[0])
    assert phone.hold(call) == 200
    assert phone.resume(call) == 200


def referred_from_emergency(play: Play) -> None:
    """Phone 0 calls 110 first, and sends that leg on to the number."""
    phone = play.raw(0)
    call = phone.call("110")
    play.wait_bridged(play.names[0])
    assert phone.refer(call, play.number) == 202


def attended_to_conference(play: Play) -> None:
    """Phone 0 calls the number, holds it, and joins it with a conference: an application."""
    phone = play.raw(0)
    call = phone.call(play.number)
    play.wait_bridged(play.names[0])
    assert phone.hold(call) == 200
    conference = phone.call(f"95{play.names[0]}")
    assert conference.code == 200
    play.wait_bridged(play.names[0], calls=2)
    assert phone.refer_to(conference, call) == 202
    play.wait_gone(play.names[0])


LIMITED = (
    Path("leg-referred", 2, (0,), "direct", referred_to_phone),
    Path("leg-referred-abroad", 1, (0,), "direct", referred_abroad),
    Path("leg-redirected", 2, (0,), "direct", redirected_to_phone),
    Path("110-then-refer", 1, (0,), "transferer", referred_from_emergency),
    Path("leg-attended-to-conference", 1, (0,), "direct", attended_to_conference),
    Path("hold", 1, (0,), "direct", held_and_taken_back),
)
