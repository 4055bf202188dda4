"""Plays the paths on which somebody in a call sends it on: REFER, keys, Replaces, parking."""

from concurrent.futures import ThreadPoolExecutor

from tests.asterisk.paths_site import ATTENDANT
from tests.asterisk.paths_stage import Path, Play
from tests.asterisk.waiting import until


def refer_by_caller(play: Play) -> None:
    """Phone 0 calls phone 1 and transfers it to the number."""
    play.keep(play.sip(1).answer())
    play.keep(play.sip(0).transfer(play.names[1], play.number))


def refer_by_callee(play: Play) -> None:
    """Phone 1 answers phone 0 and transfers it to the number."""
    play.keep(play.sip(1).answer_and_transfer(play.number))
    play.keep(play.sip(0).call(play.names[1], hold_s=60))


def inbound_then_refer(play: Play) -> None:
    """A call comes in from the trunk, and phone 0, who answers, transfers it to the number."""
    play.keep(play.sip(0).answer_and_transfer(play.number))
    play.keep(play.stage.inbound().bring(play.names[0]))


def inbound_then_refer_to_attendant(play: Play) -> None:
    """An outsider calls in, phone 0 transfers him to an attendant, and he keys the number."""
    phone = play.raw(0)
    outsider = play.keep(play.stage.outsider())
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(outsider.call, play.names[0])
        taken = phone.take()
        call = calling.result()
    play.wait_bridged(play.names[0])
    transferred = play.partner(play.names[0])
    assert phone.refer(taken, ATTENDANT) == 202
    play.wait_attended(transferred)
    outsider.press(call, play.number)


def attended(play: Play) -> None:
    """Phone 0 holds phone 1, calls the number, and joins the two."""
    play.keep(play.sip(1).answer())
    phone = play.raw(0)
    first = phone.call(play.names[1])
    assert first.code == 200
    assert phone.hold(first) == 200
    second = phone.call(play.number)
    if second.code == 200:
        play.wait_bridged(play.names[0], calls=2)
        assert phone.refer_to(second, first) == 202
        play.wait_gone(play.names[0])


def keys_by_callee(play: Play) -> None:
    """Phone 1 answers phone 0 and presses ## and the number."""
    phone = play.raw(1)
    play.keep(play.sip(0).call(play.names[1], hold_s=60))
    call = phone.take()
    play.wait_bridged(play.names[1])
    phone.press(call, f"##{play.number}")


def keys_by_caller(play: Play) -> None:
    """Phone 0 calls phone 1 and presses ## and the number."""
    play.keep(play.sip(1).answer())
    phone = play.raw(0)
    call = phone.call(play.names[1])
    play.wait_bridged(play.names[1])
    phone.press(call, f"##{play.number}")


def attended_by_keys(play: Play) -> None:
    """Phone 0 calls phone 1, and presses *2 and the number to ask there first."""
    play.keep(play.sip(1).answer())
    phone = play.raw(0)
    call = phone.call(play.names[1])
    play.wait_bridged(play.names[1])
    phone.press(call, f"*2{play.number}")


def replaces(play: Play) -> None:
    """Phone 0 calls the number, and phone 1 takes the call over by an INVITE with Replaces."""
    call = play.raw(0).call(play.number)
    if call.code == 200:
        play.wait_bridged(play.names[0])
        taken = play.raw(1).call(play.names[0], headers=b"Replaces: %b\r\n" % call.replaces())
        assert taken.code == 200
        play.wait_gone(play.names[0])


def parked(play: Play) -> None:
    """Phone 0 calls the number, parks it by REFER, and phone 1 takes it out."""
    phone = play.raw(0)
    call = phone.call(play.number)
    if call.code == 200:
        play.wait_bridged(play.names[0])
        assert phone.refer(call, "700") == 202
        place = until(lambda: play.stage.place_parked_by(play.names[0]), 5, "it has a place")
        assert play.raw(1).call(place).code == 200


def into_conference(play: Play) -> None:
    """Phone 0 calls the number and transfers it into a conference."""
    phone = play.raw(0)
    call = phone.call(play.number)
    if call.code == 200:
        play.wait_bridged(play.names[0])
        assert phone.refer(call, f"95{play.names[0]}") == 202
        play.wait_gone(play.names[0])


def redirected_by_ami(play: Play) -> None:
    """A switchboard redirects phone 0, who speaks with phone 1, to the number."""
    play.keep(play.sip(1).answer())
    play.keep(play.sip(0).call(play.names[1], hold_s=60))
    play.wait_bridged(play.names[1])
    (channel,) = play.channels(play.names[0])
    play.act(Action="Redirect", Channel=channel, Context="phones", Exten=play.number, Priority="1")


TRANSFERRED = (
    Path("refer-by-caller", 2, (0, 1), "transferer", refer_by_caller),
    Path("refer-by-callee", 2, (1,), "transferer", refer_by_callee),
    Path("inbound-refer", 1, (0,), "transferer", inbound_then_refer),
    Path("inbound-refer-to-ivr", 1, (0, "trunk"), "transferer", inbound_then_refer_to_attendant),
    Path("attended", 2, (0,), "direct", attended),
    Path("keys-by-callee", 2, (1,), "transferer", keys_by_callee),
    Path("keys-by-caller", 2, (0, 1), "transferer", keys_by_caller),
    Path("keys-attended", 2, (0, 1), "master", attended_by_keys),
    Path("replaces", 2, (0,), "direct", replaces),
    Path("parking", 2, (0,), "direct", parked),
    Path("conference", 1, (0,), "direct", into_conference),
    Path("ami-redirect", 2, (0, 1), "direct", redirected_by_ami),
)
