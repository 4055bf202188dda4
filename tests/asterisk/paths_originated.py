"""Plays the paths on which no phone asks for the call: AMI, the console and call files."""

from tests.asterisk.paths_stage import Path, Play


def by_ami_local(play: Play) -> None:
    """A switchboard originates a Local channel to the number."""
    play.act(
        Action="Originate", Channel=f"Local/{play.number}@phones", Application="Wait", Data="60",
        Async="true",
    )  # fmt: skip


def by_ami_phone(play: Play) -> None:
    """A switchboard rings phone 0 and sends it to the number when it answers."""
    play.keep(play.sip(0).answer())
    play.act(
        Action="Originate", Channel=f"PJSIP/{play.names[0]}", Context="phones", Async="true",
        Exten=play.number, Priority="1",
    )  # fmt: skip


def by_ami_trunk(play: Play) -> None:
    """A switchboard originates straight to the trunk, around the dialplan."""
    play.act(
        Action="Originate", Channel=f"PJSIP/{play.number}@trunk", Application="Wait", Data="60",
        Async="true",
    )  # fmt: skip


def by_console(play: Play) -> None:
    """Somebody types channel originate."""
    play.stage.guarded.asterisk.originate(play.number)


def by_call_file(play: Play) -> None:
    """A program drops a call file, moved into place as the manual says."""
    spool = play.stage.guarded.asterisk.folder / "spool"
    text = f"Channel: Local/{play.number}@phones\nMaxRetries: 0\nApplication: Wait\nData: 60\n"
    written = spool / play.number
    written.write_text(text)
    written.rename(spool / "outgoing" / play.number)


ORIGINATED = (
    Path("ami-local", 1, (), "nobody", by_ami_local),
    Path("ami-phone", 1, (0,), "nobody", by_ami_phone),
    Path("ami-trunk", 1, (), "nobody", by_ami_trunk),
    Path("console", 1, (), "nobody", by_console),
    Path("call-file", 1, (), "nobody", by_call_file),
)
