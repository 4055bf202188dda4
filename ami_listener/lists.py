"""What reconciliation asks Asterisk, and how the list replies become events.

List replies carry no Privilege and no Timestamp but our ActionID; `connection` lets only those
through that the pending action expects.
IAXpeerlist is asked and not IAXpeers, whose items come without an ActionID (chan_iax2.c).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ami_listener.address import contact_address, host_port
from ami_listener.events import (
    PJSIP_STATUS,
    TEXT_MAX_CHARS,
    URI_MAX_CHARS,
    Rules,
    channel_seen,
    rtt_us,
)
from ami_listener.framing import Frame
from policies.events import (
    ContactSeen,
    ContactStatus,
    EndpointListed,
    Event,
    HostileEvent,
    Technology,
)


@dataclass(frozen=True, slots=True)
class Query:
    """An action that answers with a list.

    Attributes:
        action: Its name.
        items: Event names that may answer it.
        complete: The event that ends it.
        arguments: Further keys of the action.
        besides: Event names that come in the reply as well and are passed over.
    """

    action: str
    items: frozenset[str]
    complete: str
    arguments: tuple[tuple[str, str], ...] = ()
    besides: frozenset[str] = frozenset()


CONTACTS: Final = Query("PJSIPShowContacts", frozenset({"ContactList"}), "ContactListComplete")
ENDPOINTS: Final = Query("PJSIPShowEndpoints", frozenset({"EndpointList"}), "EndpointListComplete")
SIP_PEERS: Final = Query("SIPpeers", frozenset({"PeerEntry"}), "PeerlistComplete")
IAX_PEERS: Final = Query("IAXpeerlist", frozenset({"PeerEntry"}), "PeerlistComplete")
CHANNELS: Final = Query(
    "CoreShowChannels", frozenset({"CoreShowChannel"}), "CoreShowChannelsComplete"
)
# The dialplan as it is loaded, asked with class reporting, and who stands in the queues.
# Their items are no events: ami_listener.dialplan takes them.
DIALPLAN: Final = Query("ShowDialPlan", frozenset({"ListDialplan"}), "ShowDialPlanComplete")
QUEUE_MEMBERS: Final = Query("QueueStatus", frozenset({"QueueMember"}), "QueueStatusComplete")
QUERIES: Final[Mapping[Technology, tuple[Query, ...]]] = MappingProxyType(
    {
        Technology.PJSIP: (CONTACTS, ENDPOINTS),
        Technology.SIP: (SIP_PEERS,),
        Technology.IAX2: (IAX_PEERS,),
    }
)


def contacts_of(endpoint: str) -> Query:
    """Ask one endpoint for its contacts: only this lists those that pjsip.conf itself names.

    The reply also holds AuthDetail with the password in clear. It is no item here, so
    it is dropped unparsed and can reach no log and no evidence.
    """
    return Query(
        "PJSIPShowEndpoint",
        frozenset({"ContactStatusDetail"}),
        "EndpointDetailComplete",
        (("Endpoint", endpoint),),
        frozenset({"EndpointDetail"}),
    )


def settings_of(endpoint: str) -> Query:
    """Ask one endpoint for its settings; again without AuthDetail."""
    contacts = contacts_of(endpoint)
    return replace(contacts, items=contacts.besides, besides=contacts.items)


LIST_EVENTS: Final = frozenset(
    name.encode()
    for query in (
        *(CONTACTS, ENDPOINTS, SIP_PEERS, CHANNELS, DIALPLAN, QUEUE_MEMBERS),
        *(contacts_of(""), settings_of("")),
    )
    for name in (*query.items, query.complete)
)

# chan_sip.c peer_status() and chan_iax2.c peer_status(): `OK (12 ms)`, `LAGGED (402 ms)`
_PEER: Final = re.compile(r"(OK|LAGGED) \(([0-9]{1,9}) ms\)|(UNREACHABLE|UNKNOWN|Unmonitored)")
_PEER_WORDS: Final[Mapping[str, ContactStatus]] = MappingProxyType(
    {
        "OK": ContactStatus.REACHABLE,
        "LAGGED": ContactStatus.LAGGED,
        "UNREACHABLE": ContactStatus.UNREACHABLE,
        "UNKNOWN": ContactStatus.UNKNOWN,
        "Unmonitored": ContactStatus.NON_QUALIFIED,
    }
)


def translate_item(frame: Frame, at_s: float, rules: Rules) -> tuple[Event, ...]:
    """Translate one item of a list reply.

    Args:
        frame: An event that answers a pending action of ours.
        at_s: Monotonic seconds when it was read.
        rules: What holds for this Asterisk.

    Returns:
        The item as events; one `HostileEvent` when it breaks a rule.
    """
    if frame.fault:
        return (HostileEvent(at_s, frame.fault, frame.excerpt),)
    reader = _READERS.get(frame.name)
    if reader is None:
        return ()
    try:
        return reader(frame.fields, at_s, rules)
    except KeyError:
        return (HostileEvent(at_s, "incomplete", ascii(frame.fields)[:200]),)
    except ValueError as error:
        return (HostileEvent(at_s, str(error), ascii(frame.fields)[:200]),)


def listed_uris(frame: Frame) -> tuple[str, ...]:
    """Contact URIs that an ``EndpointList`` item names, pjsip.conf's own ones included.

    The field is ``aor/uri,aor/uri,`` and a URI may hold a comma, so this only tells
    that there is something to ask `contacts_of` about.
    """
    entries = frame.fields.get("Contacts", "").split(",")
    return tuple(entry.partition("/")[2][:URI_MAX_CHARS] for entry in entries if "/" in entry)


def _contact(fields: dict[str, str], at_s: float, rules: Rules) -> tuple[Event, ...]:
    aor = fields["ObjectName"].partition(";@")[0]
    return (_seen(fields, fields["Uri"], fields["Endpoint"] or aor, at_s, rules),)


def _contact_detail(fields: dict[str, str], at_s: float, rules: Rules) -> tuple[Event, ...]:
    return (_seen(fields, fields["URI"], fields["EndpointName"] or fields["AOR"], at_s, rules),)


def _seen(
    fields: dict[str, str], uri: str, endpoint: str, at_s: float, rules: Rules
) -> ContactSeen:
    uri = uri[:URI_MAX_CHARS]
    status = PJSIP_STATUS.get(fields["Status"])
    if status is None:
        message = "unknown-status"
        raise ValueError(message)
    return ContactSeen(
        at_s,
        Technology.PJSIP,
        endpoint[:TEXT_MAX_CHARS],
        uri,
        status,
        rtt_us(fields.get("RoundtripUsec", ""), status),
        contact_address(uri) if rules.rewrite_contact else None,
        fields.get("UserAgent", "")[:TEXT_MAX_CHARS],
    )


def _endpoint(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    return (EndpointListed(at_s, Technology.PJSIP, fields["ObjectName"][:TEXT_MAX_CHARS]),)


def _peer(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    technology = Technology.SIP if fields["Channeltype"] == "SIP" else Technology.IAX2
    peer = fields["ObjectName"][:TEXT_MAX_CHARS]
    listed = EndpointListed(at_s, technology, peer)
    where = host_port(fields["IPaddress"], fields.get("IPport", fields.get("Port", "")))
    if where is None:  # not registered: (null), -none-
        return (listed,)
    match = _PEER.fullmatch(fields["Status"])
    if match is None:
        message = "unknown-status"
        raise ValueError(message)
    status = _PEER_WORDS[match[1] or match[3]]
    rtt = int(match[2]) * 1000 if match[2] else None
    address = where if _is_packet_source(fields, technology) else None
    return (listed, ContactSeen(at_s, technology, peer, peer, status, rtt, address))


def _is_packet_source(fields: dict[str, str], technology: Technology) -> bool:
    """Whether the listed address is what Asterisk saw and not what the phone claimed.

    Source: chan_sip.c parse_register_contact: without force_rport it is the Contact
    header's. chan_iax2 always stores the packet's source.
    """
    if technology is Technology.IAX2 or fields.get("Dynamic") == "no":
        return True
    return fields.get("Forcerport") == "yes"


def _channel(fields: dict[str, str], at_s: float, _rules: Rules) -> tuple[Event, ...]:
    return (channel_seen(fields, at_s),)


_Reader = Callable[[dict[str, str], float, Rules], tuple[Event, ...]]
_READERS: Final[Mapping[str, _Reader]] = MappingProxyType(
    {
        "ContactList": _contact,
        "ContactStatusDetail": _contact_detail,
        "EndpointList": _endpoint,
        "PeerEntry": _peer,
        "CoreShowChannel": _channel,
    }
)
