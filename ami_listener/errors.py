"""What can go wrong with AMI, as one small tree, so that callers decide by type and not by text.

AmiError
 ├─ AmiRefusedError        user or secret refused: trying again soon looks like an attack
 ├─ AmiLostError           the connection is gone, silent or speaks no AMI; trying again may help
 ├─ AmiTimeoutError        one action had no answer in time; the connection may be fine
 └─ AmiActionError         Asterisk answered an action with an error
UnsafeValueError (ValueError)  a value that would break out of its line; nothing was sent
"""


class AmiError(Exception):
    """Anything that AMI or the way to it did wrong."""


class AmiRefusedError(AmiError):
    """The login was refused: user, secret, rights or address are wrong."""


class AmiLostError(AmiError):
    """The connection ended, fell silent, or the peer does not speak AMI."""


class AmiTimeoutError(AmiError):
    """An action had no complete answer within its deadline."""


class AmiActionError(AmiError):
    """Asterisk answered an action with an error; ``str()`` is Asterisk's own message."""


class UnsafeValueError(ValueError):
    """An action's key or value holds CR, LF or NUL, or is out of its range."""
