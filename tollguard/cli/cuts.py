"""What became of the running calls that a suspension covers: only a cut that was made is told."""

from policies.policy import SuspensionKind
from tollguard.cli.asking import Answer, ask, sight_fault
from tollguard.cli.output import printable, say
from tollguard.errors import AsteriskError, NoAnswerError
from tollguard.i18n import _, ngettext
from tollguard.store import CALLS_CUT, Actor, Store

CUT_WAIT_S = 2.0


async def tell_cuts(
    store: Store,
    actor: Actor,
    nodes: tuple[str, ...],
    suspension: tuple[int, SuspensionKind, str],
    zone: str,
) -> None:
    """Ask each node's daemon how many calls it cut, and say so.

    Args:
        store: Open.
        actor: Who suspended.
        nodes: Those that judge by the change already.
        suspension: The revision that made it, what it closes, and its target.
        zone: The site's time zone.

    Raises:
        AsteriskError: A call was not cut, or calls cannot be seen.
        NoAnswerError: A daemon did not say in `CUT_WAIT_S`.
    """
    revision, kind, target = suspension
    arguments = {"revision": revision, "kind": kind.value, "target": target}
    faults = []
    for node in nodes:
        try:
            answer = await ask(store, node, (CALLS_CUT, arguments), actor, CUT_WAIT_S)
        except NoAnswerError as error:
            msg = _(
                "{node} did not say in {seconds:g} s whether running calls were cut;"
                " see tollguard calls"
            )
            raise NoAnswerError(msg.format(node=node, seconds=CUT_WAIT_S)) from error
        _tell_cut(node, len(answer.get("cut", ())))
        faults += [text for text in (_not_cut(node, answer), sight_fault(answer, zone)) if text]
    if faults:
        raise AsteriskError("\n".join(faults))


def _tell_cut(node: str, count: int) -> None:
    if count:
        text = ngettext(
            "{count} running call was cut on {node}",
            "{count} running calls were cut on {node}",
            count,
        )
        say(text.format(count=count, node=node))


def _not_cut(node: str, answer: Answer) -> str:
    faults = answer.get("not_cut") or {}
    if not faults:
        return ""
    text = ngettext(
        "{count} running call was NOT cut on {node}: {reason}; see the journal",
        "{count} running calls were NOT cut on {node}: {reason}; see the journal",
        len(faults),
    )
    reason = printable(next(iter(faults.values())))
    return text.format(count=len(faults), node=node, reason=reason)
