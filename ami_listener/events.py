"""Translates AMI's own events into the core's; what breaks a rule becomes evidence instead.

Nothing here trusts a field because it is there: `ViaAddress` is the phone's claim and is never
read, a contact's host counts only with `rewrite_contact=yes`, and chan_sip's `Address` is the
Contact header's claim unless the peer forces rport, so a `PeerStatus` tells no address at all.
What no reader can see: with chan_sip's default `pedantic=yes` a stranger can end an event early and
begin whole ones of his own; `pedantic=no` in sip.conf closes that (tried on 16.28). PJSIP cuts
AccountID to 36 bytes, too short for an event (tried on 22.10.1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ami_listener.address import contact_address, remote_address
from ami_listener.framing import Frame
from policies.events import (
    Authentication,
    AuthOutcome,
    BridgeEntered,
    ChannelGone,
    ChannelSeen,
    ContactGone,
    ContactSeen,
    ContactStatus,
    Event,
    HostileEvent,
    LegAnswered,
    LegDialled,
    LegForwarded,
    Technology,
    TransferKind,
    Transferred,
)

TEXT_MAX_CHARS: Final = 256
URI_MAX_CHARS: Final = 1024
COUNT_MAX_CHARS: Final = 15
_HEAD_LINES: Final = 3
# What chan_pjsip and chan_iax2 give a channel whose call came in; one that is dialled is down.
INCOMING_STATE: Final = "Ring"
GATE_VARIABLE: Final = "TOLLGUARD_TOKEN="

# Everything main/security_events.c can put into an event; one more key was smuggled in.
_SECURITY_KEYS: Final = frozenset(
    {
        *("Event", "Privilege", "Timestamp", "SequenceNumber", "SystemName", "EventTV", "Severity"),
        *("Service", "EventVersion", "AccountID", "SessionID", "LocalAddress", "RemoteAddress"),
        *("Module", "SessionTV", "UsingPassword", "ACLName", "Challenge", "ReceivedChallenge"),
        *("ReceivedHash", "Response", "ExpectedResponse", "ExpectedAddress", "RequestType"),
        *("RequestParams", "AttemptedTransport", "AuthMethod"),
    }
)

# res/res_pjsip/pjsip_options.c and location.c; FACTS: the documentation's `Unqualified` is not sent
PJSIP_STATUS: Final[Mapping[str, ContactStatus]] = MappingProxyType(
    {
        "Reachable": ContactStatus.REACHABLE,
        "Unreachable": ContactStatus.UNREACHABLE,
        "Unknown": ContactStatus.UNKNOWN,
        "Created": ContactStatus.UNKNOWN,
        "Updated": ContactStatus.UNKNOWN,
        "NonQualified": ContactStatus.NON_QUALIFIED,
        "Unqualified": ContactStatus.NON_QUALIFIED,
    }
)

_PEER_STATUS: Final[Mapping[str, ContactStatus]] = MappingProxyType(
    {
        "Reachable": ContactStatus.REACHABLE,
        "Lagged": ContactStatus.LAGGED,
        "Unreachable": ContactStatus.UNREACHABLE,
        "Registered": ContactStatus.UNKNOWN,
    }
)

_OUTCOMES: Final[Mapping[str, AuthOutcome]] = MappingProxyType(
    {
        "SuccessfulAuth": AuthOutcome.SUCCEEDED,
        "ChallengeSent": AuthOutcome.CHALLENGED,
        "ChallengeResponseFailed": AuthOutcome.BAD_RESPONSE,
        "InvalidPassword": AuthOutcome.BAD_RESPONSE,
        "InvalidAccountID": AuthOutcome.UNKNOWN_ACCOUNT,
        "FailedACL": AuthOutcome.ACL_REFUSED,
    }
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator told us about Asterisk's configuration.

    Attributes:
        rewrite_contact: See `AmiSettings.rewrite_contact`.
        timestamps: An event without ``Timestamp`` is hostile.
    """

    rewrite_contact: bool = True
    timestamps: bool = True


DEFAULT_RULES: Final = Rules()


def translate(frame: Frame, at_s: float, rules: Rules = DEFAULT_RULES) -> tuple[Event, ...]:
    """Translate one live event.

    Args:
        frame: An event, not the answer to an action. Untrusted.
        at_s: Monotonic seconds when it was read.
        rules: What holds for this Asterisk.

    Returns:
        Nothing for events that tell the core nothing new; one `HostileEvent` for
        a frame that breaks a rule.
    """
    if frame.fault:
        return (HostileEvent(at_s, frame.fault, frame.excerpt),)
    return translate_fields(frame.fields, at_s, rules)


def translate_fields(fields: dict[str, str], at_s: float, rules: Rules) -> tuple[Event, ...]:
    """Translate one live event whose frame has no fault; as `translate`."""
    reader = _READERS.get(fields.get("Event", ""))
    if reader is None:  # nothing in it is believed; Asterisk's FullyBooted has no Timestamp
        return ()
    fault = _missing_head(fields, rules)
    if fault:
        return (HostileEvent(at_s, fault, _excerpt(fields)),)
    try:
        return reader(fields, at_s, rules)
    except KeyError:
        return (HostileEvent(at_s, "incomplete", _excerpt(fields)),)
    except ValueError as error:
        return (HostileEvent(at_s, str(error), _excerpt(fields)),)


def _missing_head(fields: dict[str, str], rules: Rules) -> str:
    """Asterisk writes Event, Privilege and Timestamp first; elsewhere they are forged."""
    keys = list(fields)
    if len(keys) < _HEAD_LINES or keys[1] != "Privilege":
        return "no-privilege"
    if not fields["Privilege"].endswith(",all"):  # manager.c authority_to_str always ends so
        return "no-privilege"
    if rules.timestamps and keys[2] != "Timestamp":
        return "no-timestamp"
    return ""


def _excerpt(fields: dict[str, str]) -> str:
    return ascii(list(fields.items()))[:200]


def _contact_status(fields: dict[str, str], at_s: float, rules: Rules) -> tuple[Event, ...]:
    uri = fields["URI"][:URI_MAX_CHARS]
    endpoint = (fields["EndpointName"] or fields["AOR"])[:TEXT_MAX_CHARS]
    word = fields["ContactStatus"]
    if word == "Removed":
        return (ContactGone(at_s, Technology.PJSIP, endpoint, uri),)
    status = PJSIP_STATUS.get(word)
    if status is None:
        message = "unknown-status"
        raise ValueError(message)
    rtt = rtt_us(fields.get("RoundtripUsec", ""), status)
    address = contact_address(uri) if rules.rewrite_contact else None
    return (ContactSeen(at_s, Technology.PJSIP, endpoint, uri, status, rtt, address),)


def rtt_us(text: str, status: ContactStatus) -> int | None:
    """A ``RoundtripUsec`` value; None unless the contact answered a probe.

    Args:
        text: Microseconds as text, ``N/A``, or empty.
        status: The contact's state; an unreachable one has no round trip.
    """
    measured = status in {ContactStatus.REACHABLE, ContactStatus.LAGGED}
    return int(text) if measured and _is_count(text) else None


def _peer_status(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    kind, word = fields["ChannelType"], fields["PeerStatus"]
    if kind not in {"SIP", "IAX2"}:  # PJSIP repeats here what ContactStatus says better
        return ()
    technology = Technology(kind)
    peer = fields["Peer"].removeprefix(f"{kind}/")[:TEXT_MAX_CHARS]
    if word == "Unregistered":
        return (ContactGone(at_s, technology, peer, peer),)
    status = _PEER_STATUS.get(word)
    if status is None:  # Rejected: the security events tell it with its source
        return ()
    rtt = rtt_us(f"{fields['Time']}000", status) if "Time" in fields else None
    return (ContactSeen(at_s, technology, peer, peer, status, rtt, None),)


def _security(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    if not fields.keys() <= _SECURITY_KEYS:
        message = "unexpected-key"
        raise ValueError(message)
    outcome, account = _OUTCOMES[fields["Event"]], fields["AccountID"]
    if account == "<unknown>":
        if outcome is AuthOutcome.BAD_RESPONSE:
            return ()  # the second half of an InvalidAccountID, which named the account
        account = ""
    source = remote_address(fields["RemoteAddress"])
    if source is None:
        message = "bad-address"
        raise ValueError(message)
    session, service = fields["SessionID"][:TEXT_MAX_CHARS], fields["Service"][:TEXT_MAX_CHARS]
    if service == "SIP":  # chan_sip's port is the one that Via claims (seen on 16.28)
        source = replace(source, port=0)
    return (Authentication(at_s, outcome, account[:TEXT_MAX_CHARS], source, session, service),)


def channel_seen(fields: dict[str, str], at_s: float) -> ChannelSeen:
    """Read Newchannel's and CoreShowChannel's common fields.

    Raises:
        KeyError: One of them is missing.
    """
    return ChannelSeen(
        at_s,
        uniqueid=_identity(fields["Uniqueid"]),
        linkedid=_identity(fields["Linkedid"]),
        channel=fields["Channel"][:TEXT_MAX_CHARS],
        context=fields.get("Context", "")[:TEXT_MAX_CHARS],
        exten=fields.get("Exten", "")[:TEXT_MAX_CHARS],
        incoming=fields.get("ChannelStateDesc") == INCOMING_STATE,
    )


def _newchannel(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    return (channel_seen(fields, at_s),)


def _rename(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    # main/channel.c gives Rename no Linkedid: an empty one means "as it was".
    name, uniqueid = fields["Newname"][:TEXT_MAX_CHARS], _identity(fields["Uniqueid"])
    return (ChannelSeen(at_s, uniqueid, fields.get("Linkedid", ""), name),)


def _dial_begin(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    channel = fields["DestChannel"][:TEXT_MAX_CHARS]
    # app_queue.c tells a member's interface whole, `PJSIP/6003`; app_dial.c what follows the slash.
    dial_string = fields["DialString"].removeprefix(f"{channel.partition('/')[0]}/")
    variable = fields.get("DestChanVariable", "")
    token = variable.removeprefix(GATE_VARIABLE) if variable.startswith(GATE_VARIABLE) else ""
    return (
        LegDialled(
            at_s,
            uniqueid=_identity(fields["DestUniqueid"]),
            linkedid=_identity(fields["DestLinkedid"]),
            channel=channel,
            caller_uniqueid=fields.get("Uniqueid", "")[:TEXT_MAX_CHARS],
            dial_string=dial_string[:URI_MAX_CHARS],
            token=token[:TEXT_MAX_CHARS],
            context=fields.get("Context", fields.get("DestContext", ""))[:TEXT_MAX_CHARS],
        ),
    )


def _dial_end(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    uniqueid = _identity(fields["DestUniqueid"])
    if fields["DialStatus"] == "ANSWER":
        return (LegAnswered(at_s, uniqueid),)
    forward = fields.get("Forward", "")
    if not forward:
        return ()
    return (
        LegForwarded(
            at_s,
            uniqueid,
            linkedid=_identity(fields["DestLinkedid"]),
            channel=fields["DestChannel"][:TEXT_MAX_CHARS],
            forward=forward[:URI_MAX_CHARS],
        ),
    )


def _blind_transfer(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    return (_transferred(fields, at_s, "Transferer", TransferKind.BLIND),)


def _attended_transfer(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    """Read both calls of the transferer: the one that was handed on, and the consultation."""
    return tuple(
        _transferred(fields, at_s, f"{which}Transferer", TransferKind.ATTENDED)
        for which in ("Orig", "Second")
        if f"{which}TransfererUniqueid" in fields
    )


def _transferred(
    fields: dict[str, str], at_s: float, prefix: str, kind: TransferKind
) -> Transferred:
    return Transferred(
        at_s,
        uniqueid=_identity(fields[f"{prefix}Uniqueid"]),
        linkedid=_identity(fields[f"{prefix}Linkedid"]),
        channel=fields[f"{prefix}Channel"][:TEXT_MAX_CHARS],
        kind=kind,
        target=fields.get("Extension", "")[:TEXT_MAX_CHARS] if kind is TransferKind.BLIND else "",
    )


def _bridge_enter(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    return (BridgeEntered(at_s, _identity(fields["Uniqueid"]), _identity(fields["Linkedid"])),)


def _hangup(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    cause = fields["Cause"]
    number = int(cause) if _is_count(cause) else 0
    return (ChannelGone(at_s, _identity(fields["Uniqueid"]), number),)


def _is_count(text: str) -> bool:
    """Whether it is a number that Asterisk may have printed; the length bounds `int`."""
    return text.isascii() and text.isdigit() and len(text) <= COUNT_MAX_CHARS


def _identity(text: str) -> str:
    """A uniqueid as Asterisk makes it; anything longer was not made by it."""
    if not text or len(text) > TEXT_MAX_CHARS:
        message = "bad-uniqueid"
        raise ValueError(message)
    return text


_Reader = Callable[[dict[str, str], float, Rules], tuple[Event, ...]]
_READERS: Final[Mapping[str, _Reader]] = MappingProxyType(
    {
        "ContactStatus": _contact_status,
        "PeerStatus": _peer_status,
        "Newchannel": _newchannel,
        "Rename": _rename,
        "DialBegin": _dial_begin,
        "DialEnd": _dial_end,
        "BlindTransfer": _blind_transfer,
        "AttendedTransfer": _attended_transfer,
        "BridgeEnter": _bridge_enter,
        "Hangup": _hangup,
    }
    | dict.fromkeys(_OUTCOMES, _security)
)

# As bytes, so that everything else is dropped before it is parsed.
LIVE_EVENTS: Final = frozenset(name.encode() for name in _READERS)
