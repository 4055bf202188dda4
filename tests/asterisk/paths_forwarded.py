"""Plays the paths on which somebody else's phone or the dialplan sends a call on."""

from tests.asterisk.paths_site import ATTENDANT
from tests.asterisk.paths_stage import Path, Play


def direct(play: Play) -> None:
    """The phone dials."""
    play.keep(play.sip(0).call(play.number, hold_s=60))


def redirected(play: Play) -> None:
    """Phone 1 answers phone 0's call with a 302 to the number."""
    play.keep(play.sip(1).redirect(play.number))
    play.keep(play.sip(0).call(play.names[1], hold_s=60))


def redirected_twice(play: Play) -> None:
    """Phone 1 sends on to phone 2 by 302, and phone 2 to the number."""
    play.keep(play.sip(2).redirect(play.number))
    play.keep(play.sip(1).redirect(play.names[2]))
    play.keep(play.sip(0).call(play.names[1], hold_s=60))


def redirected_to_local(play: Play) -> None:
    """Phone 1 sends on by 302 to an extension that dials the number over a Local channel."""
    play.keep(play.sip(1).redirect(f"91{play.number}"))
    play.keep(play.sip(0).call(play.names[1], hold_s=60))


def redirected_to_attendant(play: Play) -> None:
    """Phone 1 sends phone 0 by 302 to an attendant, where phone 0 keys the number."""
    play.keep(play.sip(1).redirect(ATTENDANT))
    phone = play.raw(0)
    call = phone.call(play.names[1])
    (channel,) = play.channels(play.names[0])
    play.wait_attended(channel)
    phone.press(call, play.number)


def by_prefix(play: Play, prefix: str) -> None:
    """Dial the number behind the digits that choose a way in the dialplan."""
    play.keep(play.sip(0).call(f"{prefix}{play.number}", hold_s=60))


def forwarded_by_dialplan(play: Play) -> None:
    """Phone 0 dials an extension that dials the number over a Local channel."""
    by_prefix(play, "91")


def followed(play: Play) -> None:
    """Phone 0 dials an extension whose FollowMe leads to the number."""
    by_prefix(play, "92")


def queued(play: Play) -> None:
    """Phone 0 calls a queue whose member is a Local channel to the number."""
    by_prefix(play, "93")


def failed_over(play: Play) -> None:
    """Phone 0 dials the number; the first trunk answers 503 and a second one is tried."""
    by_prefix(play, "94")


def inbound_redirected(play: Play) -> None:
    """A call comes in from the trunk, and phone 0 sends it to the number by 302."""
    play.keep(play.sip(0).redirect(play.number))
    play.keep(play.stage.inbound().bring(play.names[0]))


def inbound_forwarded(play: Play) -> None:
    """A call comes in from the trunk for an extension that dials the number."""
    play.keep(play.stage.inbound().bring(f"91{play.number}"))


FORWARDED = (
    Path("direct", 1, (0,), "direct", direct),
    Path("302", 2, (1,), "forwarder", redirected),
    Path("302-chain", 3, (2, 1), "forwarder", redirected_twice),
    Path("302-to-local", 2, (0, 1), "master", redirected_to_local),
    Path("302-to-ivr", 2, (1, 0), "forwarder", redirected_to_attendant),
    Path("inbound-302", 1, (0,), "forwarder", inbound_redirected),
    Path("inbound-forward", 1, ("trunk",), "master", inbound_forwarded),
    Path("dialplan-forward", 1, (0,), "master", forwarded_by_dialplan),
    Path("followme", 1, (0,), "master", followed),
    Path("queue", 1, (0,), "master", queued),
    Path("fail-over", 1, (0,), "direct", failed_over),
)
