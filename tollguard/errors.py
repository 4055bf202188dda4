"""Errors that end a command or a task of the daemon, each with its sysexits code.

```
GuardError 70
├── ConfigError 78
├── StoreError 74
│   └── StoreDeniedError 77
├── LedgerError 74
├── GateError 69
├── AsteriskError 69
├── NoAnswerError 75
├── NotFoundError 66
├── InputError 65
└── AccessError 77
```

A denial of a call is never one of these: it is a `policies.decision.Decision`.
``docs/errors.md`` is generated from this file.
"""

from typing import ClassVar


class GuardError(Exception):
    """Something tollguard cannot go on with; its text is one sentence for the operator.

    Attributes:
        exit_code: The process's exit status (sysexits.h).
        cause: What leads to it, for ``docs/errors.md``.
        remedy: What to do about it, for ``docs/errors.md``.
    """

    exit_code: ClassVar[int] = 70
    cause: ClassVar[str] = "A fault in tollguard itself."
    remedy: ClassVar[str] = "Report it with the journal of the daemon."


class ConfigError(GuardError):
    """The configuration file is missing, unreadable or says something impossible."""

    exit_code = 78
    cause = "The TOML file does not exist, does not parse, or a value is not allowed."
    remedy = "Mend each place that the message names, then run `tollguard check`."


class StoreError(GuardError):
    """The store cannot be opened, is locked, is of another version, or holds a malformed row."""

    exit_code = 74
    cause = "The file is missing, locked for over a second, of another version, or edited by hand."
    remedy = (
        "Do what the message says: `tollguard store migrate`, or end the process that holds it."
    )


class StoreDeniedError(StoreError):
    """The store may not be opened by the user who runs the command."""

    exit_code = 77
    cause = "The user is not in the group that may operate tollguard."
    remedy = "`adduser USER tollguard` and log in again, or run the command as root."


class LedgerError(GuardError):
    """A reservation could not be made durable, so the call it was for is denied.

    Attributes:
        reason: The reason code that the caller is denied with.
    """

    exit_code = 74
    cause = "The ledger's disk is full, failing, read-only or slower than half a second."
    remedy = (
        "See to the disk; after a deleted or restored ledger, `tollguard ledger accept --reason …`."
    )

    def __init__(self, message: str, *, reason: str = "ledger-failed") -> None:
        super().__init__(message)
        self.reason = reason


class GateError(GuardError):
    """The dial gate cannot listen where it was told to, or a daemon of its ledger runs already."""

    exit_code = 69
    cause = "Another process holds the port or the ledger, or the address is not this machine's."
    remedy = (
        "Stop the other process or change `gate.host` and `gate.port`; keep the dialplan equal."
    )


class AsteriskError(GuardError):
    """Asterisk cannot be reached or does not do what it was asked."""

    exit_code = 69
    cause = "Asterisk is down, or AMI is not enabled or listens elsewhere."
    remedy = "Check `manager.conf` and `ami.host`, `ami.port`."


class NoAnswerError(GuardError):
    """A request to the daemon was not answered in time."""

    exit_code = 75
    cause = "The daemon is stopped, stalled, or runs under another node name."
    remedy = "Look at `tollguard status`, then start the daemon or name the node with `--node`."


class NotFoundError(GuardError):
    """What was named does not exist."""

    exit_code = 66
    cause = "The id, call or endpoint is not in the store (any more)."
    remedy = "List what there is with the bare noun, such as `tollguard attacks`."


class InputError(GuardError):
    """A value given to a command means nothing."""

    exit_code = 65
    cause = "A country that ISO does not know, a time in the past, a malformed duration."
    remedy = "The message names the value and what is accepted."


class AccessError(GuardError):
    """The user who runs the command may not read a file of the daemon, or is the wrong one."""

    exit_code = 77
    cause = (
        "The user is not in the group that may operate tollguard, a secret is root's alone, or"
        " root starts the daemon on the files of its user."
    )
    remedy = (
        "`adduser USER tollguard` and log in again, or run the command as root; the daemon is"
        " started by `systemctl start tollguard`."
    )


ALL_ERRORS: tuple[type[GuardError], ...] = (
    GuardError,
    ConfigError,
    StoreError,
    StoreDeniedError,
    LedgerError,
    GateError,
    AsteriskError,
    NoAnswerError,
    NotFoundError,
    InputError,
    AccessError,
)
