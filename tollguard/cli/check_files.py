"""What `tollguard check` finds in files that others read and write: Asterisk and the service."""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from tollguard.cli.remarks import ERROR, Remark
from tollguard.errors import GuardError
from tollguard.i18n import _
from tollguard.reach import user_name
from tollguard.secret_files import MAX_SECRET_BYTES, read_secret

if TYPE_CHECKING:
    from tollguard.config import Config

ASTERISK = "asterisk"  # the user and the group of Asterisk, where it has them
KEY_PLACE = "gate.asterisk_key_file"
LOOPBACK = ("127.", "localhost", "::1")


def check_asterisk_key(config: "Config", user: str = ASTERISK) -> Iterator[Remark]:
    """Compare Asterisk's copy of the gate's key with ours; only root may read both.

    Without an equal copy the gate answers nobody, and the written fail mode judges.
    """
    if os.geteuid() or not config.ami.host.startswith(LOOPBACK):
        return
    path = config.gate.asterisk_key_file
    try:
        with path.open("rb") as file:
            looked, data = os.fstat(file.fileno()), file.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        text = _("{path} cannot be read: {reason}; make both keys: tollguard config secrets")
        yield Remark(ERROR, KEY_PLACE, text.format(path=path, reason=error.strerror))
        return
    with suppress(GuardError):  # our own file has a remark of its own
        # the gate asks for as many bytes as its key has
        ours = read_secret(config.gate.key_file).encode()
        if data[: len(ours)] != ours:
            text = _(
                "{path} holds another key than gate.key_file; copy it, or make both anew:"
                " tollguard config secrets --rotate"
            )
            yield Remark(ERROR, KEY_PLACE, text.format(path=path))
    if not _reads(user, looked):
        text = _(
            "{path} cannot be read by Asterisk's user; run: chgrp {name} {path}; chmod g+r {path}"
        )
        yield Remark(ERROR, KEY_PLACE, text.format(path=path, name=ASTERISK))


def _reads(name: str, looked: os.stat_result) -> bool:
    """Tell whether a user may read a file; true where there is no user of the name."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        return True
    if looked.st_uid == user.pw_uid:
        return bool(looked.st_mode & stat.S_IRUSR)
    groups = {user.pw_gid, *(group.gr_gid for group in grp.getgrall() if name in group.gr_mem)}
    if looked.st_gid in groups:
        return bool(looked.st_mode & stat.S_IRGRP)
    return bool(looked.st_mode & stat.S_IROTH)


def check_ledger(config: "Config") -> Iterator[Remark]:
    """See that whose folder it is, as whom root is by now, may write the ledger's files.

    Somebody else of the group does not know what the daemon may.
    """
    path = config.ledger.path
    try:
        owner = path.parent.stat().st_uid
    except OSError:
        return  # the folder has a remark of its own
    if owner != os.geteuid():
        return
    for file in (
        path,
        *(path.with_name(path.name + end) for end in ("-wal", "-shm")),
        path.with_suffix(".lock"),
    ):
        if file.exists() and not os.access(file, os.R_OK | os.W_OK, effective_ids=True):
            name = user_name(owner)
            text = _("{path} cannot be written by the service; run: chown {name}: {path}")
            yield Remark(ERROR, "ledger.path", text.format(path=file, name=name))
