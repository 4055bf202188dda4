"""What happened, as the core sees it: the only way anything enters `Situation` or a detector.

`ami_listener` makes most of these from AMI's wire events; the gate makes its own.
Every event carries ``at_s``, monotonic seconds when it was read, because the core has no clock.
Text fields come from the network unless said otherwise: they are bounded, decoded and untrusted.
"""

from dataclasses import dataclass
from enum import StrEnum

from policies.numbering.number import Number


class Technology(StrEnum):
    """The channel driver a device or leg belongs to, in Asterisk's own spelling."""

    PJSIP = "PJSIP"
    SIP = "SIP"
    IAX2 = "IAX2"


class ContactStatus(StrEnum):
    """A contact's wire status, one set for all drivers (FACTS: PJSIP has no lagged)."""

    REACHABLE = "reachable"
    LAGGED = "lagged"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"  # created, not probed yet
    NON_QUALIFIED = "non-qualified"


class AuthOutcome(StrEnum):
    """What a security event says about one authentication."""

    SUCCEEDED = "succeeded"
    CHALLENGED = "challenged"
    BAD_RESPONSE = "bad-response"
    UNKNOWN_ACCOUNT = "unknown-account"
    ACL_REFUSED = "acl-refused"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a packet came from, as the server saw it.

    Attributes:
        ip: Canonical text of an IPv4 or IPv6 address; IPv4-mapped ones unmapped.
        port: 0 when the event did not tell.
        transport: ``UDP TCP TLS WS WSS``, or empty.
    """

    ip: str
    port: int
    transport: str


@dataclass(frozen=True, slots=True)
class EndpointListed:
    """A configured endpoint exists, registered or not (from reconciliation)."""

    at_s: float
    technology: Technology
    endpoint: str


@dataclass(frozen=True, slots=True)
class ContactSeen:
    """A contact exists, or its status changed.

    Attributes:
        at_s: When it was read.
        technology: Its channel driver.
        endpoint: Configured endpoint or peer.
        contact: Stable key of the contact within the endpoint: the URI for
            PJSIP, the peer's name otherwise.
        status: Its wire status.
        rtt_us: Round trip in microseconds; None when not measured.
        address: The packet's source; None when no trustworthy field told it.
            Never from Via or from the Contact header's own claim.
        user_agent: What the phone calls itself; empty when unknown.
    """

    at_s: float
    technology: Technology
    endpoint: str
    contact: str
    status: ContactStatus
    rtt_us: int | None
    address: Address | None
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class ContactGone:
    """A contact was removed, expired or unregistered."""

    at_s: float
    technology: Technology
    endpoint: str
    contact: str


@dataclass(frozen=True, slots=True)
class Authentication:
    """One authentication succeeded, failed or only got as far as the challenge.

    Attributes:
        at_s: When it was read.
        outcome: What came of it.
        account: The claimed account; may not exist.
        source: The packet's source.
        session: Asterisk's SessionID: events of one attempt share it.
        service: ``PJSIP``, ``SIP``, ``AMI`` …, as Asterisk names it.
    """

    at_s: float
    outcome: AuthOutcome
    account: str
    source: Address
    session: str
    service: str


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """A channel exists (Newchannel, or found while reconciling) or was renamed.

    Attributes:
        at_s: When it was read.
        uniqueid: Its id.
        linkedid: The call's id; empty where the event does not tell (Rename).
        channel: Its name now.
        context: Where it is in the dialplan; its birth context in a Newchannel.
        exten: The extension there; untrusted, may be empty.
        incoming: It rings at its birth, as only one does whose call came in;
            False says nothing, since chan_sip's never do.
    """

    at_s: float
    uniqueid: str
    linkedid: str
    channel: str
    context: str = ""
    exten: str = ""
    incoming: bool = False


@dataclass(frozen=True, slots=True)
class LegDialled:
    """Asterisk began to dial an outgoing leg (DialBegin).

    Attributes:
        at_s: When it was read.
        uniqueid: The outgoing leg's id.
        linkedid: The call's id.
        channel: The outgoing leg's channel name.
        caller_uniqueid: The channel that dials; empty for an originate.
        dial_string: What was dialled, ``0312345678@trunk``.
        token: The gate's token found on the leg; empty without one.
        context: The calling channel's; the leg's own for an originate.
        application: The calling channel's; empty where it was not asked.
    """

    at_s: float
    uniqueid: str
    linkedid: str
    channel: str
    caller_uniqueid: str
    dial_string: str
    token: str
    context: str = ""
    application: str = ""


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """An outgoing leg was answered (DialEnd with status ANSWER)."""

    at_s: float
    uniqueid: str


@dataclass(frozen=True, slots=True)
class LegForwarded:
    """An endpoint that was called sent the call elsewhere (DialEnd with Forward: a 302).

    Attributes:
        at_s: When it was read.
        uniqueid: The leg that was called and is about to end.
        linkedid: The call's id.
        channel: That leg's name.
        forward: Where to, ``Local/0312345678@phones``; untrusted.
    """

    at_s: float
    uniqueid: str
    linkedid: str
    channel: str
    forward: str


class TransferKind(StrEnum):
    """How a call was handed on."""

    BLIND = "blind"
    ATTENDED = "attended"


@dataclass(frozen=True, slots=True)
class Transferred:
    """An endpoint handed its call on.

    Attributes:
        at_s: When it was read.
        uniqueid: The transferring channel.
        linkedid: The call's id.
        channel: The transferring channel's name.
        kind: Blind or attended.
        target: The extension that it was sent to; untrusted, empty for an attended
            transfer and where it was not told.
    """

    at_s: float
    uniqueid: str
    linkedid: str
    channel: str
    kind: TransferKind
    target: str = ""


@dataclass(frozen=True, slots=True)
class BridgeEntered:
    """A channel came together with others: they are one call from now on.

    Attributes:
        at_s: When it was read.
        uniqueid: The channel.
        linkedid: The call's id, the oldest one's of the bridge.
    """

    at_s: float
    uniqueid: str
    linkedid: str


@dataclass(frozen=True, slots=True)
class ChannelGone:
    """A channel hung up; ``cause`` is the Q.850 number."""

    at_s: float
    uniqueid: str
    cause: int


@dataclass(frozen=True, slots=True)
class AttemptAllowed:
    """The gate allowed a call: counted from now on, before its row is durable.

    Attributes:
        at_s: When it was decided.
        token: The one-time token; key of the attempt.
        uniqueid: The calling channel.
        endpoint: The principal; None for nobody.
        dialled: The canonical number for the trunk.
        country: ISO alpha-2 or None.
        trunk: The trunk's endpoint.
        chargeable: Whether it counts against the chargeable limits.
        international: Whether a stop of international calls concerns it.
        number: What was judged; None for an attempt taken over from before a restart.
        responsible: Everybody held responsible, the principal first; no trunk
            but where it is the principal itself.
        policy_revision: The policy it was allowed by; 0 when not known.
        limit_ms: What was granted; 0 when not known.
    """

    at_s: float
    token: str
    uniqueid: str
    endpoint: str | None
    dialled: str
    country: str | None
    trunk: str
    chargeable: bool
    international: bool
    number: Number | None = None
    responsible: tuple[str, ...] = ()
    policy_revision: int = 0
    limit_ms: int = 0


@dataclass(frozen=True, slots=True)
class AttemptReturned:
    """An allowed attempt came to nothing: its row failed, or it was never dialled."""

    at_s: float
    token: str


@dataclass(frozen=True, slots=True)
class Blinded:
    """AMI is gone, refused, or missing a class: what is known is stale from here on."""

    at_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A full picture was taken: what is in none of these sets is gone.

    Attributes:
        at_s: When the picture was complete.
        contacts: ``(technology, endpoint, contact)`` of every contact that exists.
        channels: Uniqueid of every channel that exists.
    """

    at_s: float
    contacts: frozenset[tuple[Technology, str, str]]
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class HostileEvent:
    """An AMI event that breaks the rules: evidence only, nothing in it is believed.

    Attributes:
        at_s: When it was read.
        reason: ``duplicate-key``, ``no-privilege``, ``no-timestamp``, ``oversize`` …
        excerpt: At most 200 characters of it, escaped.
    """

    at_s: float
    reason: str
    excerpt: str


Event = (
    EndpointListed
    | ContactSeen
    | ContactGone
    | Authentication
    | ChannelSeen
    | LegDialled
    | LegAnswered
    | LegForwarded
    | Transferred
    | BridgeEntered
    | ChannelGone
    | AttemptAllowed
    | AttemptReturned
    | Blinded
    | Reconciled
    | HostileEvent
)
