"""The policy as plain values and back, for `policies.kept` to write as JSON.

Loading is strict, because half a policy is worse than an old one: a key that is unknown,
missing, repeated or of the wrong type refuses the whole, and says where.
"""

from collections.abc import Callable
from typing import TypeVar

from policies.numbering.number import NumberForm
from policies.policy import (
    Grant,
    Limits,
    Mode,
    NobodyDomestic,
    OriginateGrant,
    Policy,
    Site,
    Suspension,
    SuspensionKind,
    Trunk,
    UndeclaredLegs,
)

T = TypeVar("T")


class SnapshotError(ValueError):
    """Bytes are no snapshot of a policy; the message names the place."""


def policy_tree(policy: Policy) -> dict[str, object]:
    """Write a policy as plain values."""
    return {
        "revision": policy.revision,
        "site": _site_tree(policy.site),
        "mode": policy.mode.value,
        "suspensions": [suspension_tree(suspension) for suspension in policy.suspensions],
        "grants": [
            {
                "id": grant.id,
                "endpoint": grant.endpoint,
                "countries": _countries_tree(grant.countries),
                "until_s": grant.until_s,
            }
            for grant in policy.grants
        ],
        "limits": {
            "max_call_s": policy.limits.max_call_s,
            "chargeable_per_endpoint": policy.limits.chargeable_per_endpoint,
            "chargeable_per_site": policy.limits.chargeable_per_site,
        },
        "denied_classes": sorted(policy.denied_classes),
        "originate_grants": [
            {
                "id": grant.id,
                "context": grant.context,
                "countries": _countries_tree(grant.countries),
                "until_s": grant.until_s,
            }
            for grant in policy.originate_grants
        ],
    }


def _countries_tree(countries: frozenset[str] | None) -> list[str] | None:
    """Write countries as plain values; None is every country."""
    return None if countries is None else sorted(countries)


def _site_tree(site: Site) -> dict[str, object]:
    """Write a site as plain values."""
    return {
        "plan": site.plan,
        "country": site.country,
        "outside_line": site.outside_line,
        "emergency": list(site.emergency),
        "trunks": [
            {
                "endpoint": t.endpoint,
                "form": t.form.value,
                "emergency": t.emergency,
                "dial": t.dial,
                "channels": t.channels,
            }
            for t in site.trunks
        ],
        "internal_digits": site.internal_digits,
        "emergency_literals": list(site.emergency_literals),
        "undeclared_legs": site.undeclared_legs.value,
        "nobody_domestic": site.nobody_domestic.value,
    }


def suspension_tree(suspension: Suspension) -> dict[str, object]:
    """Write a suspension as plain values."""
    return {
        "id": suspension.id,
        "kind": suspension.kind.value,
        "target": suspension.target,
        "since_s": suspension.since_s,
        "until_s": suspension.until_s,
        "reason": suspension.reason,
        "by": suspension.by,
        "keep_calls": suspension.keep_calls,
    }


class Fields:
    """A JSON object with exactly the keys it must have, read by type."""

    def __init__(self, tree: object, place: str, keys: str) -> None:
        if not isinstance(tree, dict):
            raise _wrong(place, tree, "an object")
        self._values: dict[object, object] = tree
        self._place = place
        wanted = keys.split()
        for key in tree:
            if key not in wanted:
                msg = f"{place}: unknown key {key!r}"
                raise SnapshotError(msg)
        for key in wanted:
            if key not in tree:
                msg = f"{place}: missing key {key!r}"
                raise SnapshotError(msg)

    def value(self, key: str) -> object:
        """Give a value as it is."""
        return self._values[key]

    def _at(self, key: str) -> str:
        return f"{self._place}.{key}"

    def text(self, key: str) -> str:
        """Give a text."""
        return _text(self._values[key], self._at(key))

    def flag(self, key: str) -> bool:
        """Give true or false."""
        value = self._values[key]
        if not isinstance(value, bool):
            raise _wrong(self._at(key), value, "true or false")
        return value

    def integer(self, key: str) -> int:
        """Give an integer of at least 0."""
        value = self._values[key]
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise _wrong(self._at(key), value, "an integer of at least 0")
        return value

    def seconds(self, key: str) -> float:
        """Give a number of seconds."""
        value = self._values[key]
        # 1e300 is beyond any clock, and inside what a float can hold.
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300:
            return float(value)
        raise _wrong(self._at(key), value, "a number of seconds")

    def end(self, key: str) -> float | None:
        """Give a number of seconds, or None."""
        return None if self._values[key] is None else self.seconds(key)

    def choice(self, key: str, kind: Callable[[str], T]) -> T:
        """Give a text made into one of the choices."""
        text = self.text(key)
        try:
            return kind(text)
        except ValueError as error:
            raise _wrong(self._at(key), text, "one of the choices") from error

    def items(self, key: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """Give a list, each item read by `read`."""
        place = self._at(key)
        value = self._values[key]
        if not isinstance(value, list):
            raise _wrong(place, value, "a list")
        return tuple(read(item, f"{place}[{index}]") for index, item in enumerate(value))


def read_policy(tree: object, place: str) -> Policy:
    """Read a policy."""
    fields = Fields(
        tree,
        place,
        "revision site mode suspensions grants limits denied_classes originate_grants",
    )
    return Policy(
        revision=fields.integer("revision"),
        site=_site(fields.value("site"), f"{place}.site"),
        mode=fields.choice("mode", Mode),
        suspensions=fields.items("suspensions", read_suspension),
        grants=fields.items("grants", _grant),
        limits=_limits(fields.value("limits"), f"{place}.limits"),
        denied_classes=frozenset(fields.items("denied_classes", _text)),
        originate_grants=fields.items("originate_grants", _originate_grant),
    )


def _site(tree: object, place: str) -> Site:
    """Read a site."""
    fields = Fields(
        tree,
        place,
        "plan country outside_line emergency trunks internal_digits"
        " emergency_literals undeclared_legs nobody_domestic",
    )
    return Site(
        plan=fields.text("plan"),
        country=fields.text("country"),
        outside_line=fields.text("outside_line"),
        emergency=fields.items("emergency", _text),
        trunks=fields.items("trunks", _trunk),
        internal_digits=fields.integer("internal_digits"),
        emergency_literals=fields.items("emergency_literals", _text),
        undeclared_legs=fields.choice("undeclared_legs", UndeclaredLegs),
        nobody_domestic=fields.choice("nobody_domestic", NobodyDomestic),
    )


def _trunk(tree: object, place: str) -> Trunk:
    """Read a trunk."""
    fields = Fields(tree, place, "endpoint form emergency dial channels")
    return Trunk(
        endpoint=fields.text("endpoint"),
        form=fields.choice("form", NumberForm),
        emergency=fields.flag("emergency"),
        dial=fields.text("dial"),
        channels=fields.integer("channels"),
    )


def read_suspension(tree: object, place: str) -> Suspension:
    """Read a suspension."""
    fields = Fields(tree, place, "id kind target since_s until_s reason by keep_calls")
    return Suspension(
        id=fields.integer("id"),
        kind=fields.choice("kind", SuspensionKind),
        target=fields.text("target"),
        since_s=fields.seconds("since_s"),
        until_s=fields.end("until_s"),
        reason=fields.text("reason"),
        by=fields.text("by"),
        keep_calls=fields.flag("keep_calls"),
    )


def _grant(tree: object, place: str) -> Grant:
    """Read a grant."""
    fields = Fields(tree, place, "id endpoint countries until_s")
    return Grant(
        id=fields.integer("id"),
        endpoint=fields.text("endpoint"),
        countries=_countries(fields),
        until_s=fields.end("until_s"),
    )


def _originate_grant(tree: object, place: str) -> OriginateGrant:
    """Read an originate grant."""
    fields = Fields(tree, place, "id context countries until_s")
    return OriginateGrant(
        id=fields.integer("id"),
        context=fields.text("context"),
        countries=_countries(fields),
        until_s=fields.end("until_s"),
    )


def _countries(fields: Fields) -> frozenset[str] | None:
    """Read a grant's countries; None is every country."""
    if fields.value("countries") is None:
        return None
    return frozenset(fields.items("countries", _text))


def _limits(tree: object, place: str) -> Limits:
    """Read limits."""
    fields = Fields(tree, place, "max_call_s chargeable_per_endpoint chargeable_per_site")
    return Limits(
        max_call_s=fields.integer("max_call_s"),
        chargeable_per_endpoint=fields.integer("chargeable_per_endpoint"),
        chargeable_per_site=fields.integer("chargeable_per_site"),
    )


def _text(value: object, place: str) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise _wrong(place, value, "a text")
    return value


def _wrong(place: str, value: object, wanted: str) -> SnapshotError:
    """Make the error for a value of the wrong type, cut to a line."""
    return SnapshotError(f"{place}: {value!r:.80} is not {wanted}")
