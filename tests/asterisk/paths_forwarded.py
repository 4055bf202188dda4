"""Plays the paths on which somebody else's phone or the dialplan sends a call on."""

from tests.asterisk.paths_stage import Drive, Path, Play


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


def by_prefix(prefix: str) -> Drive:
    """Dial the number behind the digits that choose a way in the dialplan."""

    def drive(play: Play) -> None:
        play.keep(play.sip(0).call(f"{prefix}{play.number}", hold_s=60))

    return drive


FORWARDED = (
    Path("direct", 1, (0,), "direct", direct),
    Path("302", 2, (1,), "forwarder", redirected),
    Path("302-chain", 3, (2, 1), "forwarder", redirected_twice),
    Path("302-to-local", 2, (0, 1), "master", redirected_to_local),
    Path("dialplan-forward", 1, (0,), "master", by_prefix("91")),
    Path("followme", 1, (0,), "master", by_prefix("92")),
    Path("queue", 1, (0,), "master", by_prefix("93")),
    Path("fail-over", 1, (0,), "direct", by_prefix("94")),
)
