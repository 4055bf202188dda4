"""What the operator configured, frozen and compiled once: swapped whole, never edited."""

from dataclasses import dataclass, field
from enum import StrEnum

from policies.numbering.number import NumberForm


class Mode(StrEnum):
    """Whether rules refuse calls or only record that they would have."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


class SuspensionKind(StrEnum):
    """What a suspension closes."""

    INTERNATIONAL = "international"
    COUNTRY = "country"
    ENDPOINT = "endpoint"


class UndeclaredLegs(StrEnum):
    """What is done with a leg toward an endpoint that is neither declared trunk nor phone."""

    RECORD = "record"
    HANGUP = "hangup"


class NobodyDomestic(StrEnum):
    """What is done with a call at home that nobody answers for, such as an originated one."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Trunk:
    """A trunk, named by its endpoint in Asterisk.

    Attributes:
        endpoint: ``trunk`` in ``Dial(PJSIP/…@trunk)``.
        form: How it wants numbers.
        emergency: Whether it may carry emergency calls.
        dial: How the dialplan dials it, ``IAX2/trunk-a/{number}``; empty for
            ``PJSIP/{number}@endpoint``.
        channels: How many calls it carries at once, both ways; the last one is
            kept for emergencies. 0 when not told.
    """

    endpoint: str
    form: NumberForm = NumberForm.NATIONAL
    emergency: bool = True
    dial: str = ""
    channels: int = 0


@dataclass(frozen=True, slots=True)
class Site:
    """What root decides about this machine; from the TOML, not from the store.

    Attributes:
        plan: Name of the dial plan: ``jp`` or ``generic``.
        country: ISO alpha-2 of the site's own country.
        outside_line: Prefix for an outside line that the trunk does not see, or empty.
        emergency: Emergency numbers besides the plan's own.
        trunks: By endpoint name.
        internal_digits: Numbers of at most this many digits that no rule of
            the plan knows are internal; 0 means none reach a trunk.
        emergency_literals: What the dialplan dials for an emergency number where
            a trunk wants another one, ``+81110``.
        undeclared_legs: What is done with a leg toward neither trunk nor phone.
        nobody_domestic: What is done with a call at home that nobody answers for.
        trunk_names: The trunks' endpoints, made of ``trunks``.
    """

    plan: str = "jp"
    country: str = "JP"
    outside_line: str = ""
    emergency: tuple[str, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    internal_digits: int = 0
    emergency_literals: tuple[str, ...] = ()
    undeclared_legs: UndeclaredLegs = UndeclaredLegs.RECORD
    nobody_domestic: NobodyDomestic = NobodyDomestic.ALLOW
    trunk_names: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Gather the trunks' names once, for every call."""
        object.__setattr__(self, "trunk_names", frozenset(t.endpoint for t in self.trunks))


@dataclass(frozen=True, slots=True)
class Suspension:
    """International, a country or an endpoint closed, with reason and end.

    Attributes:
        id: Row id in the store; 0 for one the snapshot brought.
        kind: What is closed.
        target: ISO alpha-2, or an endpoint; ``*`` for international.
        since_s: When it was made, in wall seconds since the epoch; for people.
        until_s: Wall seconds, or None for until resumed.
        reason: The operator's words.
        by: Who: login and, where claimed, the sudo user.
        keep_calls: Calls already up are left alone.
    """

    id: int
    kind: SuspensionKind
    target: str
    since_s: float
    until_s: float | None
    reason: str
    by: str
    keep_calls: bool = False

    def holds(self, now_s: float) -> bool:
        """Tell whether it is in force at wall second ``now_s``; the end itself is free.

        It begins when it is made, so ``since_s`` is not asked: a clock that is
        set back would else open what is suspended.
        """
        return self.until_s is None or now_s < self.until_s


@dataclass(frozen=True, slots=True)
class Grant:
    """An endpoint's right to call abroad.

    Attributes:
        id: Row id in the store.
        endpoint: Who may.
        countries: ISO alpha-2 codes; None for every country and global code.
        until_s: Wall seconds, or None.
    """

    id: int
    endpoint: str
    countries: frozenset[str] | None
    until_s: float | None = None

    def holds(self, now_s: float) -> bool:
        """Tell whether it is in force at wall second ``now_s``; the end itself is not."""
        return self.until_s is None or now_s < self.until_s


@dataclass(frozen=True, slots=True)
class OriginateGrant:
    """The right of calls that nobody answers for, such as a fax server's, to go abroad.

    Attributes:
        id: Row id in the store.
        context: Where their channel begins in the dialplan.
        countries: ISO alpha-2 codes; None for every country and global code.
        until_s: Wall seconds, or None.
    """

    id: int
    context: str
    countries: frozenset[str] | None
    until_s: float | None = None

    def holds(self, now_s: float) -> bool:
        """Tell whether it is in force at wall second ``now_s``; the end itself is not."""
        return self.until_s is None or now_s < self.until_s


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how many.

    Attributes:
        max_call_s: Longest an allowed call may last (DESIGN: 4 h without budgets).
        chargeable_per_endpoint: Chargeable calls one endpoint may have at once.
        chargeable_per_site: Chargeable calls the whole PBX may have at once.
    """

    max_call_s: int = 14_400
    chargeable_per_endpoint: int = 2
    chargeable_per_site: int = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything ``decide`` is told about the operator's will.

    Attributes:
        revision: Grows by one with each change; never goes back.
        site: What root decided.
        mode: Site-wide; observe wins over every rule's own mode.
        suspensions: In force; expired ones may be present.
        grants: Rights to call abroad.
        limits: How long and how many.
        denied_classes: Number classes nobody may call, premium by default.
        originate_grants: Rights of calls that nobody answers for.
    """

    revision: int = 0
    site: Site = field(default_factory=Site)
    mode: Mode = Mode.OBSERVE
    suspensions: tuple[Suspension, ...] = ()
    grants: tuple[Grant, ...] = ()
    limits: Limits = field(default_factory=Limits)
    denied_classes: frozenset[str] = frozenset({"premium", "unclassifiable"})
    originate_grants: tuple[OriginateGrant, ...] = ()

    def trunk(self, endpoint: str) -> Trunk | None:
        """Find a declared trunk by its endpoint's name."""
        for trunk in self.site.trunks:
            if trunk.endpoint == endpoint:
                return trunk
        return None
