"""The gate's two commands: what it asks a channel, and how it tells the verdict.

Nothing quotes a value in AGI or in MSet, so a value is either made only of harmless characters or
it is not sent. Both commands were tried on Asterisk 16.28 and 22.10 (docs/adr lists what was seen).
"""

import hmac
import re
from typing import NamedTuple

from agi.protocol import AgiProtocolError, Environment, Refusal, Reply
from policies.decision import Answer, Verdict
from policies.principal import NO_CLAIM, Claim

# The key stands last: a value that carries its own closing parenthesis, or one that Asterisk
# cuts at its buffer's end, then costs the session its key instead of forging the fields after it.
_ASKED = (
    "${CHANNEL(linkedid)}",
    "${FORWARDERNAME}",
    "${BLINDTRANSFER}",
    "${MASTER_CHANNEL(CHANNEL(name))}",
)
_ASKED_OF_PJSIP = (*_ASKED, "${CHANNEL(pjsip,remote_addr)}")
_KEY_FIELD = "${TOLLGUARD_KEY}"

MAX_LIMIT_MS = 86_400_000  # 24 h, the limit of a call that is only observed (DESIGN "Modes")

# The only thing that is asked after the key was shown: the call of a channel that was named.
_CALL_OF = re.compile(
    r"\$\{IMPORT\((?:PJSIP|SIP|IAX2)/[A-Za-z0-9_.@+-]{1,96},CHANNEL\(linkedid\)\)\}"
)

_NUMBER = re.compile(r"[0-9*#+]{1,64}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REASON = re.compile(r"[a-z0-9-]{1,64}")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}")
_SOURCE = re.compile(
    r"(?:[0-9.]{7,15}|\[[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,16})?\]):[0-9]{1,5}"
)


class Variables(NamedTuple):
    """What the channel answered.

    Attributes:
        linkedid: Asterisk's id of the call.
        claim: What the channel says of who forwarded, transferred or began the call.
        source: Address and port of the INVITE; None where Asterisk itself dialled.
    """

    linkedid: str
    claim: Claim
    source: str | None


def _ask(fields: tuple[str, ...]) -> bytes:
    return f'GET FULL VARIABLE "{"|".join((*fields, _KEY_FIELD))}"\n'.encode()


_ASK = _ask(_ASKED)
_ASK_PJSIP = _ask(_ASKED_OF_PJSIP)


def check_key(key: str) -> bytes:
    """Make the gate's key ready for comparing.

    Args:
        key: 16 to 128 characters of ``A-Za-z0-9_-``.

    Returns:
        The key's bytes.

    Raises:
        ValueError: The key could not be told apart inside a compound reply,
            or is too short to be secret. The message does not show it.
    """
    if not _KEY.fullmatch(key):
        message = "the gate's key must be 16 to 128 characters of A-Z a-z 0-9 _ -"
        raise ValueError(message)
    return key.encode()


def ask_variables(environment: Environment) -> bytes:
    """Compose the one question that a session asks its channel.

    The packet's source is asked of PJSIP only: other drivers warn in Asterisk's log.
    """
    return _ASK_PJSIP if environment.technology == "PJSIP" else _ASK


def read_variables(environment: Environment, reply: Reply, key: bytes) -> Variables:
    """Take the compound reply apart, once it has shown the gate's key.

    Args:
        environment: Of the same session.
        reply: Asterisk's answer to `ask_variables`. Untrusted.
        key: From `check_key`.

    Raises:
        AgiProtocolError: The command failed, a field holds a ``|`` of its own
            so that nobody can tell where it ends, the key is wrong, the
            linkedid is empty, or the source is no address.
    """
    if reply.code != 200 or reply.result != "1" or reply.value is None:
        raise AgiProtocolError(Refusal.COMMAND_REFUSED)
    asked = _ASKED_OF_PJSIP if environment.technology == "PJSIP" else _ASKED
    fields = reply.value.split("|")
    if not hmac.compare_digest(fields.pop().encode(), key):
        raise AgiProtocolError(Refusal.WRONG_KEY)
    if len(fields) != len(asked):
        raise AgiProtocolError(Refusal.AMBIGUOUS_VARIABLE)
    linkedid, forwarder, transferer, master, *rest = fields
    if not linkedid:
        raise AgiProtocolError(Refusal.EMPTY_VALUE)
    source = rest[0] if rest else ""
    if source and not _SOURCE.fullmatch(source):
        raise AgiProtocolError(Refusal.BAD_SOURCE)
    return Variables(linkedid, _claim(environment, forwarder, transferer, master), source or None)


def _claim(environment: Environment, forwarder: str, transferer: str, master: str) -> Claim:
    """Gather the claims; a direct call, the common case, makes none and costs nothing."""
    if master == environment.channel:
        master = ""
    if not (forwarder or transferer or master):
        return NO_CLAIM
    return Claim(forwarder, transferer, master)


def call_of(channel: str) -> str:
    """Write the expression for another channel's linkedid, to be asked by `ask_expression`."""
    return f"${{IMPORT({channel},CHANNEL(linkedid))}}"


def ask_expression(expression: str) -> bytes | None:
    """Compose a question of a session that has shown the key.

    Args:
        expression: From `call_of`; a channel's name in it is a caller's claim.

    Returns:
        The command, or None for what is none of the expressions that may be asked.
    """
    if not _CALL_OF.fullmatch(expression):
        return None
    return f'GET FULL VARIABLE "{expression}"\n'.encode()


def read_expression(reply: Reply) -> str:
    """Read the answer to `ask_expression`; empty when Asterisk refused, or has no value."""
    if reply.code != 200 or reply.result != "1":
        return ""
    return reply.value or ""


def tell_verdict(answer: Answer, *, tokenless: bool = False) -> bytes:
    """Compose the one command that sets the answer's variables, the verdict last.

    MSet sets from left to right, so the dialplan never sees a verdict without
    its number and limit. A challenge is told as a denial until there are PINs.
    The underscore hands the token down to the trunk's leg, where AMI shows it.

    Args:
        answer: What was decided.
        tokenless: Of the fallback, which cannot give tokens: it must have none.

    Raises:
        AgiProtocolError: A value is outside its alphabet or range, or an
            allowed call lacks its number, token or limit.
    """
    allowed = answer.verdict is Verdict.ALLOW
    if not _is_safe(answer, allowed=allowed, tokenless=tokenless):
        raise AgiProtocolError(Refusal.UNSAFE_ANSWER)
    return (
        f'EXEC MSet "_TOLLGUARD_TOKEN={answer.token},TOLLGUARD_NUMBER={answer.number},'
        f"TOLLGUARD_LIMIT_MS={answer.limit_ms},TOLLGUARD_REASON={answer.reason},"
        f'TOLLGUARD_VERDICT={"ALLOW" if allowed else "DENY"}"\n'
    ).encode()


def _is_safe(answer: Answer, *, allowed: bool, tokenless: bool) -> bool:
    if not _REASON.fullmatch(answer.reason):
        return False
    if not allowed:
        return not answer.number and not answer.token and answer.limit_ms == 0
    return (
        _NUMBER.fullmatch(answer.number) is not None
        and (not answer.token if tokenless else _TOKEN.fullmatch(answer.token) is not None)
        and 0 < answer.limit_ms <= MAX_LIMIT_MS
    )


def is_verdict_set(reply: Reply) -> bool:
    """Tell whether Asterisk ran `tell_verdict`: MSet returns 0."""
    return reply.code == 200 and reply.result == "0"
