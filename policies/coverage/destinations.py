"""Says whether what an application dials can be a trunk: a phone cannot, a variable can."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from policies.coverage.dialplan import atoms, bounded


class Reach(StrEnum):
    """What a destination can be."""

    TRUNK = "trunk"
    VARIABLE = "variable"
    UNDECLARED = "undeclared"
    LOCAL = "local"
    PHONE = "phone"


# ${EXTEN}, ${EXTEN:1}, ${EXTEN:1:3}: no more than the digits that the extension's pattern spells.
_EXTEN = re.compile(r"\$\{EXTEN((?::-?[0-9]+){0,2})\}")
_CONTACTS = re.compile(r"\$\{PJSIP_DIAL_CONTACTS\(([^${},]+)[^${}]*\)\}")
# Channel drivers that lead to no other network, whatever stands behind the device; behind any
# other's device stands a number that somebody carries further.
_NO_CARRIERS = frozenset(
    {"agent", "audiosocket", "console", "multicastrtp", "recorder", "surrogate", "unicastrtp"}
    | {"websocket"}
)
JUDGED = "${TOLLGUARD_NUMBER}"


@dataclass(frozen=True, slots=True)
class Destination:
    """One thing to dial.

    Attributes:
        technology: Of its channel, in small letters.
        device: Endpoint, peer or group; for ``local`` the context.
        number: What is dialled there; for ``local`` the extension.
    """

    technology: str
    device: str
    number: str


def parse(text: str) -> Destination:
    """Cut ``PJSIP/number@endpoint`` and its kin.

    Sources: dial strings of chan_pjsip.c request(), chan_sip.c sip_request_call(),
    chan_iax2.c parse_dial_string(), chan_dahdi.c dahdi_request(), core_local.c local_alloc().
    """
    text = text.strip()
    contacts = _CONTACTS.fullmatch(text)
    if contacts:
        return Destination("pjsip", contacts[1].strip(), "")
    technology, _, rest = text.partition("/")
    technology = technology.lower()
    if technology == "local":
        number, _, context = rest.partition("@")
        return Destination(technology, context.partition("/")[0] or "default", number)
    # In chan_iax2 the at sign divides user from peer, elsewhere number from endpoint.
    before, at, after = rest.partition("@") if "/" not in rest.partition("@")[0] else (rest, "", "")
    if at and not technology.startswith("iax"):
        return Destination(technology, after.partition("/")[0], before)
    device, _, number = (after or before).partition("/")
    return Destination(technology, device, number)


@dataclass(frozen=True, slots=True)
class Trunks:
    """The declared trunks.

    Attributes:
        names: Their devices.
    """

    names: frozenset[str]

    @classmethod
    def declared(cls, endpoints: Iterable[str], templates: Iterable[str] = ()) -> "Trunks":
        """Take endpoints and dial templates such as ``DAHDI/g1/{number}``."""
        devices = [parse(template.replace("{number}", "0")).device for template in templates]
        return cls(frozenset([*endpoints, *filter(None, devices)]))

    def reach(self, one: Destination, exten: str) -> Reach:
        """Say what a destination can be.

        Args:
            one: What is dialled.
            exten: The extension of the line that dials it.
        """
        if "$" in one.technology:
            return Reach.VARIABLE
        if one.technology == "local":
            return Reach.LOCAL
        if one.device in self.names:
            return Reach.TRUNK
        if "$" in one.device:
            return self._variable(one, exten)
        carried = one.number != "" and one.technology not in _NO_CARRIERS
        return Reach.UNDECLARED if carried else Reach.PHONE

    def _variable(self, one: Destination, exten: str) -> Reach:
        """Only a dialled extension without an open end spells a phone and nothing else."""
        literal, cuts = _EXTEN.split(one.device)[::2], _EXTEN.findall(one.device)
        if any("$" in part for part in literal) or not bounded(exten) or one.number:
            return Reach.VARIABLE
        possible = re.compile("([^@/&]*)".join(map(re.escape, literal)))
        for name in self.names:
            match = possible.fullmatch(name)
            if match and all(map(_spells, [exten] * len(cuts), cuts, match.groups())):
                return Reach.VARIABLE
        return Reach.PHONE


def _spells(exten: str, cut: str, part: str) -> bool:
    """Whether what an extension matches, or the part cut from it, can be this text.

    Args:
        exten: An extension without an open end.
        cut: ``:offset`` or ``:offset:length``, or empty; negative ones count from the end.
        part: A part of a trunk's name.
    """
    spelled = atoms(exten)
    offset, length = [*(int(number) for number in cut.split(":")[1:]), None, None][:2]
    return re.fullmatch("".join(spelled[offset:][:length]), part) is not None
