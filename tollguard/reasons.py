"""The sentence for each reason code: the core gives codes and facts, people get words.

A template names only facts that its judge gives; a fact that is missing (an older row) is
shown as ``?`` and never an error. Facts may hold text that a caller chose.
"""

from collections.abc import Iterable, Mapping

from tollguard.i18n import _


def _template(reason: str) -> str | None:
    """Find the template of a reason, translated; None for a code of another version."""
    return _templates().get(reason)


def _templates() -> Mapping[str, str]:
    return {**_settling(), **_abstaining(), **_legs(), **_number_faults(), **_gate_faults()}


def _settling() -> dict[str, str]:
    suspended = _("{target} is suspended {until} by {by}: {words}")
    return {
        "allowed": _("no judge has anything against the call"),
        "emergency": _("{number} is an emergency number: always allowed"),
        "malformed": _("the number cannot be dialled at all: {why}"),
        "unknown-trunk": _("trunk {trunk} is not declared in the configuration"),
        "endpoint-suspended": _("endpoint") + " " + suspended,
        "unclassifiable": _("the dial plan cannot tell where the number leads: {why}"),
        "class-denied": _("numbers of class {class} may not be dialled"),
        "international-suspended": _("international calls are suspended {until} by {by}: {words}"),
        "international-not-permitted": _("{endpoint} has no right to call {country}"),
        "country-suspended": suspended,
        "trunk-full": _(
            "{used} of the {channels} channels of trunk {trunk} are in use;"
            " the last one is kept for emergencies"
        ),
        "nobody-not-permitted": _("nobody answers for the call, and such calls are refused here"),
        "too-many-calls": _("{calls} chargeable calls of the {scope} are up, the limit is {limit}"),
    }


def _abstaining() -> dict[str, str]:
    return {
        "responsible": _("{endpoint} answers for the call: {via}"),
        "nobody-responsible": _("nobody answers for the call"),
        "well-formed": _("the number has only characters that can be dialled"),
        "not-emergency": _("not an emergency number"),
        "known-trunk": _("the trunk is declared"),
        "endpoint-not-suspended": _("the endpoint is not suspended"),
        "classified": _("the dial plan knows the number: {class}"),
        "class-permitted": _("class {class} may be dialled"),
        "not-international": _("the call does not lead abroad"),
        "international-permitted": _("grant {grant} covers {country}"),
        "country-not-suspended": _("country {country} is not suspended"),
        "not-chargeable": _("the call costs nothing by the minute"),
        "within-call-limits": _("fewer chargeable calls are up than allowed"),
    }


def _legs() -> dict[str, str]:
    came = _("it came by {way} from context {context}")
    return {
        "no-token": _("the leg has no token of the gate:") + " " + came,
        "token-used": _("the leg's token is not one that waits for a leg:") + " " + came,
        "token-of-another-channel": _("the leg's token was given to another channel:") + " " + came,
        "token-of-another-trunk": _("the leg's token is for another trunk:") + " " + came,
        "token-of-another-number": _("the leg's token is for another number:") + " " + came,
        "token-too-old": _("the leg's token is older than 10 s:") + " " + came,
        "policy-changed": _("the policy changed between verdict and dialling: judged again"),
        "undeclared-leg": _("the leg is toward neither a declared trunk nor a phone:") + " " + came,
        "found-without-row": _("the leg was found up, and neither ledger nor store knows it"),
        "maybe-emergency": _("{number} is so short that it may be an emergency number: it stands"),
    }


def _number_faults() -> dict[str, str]:
    return {
        "empty": _("no number was dialled"),
        "too-long": _("the number is longer than any number can be"),
        "foreign-character": _("a character outside 0-9 * # + stands in the number"),
        "nothing-after-prefix": _("only prefixes were dialled, no number after them"),
        "carrier-code": _("a carrier code is followed by something that is no number"),
        "ambiguous-carrier-code": _("the carrier code can be read in two ways"),
        "not-e164": _("after the international prefix stands no international number"),
        "unassigned-calling-code": _("no country has this calling code"),
        "unallocated-range": _("no operator holds this range of numbers"),
        "home-prefix-abroad": _("an international prefix leads back home in an unusual form"),
        "no-international-prefix": _("this plan has no single international prefix for the trunk"),
        "closed-range": _("this range of numbers is closed"),
        "wrong-length": _("the number has too few or too many digits for its range"),
        "feature-code": _("feature codes with * or # do not go to a trunk"),
        "unknown-short-number": _("no rule of the plan knows this short number"),
        "no-rule": _("no rule of the plan knows this number"),
    }


def _gate_faults() -> dict[str, str]:
    return {
        "gate-error": _("the gate failed while judging, so the written fail mode answered"),
        "ledger-failed": _("the ledger took no row, so nothing chargeable is allowed"),
        "ledger-late": _("the ledger's row was not durable in time"),
        "ledger-unknown": _("the ledger is not the one that the store knows; see ledger accept"),
        "fallback-chargeable": _(
            "the daemon did not answer, so the snapshot judged, and nothing chargeable is allowed"
        ),
        "fallback-unbound": _("the snapshot judged: registrations and running calls did not count"),
    }


# Reasons of the gate itself, besides the core's `policies.reasons.REASONS`.
GATE_REASONS: tuple[str, ...] = (
    "gate-error",
    "ledger-failed",
    "ledger-late",
    "ledger-unknown",
    "fallback-chargeable",
    "fallback-unbound",
)


def _absent(name: str) -> str:
    """Say in words that a fact is empty."""
    names = {"endpoint": _("nobody (no endpoint)"), "trunk": _("(none)"), "context": _("(unknown)")}
    return names.get(name, _("no country"))


def _way(way: str) -> str:
    """Say in words how an outgoing leg was begun."""
    words = {"dial": _("a channel's Dial"), "originate": _("Originate")}
    return words.get(way, way)


def _via(way: str) -> str:
    """Say in words how it is known who answers for a call."""
    words = {
        "direct": _("it dialled"),
        "forwarder": _("it forwarded the call"),
        "transferer": _("it transferred the call"),
        "master": _("the call began with it"),
    }
    return words.get(way, way)


class _Facts(dict[str, str]):
    """Facts of a step, with ``?`` for one that is not there."""

    def __missing__(self, key: str) -> str:
        return "?"


def raw_template(reason: str) -> str:
    """Give the sentence with its places for facts, for ``docs/reasons.md``."""
    return _template(reason) or reason


def explain(reason: str, facts: Iterable[tuple[str, str]], until: str | None = None) -> str:
    """Say in words why a judge answered so.

    Args:
        reason: Its code; one that this version does not know is given back as it is.
        facts: Of the step, in order. May hold untrusted text, which the caller escapes.
        until: The end of a suspension in the reader's time zone, when there is one.
    """
    known = _Facts({name: value or _absent(name) for name, value in facts})
    if "why" in known:
        known["why"] = explain(known["why"], ())
    if known.get("way"):
        known["way"] = _way(known["way"])
    if "via" in known:
        known["via"] = _via(known["via"])
    known["until"] = _("until {time}").format(time=until) if until else _("until resumed")
    template = _template(reason)
    return reason if template is None else template.format_map(known)
