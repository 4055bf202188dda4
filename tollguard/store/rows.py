"""Rows of the store as frozen values: what the daemon writes and the commands read.

Times are aware UTC text in ISO 8601 with milliseconds, ``2026-11-24T03:00:00.125Z``: such
texts sort like the times they name, in both SQLite and PostgreSQL (`tollguard.store.times`).
Text from the network is untrusted and is cut to the column's size by the writer.
"""

from dataclasses import dataclass

from policies.detection.finding import LegEvidence
from policies.policy import SuspensionKind


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for a change.

    Attributes:
        login: Name and number of the login uid, ``alice(1000)``; from the kernel.
        claim: What ``SUDO_USER`` says; a claim, because a process sets it itself.
    """

    login: str
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A policy change that is committed.

    Attributes:
        revision: The policy's revision from now on.
        id: Row id of what was made or ended; 0 where there is none.
        count: How many rows it made or ended.
    """

    revision: int
    id: int = 0
    count: int = 1


@dataclass(frozen=True, slots=True)
class NewSuspension:
    """A suspension to be made.

    Attributes:
        kind: What is closed.
        target: ISO alpha-2 or an endpoint; ``*`` for international.
        until_s: Wall seconds of its end, or None for until resumed.
        reason: The operator's words.
        keep_calls: Calls already up are left alone.
    """

    kind: SuspensionKind
    target: str
    until_s: float | None
    reason: str
    keep_calls: bool = False


@dataclass(frozen=True, slots=True)
class NewOriginateGrant:
    """A right of originated calls to be made.

    Attributes:
        context: Where their channel begins.
        countries: ISO alpha-2 codes; None for every country and global code.
        until_s: Wall seconds of its end.
        reason: The operator's words.
    """

    context: str
    countries: frozenset[str] | None
    until_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A daemon's heartbeat.

    Attributes:
        node: The site's name for this machine.
        pid: Process id.
        at: When it was written.
        started_at: When the daemon started.
        version: tollguard's version.
        mode: ``observe`` or ``enforce``.
        policy_revision: The revision that judges calls now.
        ami_state: ``up``, ``down`` or ``refused``.
        ami_reason: Why, when not up.
        blind: Why nothing is seen; empty when seeing.
        gate_port: Where the gate listens; 0 when it does not.
        sessions: Gate sessions open now.
        ledger_id: Identity of the ledger in use; empty when none is.
        ledger_seq: Its last sequence number.
        ledger_state: ``ok``, ``foreign``, ``older`` or ``failed``.
        ledger_reason: Why, when not ok.
    """

    node: str
    pid: int
    at: str
    started_at: str
    version: str
    mode: str
    policy_revision: int
    ami_state: str
    ami_reason: str
    blind: str
    gate_port: int
    sessions: int
    ledger_id: str
    ledger_seq: int
    ledger_state: str
    ledger_reason: str = ""


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One judged call.

    Attributes:
        node: Who judged it.
        grp: The customer's group; ``default`` on a PBX that is not shared.
        at: When.
        linkedid: The call in Asterisk's words.
        uniqueid: The calling channel.
        channel: Its name.
        endpoint: The principal; None for nobody.
        source: Packet source of the INVITE, or None.
        trunk: The trunk asked for.
        dialled: Untrusted text.
        verdict: ALLOW or DENY or CHALLENGE.
        reason: Reason code.
        would: What enforcing would have said.
        would_reason: Its reason code.
        number_class: The number's class.
        e164: With its plus, or None.
        country: ISO alpha-2, or None.
        canonical: What the trunk was given; empty when there is nothing to dial.
        removed: Prefixes taken off, in order.
        chargeable: Whether it cost a ledger row.
        limit_ms: How long it may last.
        token: The one-time token; empty when denied.
        mode: Site mode at that moment.
        policy_revision: Revision it was judged by.
        took_us: Microseconds from the attempt's arrival to the answer.
        steps: JSON array of ``{judge, verdict, reason, facts, observed}``, in order.
        id: Assigned by the store; 0 before.
    """

    node: str
    grp: str
    at: str
    linkedid: str
    uniqueid: str
    channel: str
    endpoint: str | None
    source: str | None
    trunk: str
    dialled: str
    verdict: str
    reason: str
    would: str
    would_reason: str
    number_class: str
    e164: str | None
    country: str | None
    canonical: str
    removed: tuple[str, ...]
    chargeable: bool
    limit_ms: int
    token: str
    mode: str
    policy_revision: int
    took_us: int
    steps: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class FindingRow:
    """What a detector says; the same node, kind, subject and first time is one row.

    Attributes:
        node: Who found it.
        grp: The customer's group.
        kind: ``guessing-source``, ``guessing-account``, ``unaccounted-leg`` …
        subject: The address, the account, or what a leg was toward. Untrusted text.
        severity: ``warning`` or ``critical``.
        first_at: First event of it.
        last_at: Latest event of it.
        count: Events counted.
        accounts: Accounts tried, at most 20. Untrusted.
        sources: Addresses it came from, at most 20.
        legs: Legs around the gate, at most 20.
        id: Assigned by the store; 0 before.
    """

    node: str
    grp: str
    kind: str
    subject: str
    severity: str
    first_at: str
    last_at: str
    count: int
    accounts: tuple[str, ...]
    sources: tuple[str, ...]
    legs: tuple[LegEvidence, ...] = ()
    id: int = 0


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """An endpoint's contact, or an endpoint without one.

    Attributes:
        node: Who sees it.
        grp: The customer's group.
        technology: ``PJSIP``, ``SIP`` or ``IAX2``.
        endpoint: Configured name.
        contact: Key of the contact; empty for an endpoint without one.
        state: ``ok``, ``lagged``, ``unreachable``, ``unmonitored`` or ``unknown``.
        host: The packet's source; empty when no trustworthy field told it.
        port: 0 when unknown.
        transport: ``UDP TCP TLS WS WSS`` or empty.
        rtt_us: Round trip in microseconds, or None.
        since_at: Connected since; empty when not connected.
        user_agent: What the phone calls itself. Untrusted.
        stale: AMI was blind when it was written.
    """

    node: str
    grp: str
    technology: str
    endpoint: str
    contact: str
    state: str
    host: str
    port: int
    transport: str
    rtt_us: int | None
    since_at: str
    user_agent: str
    stale: bool = False


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A question that only a daemon can answer.

    Attributes:
        id: Row id.
        node: Who is asked.
        kind: ``calls-list``, ``calls-hangup`` or ``calls-cut``.
        arguments: JSON object.
        by: Who asks.
        asked_at: When.
        expires_at: No answer is wanted after this.
        claimed_at: When a daemon took it, or None.
        answered_at: When it was answered, or None.
        ok: Whether it was done; None before the answer.
        result: JSON, or a sentence when not ok.
    """

    id: int
    node: str
    kind: str
    arguments: str
    by: str
    asked_at: str
    expires_at: str
    claimed_at: str | None
    answered_at: str | None
    ok: bool | None
    result: str | None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A change somebody made; never altered, never deleted.

    Attributes:
        id: Row id.
        at: When.
        login: From the kernel.
        claim: ``SUDO_USER``'s claim.
        action: ``suspend``, ``resume``, ``grant``, ``revoke``, ``mode``, ``limits``,
            ``ledger-accept`` or ``store-accept``.
        subject: What it was about, ``country MC``.
        detail: JSON object of the rest.
        revision: The policy's revision that it made.
    """

    id: int
    at: str
    login: str
    claim: str
    action: str
    subject: str
    detail: str
    revision: int


@dataclass(frozen=True, slots=True)
class LedgerIdentity:
    """The ledger that the store knows to belong to a node.

    Attributes:
        node: Whose.
        ledger_id: Its identity.
        last_seq: The highest sequence seen in it.
        accepted_by: Who accepted it; ``first start`` for the first one.
        reason: Why.
        accepted_at: When.
    """

    node: str
    ledger_id: str
    last_seq: int
    accepted_by: str
    reason: str
    accepted_at: str


CALLS_LIST = "calls-list"
CALLS_HANGUP = "calls-hangup"
CALLS_CUT = "calls-cut"
COVERAGE = "coverage"
# Every result is a JSON object. In each, "blind" says why calls are not seen, "" when they are,
# and "since" since when.
# CALLS_LIST: arguments {}; result {"calls": [{uniqueid, channel, endpoint, trunk, dialled,
# country, emergency, state, since_at}]}.
# CALLS_HANGUP: arguments {"uniqueid": …} or {"endpoint": …} or {"country": …} or
# {"all": "international"}; result {"ended": [uniqueids hung up]}.
# CALLS_CUT, about a suspension that is in force: arguments {"revision": …, "kind": …, "target": …};
# result {"cut": [uniqueids], "not_cut": {uniqueid: why}}.
# COVERAGE: arguments {}; result {contexts, extensions, lines, dials, gates, more, "findings":
# [{why, app, data, registrar, detail, "path": [{context, exten, priority, leaves}]}]}.
