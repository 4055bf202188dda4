"""The gate's two commands: what it asks a channel, and how it tells the verdict.

Nothing quotes a value in AGI or in MSet, so a value is either made only of harmless characters or
it is not sent. Both commands were tried on Asterisk 16.28 and 22.10 (docs/adr lists what was seen).
"""

import hmac
import re
from types import MappingProxyType
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
_ASKED_OF_SIP = (*_ASKED, "${CHANNEL(peername)}")
_ASKED_OF = MappingProxyType({"PJSIP": _ASKED_OF_PJSIP, "SIP": _ASKED_OF_SIP})

KEY_PATH = "/etc/asterisk/tollguard-gate-key"  # Asterisk's copy of the key

MAX_LIMIT_MS = 86_400_000  # 24 h, the limit of a call that is only observed (DESIGN "Modes")

# Asked after the key was shown: chan_sip's own name of the call's first channel (any other driver
# would warn in Asterisk's log), or the call of a channel that was named.
MASTER_PEER = "${MASTER_CHANNEL(CHANNEL(peername))}"
_CALL_OF = re.compile(
    r"\$\{IMPORT\((?:PJSIP|SIP|IAX2)/[A-Za-z0-9_.@+-]{1,96},CHANNEL\(linkedid\)\)\}"
)

_NUMBER = re.compile(r"[0-9*#+]{1,64}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REASON = re.compile(r"[a-z0-9-]{1,64}")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}")
_KEY_PATH = re.compile(r"/[A-Za-z0-9_./-]{1,200}")
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


class GateKey(NamedTuple):
    """The key that a channel of our Asterisk shows, and how it is asked for.

    Attributes:
        value: Its bytes.
        question: Asks any channel.
        question_pjsip: Asks a PJSIP channel, for the packet's source as well: other
            drivers warn in Asterisk's log.
        question_sip: Asks a chan_sip channel, for its peer's name as well.
    """

    value: bytes
    question: bytes
    question_pjsip: bytes
    question_sip: bytes

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "GateKey()"


def check_key(key: str, path: str = KEY_PATH) -> GateKey:
    """Make the gate's key ready for asking and comparing.

    A channel reads it from a file (docs/adr/0008): a variable of the dialplan is
    printed by Asterisk's log and told in events, and can be set by AMI users.
    Exactly as many bytes are read as the key has, so an editor's line end does no harm.

    Args:
        key: 16 to 128 characters of ``A-Za-z0-9_-``.
        path: Asterisk's copy of it; absolute, of characters that need no quoting.

    Raises:
        ValueError: The key could not be told apart inside a compound reply,
            or is too short to be secret, or the path would need quoting. The
            message does not show the key.
    """
    if not _KEY.fullmatch(key):
        message = "the gate's key must be 16 to 128 characters of A-Z a-z 0-9 _ -"
        raise ValueError(message)
    if not _KEY_PATH.fullmatch(path):
        message = f"the path of Asterisk's copy of the key must be plain and absolute: {path!r}"
        raise ValueError(message)
    read = f"${{FILE({path},0,{len(key)})}}"
    asked = (_ASKED, _ASKED_OF_PJSIP, _ASKED_OF_SIP)
    return GateKey(key.encode(), *(_ask(fields, read) for fields in asked))


def _ask(fields: tuple[str, ...], key_read: str) -> bytes:
    return f'GET FULL VARIABLE "{"|".join((*fields, key_read))}"\n'.encode()


def ask_variables(environment: Environment, key: GateKey) -> bytes:
    """Compose the one question that a session asks its channel."""
    if environment.technology == "PJSIP":
        return key.question_pjsip
    return key.question_sip if environment.technology == "SIP" else key.question


def read_variables(environment: Environment, reply: Reply, key: GateKey) -> Variables:
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
    asked = _ASKED_OF.get(environment.technology, _ASKED)
    fields = reply.value.split("|")
    if not hmac.compare_digest(fields.pop().encode(), key.value):
        raise AgiProtocolError(Refusal.WRONG_KEY)
    if len(fields) != len(asked):
        raise AgiProtocolError(Refusal.AMBIGUOUS_VARIABLE)
    linkedid, forwarder, transferer, master, *rest = fields
    if not linkedid:
        raise AgiProtocolError(Refusal.EMPTY_VALUE)
    own, is_peer = rest[0] if rest else "", environment.technology == "SIP"
    if own and not is_peer and not _SOURCE.fullmatch(own):
        raise AgiProtocolError(Refusal.BAD_SOURCE)
    peer, source = (own, None) if is_peer else ("", own or None)
    return Variables(linkedid, _claim(environment, forwarder, transferer, master, peer), source)


def _claim(
    environment: Environment, forwarder: str, transferer: str, master: str, peer: str = ""
) -> Claim:
    """Gather the claims; a direct call, the common case, makes none and costs nothing."""
    if master == environment.channel:
        master = ""
    if not (forwarder or transferer or master or peer):
        return NO_CLAIM
    return Claim(forwarder, transferer, master, peer)


def call_of(channel: str) -> str:
    """Write the expression for another channel's linkedid, to be asked by `ask_expression`."""
    return f"${{IMPORT({channel},CHANNEL(linkedid))}}"


def ask_expression(expression: str) -> bytes | None:
    """Compose a question of a session that has shown the key.

    Args:
        expression: `MASTER_PEER`, or from `call_of`; a channel's name in it is a
            caller's claim.

    Returns:
        The command, or None for what is none of the expressions that may be asked.
    """
    if expression != MASTER_PEER and not _CALL_OF.fullmatch(expression):
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
