"""What `tollguard check` finds in settings that are each well formed and do not go together."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from tollguard.cli.remarks import ERROR, WARNING, Remark
from tollguard.i18n import _

if TYPE_CHECKING:
    from policies.trunks import Template
    from tollguard.config import Config, TrunkSection

KNOWN = ("PJSIP", "SIP", "IAX2", "DAHDI")
LINES = "DAHDI"  # its template names lines, and the trunk's name is the operator's own
ABROAD = {"MC": "33142345678"}
ELSEWHERE = "37793123456"  # Monaco, seen from anywhere else


def check_settings(config: "Config") -> Iterator[Remark]:
    """Give a remark for each fault."""
    for checks in (_trunks, _templates, _gate, _ports, _emergency):
        yield from checks(config)


def _trunks(config: "Config") -> Iterator[Remark]:
    if not config.trunk:
        text = _("no trunk is declared, so every call is refused; add [[trunk]]")
        yield Remark(WARNING, "trunk", text)
    elif not any(trunk.emergency for trunk in config.trunk):
        text = _("no trunk may carry emergency calls; set emergency = true on one")
        yield Remark(WARNING, "trunk", text)


def _templates(config: "Config") -> Iterator[Remark]:
    """A template of another endpoint judges one trunk's calls by the rules of another."""
    from policies.trunks import Template

    for index, trunk in enumerate(config.trunk, 1):
        if trunk.dial:
            place = f"trunk[{index}].dial"
            yield from _template(place, Template.parse(trunk.dial), trunk)


def _template(place: str, template: "Template", trunk: "TrunkSection") -> Iterator[Remark]:
    spelling = next((name for name in KNOWN if name == template.technology.upper()), "")
    if not spelling:
        text = _(
            "{name} is none of {known}; see that channels are called {name}/… in Asterisk, or no"
            " call is known as this trunk's"
        )
        known = ", ".join(KNOWN)
        yield Remark(WARNING, place, text.format(name=template.technology, known=known))
    elif spelling != template.technology:
        text = _("{name} is called {spelling} in the names of channels; write it so")
        yield Remark(ERROR, place, text.format(name=template.technology, spelling=spelling))
    elif spelling != LINES and (dialled := _endpoint(template)) != trunk.endpoint:
        text = _(
            "dials {dialled!r}, and the trunk's endpoint is {endpoint!r}; make them equal, such as"
            " {example}"
        )
        text = text.format(
            dialled=dialled, endpoint=trunk.endpoint, example=_example(spelling, trunk.endpoint)
        )
        yield Remark(ERROR, place, text)


def _endpoint(template: "Template") -> str:
    """Name what a template dials: before the number, or behind an ``@`` after it.

    ``SIP/x/{number}``, ``IAX2/user:secret@x:4569/{number}``, ``PJSIP/x/sip:{number}@host``, and
    ``PJSIP/{number}@x``.
    """
    if "/" in template.before:
        place = template.before.partition("/")[0].rpartition("@")[2]
    else:
        place = template.after.rpartition("@")[2].partition("/")[0]
    return place.partition(":")[0]


def _example(technology: str, endpoint: str) -> str:
    if technology == "PJSIP":
        return f"PJSIP/{{number}}@{endpoint}"
    return f"{technology}/{endpoint}/{{number}}"


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _gate(config: "Config") -> Iterator[Remark]:
    """Who reaches the port may try keys and fill it; only the key keeps others out."""
    host = config.gate.host
    if not _is_here(host):
        text = _(
            "the gate listens on {host}, where other machines may reach it, and AGI is not"
            " encrypted; let only Asterisk reach the port, or use 127.0.0.1"
        )
        yield Remark(WARNING, "gate.host", text.format(host=host))


def _ports(config: "Config") -> Iterator[Remark]:
    gate, ami = config.gate, config.ami
    if gate.port == ami.port and (_is_here(ami.host) or ami.host == gate.host):
        text = _("{port} is the port of Asterisk's manager too (ami.port); choose another")
        yield Remark(ERROR, "gate.port", text.format(port=gate.port))


def _emergency(config: "Config") -> Iterator[Remark]:
    """Emergency wins over every rule, so a number that leads abroad must not be one."""
    from policies.numbering.classify import classify
    from policies.numbering.number import NumberClass
    from policies.numbering.plans import plan_for
    from policies.policy import Trunk

    if not config.site.emergency:
        return
    plan = plan_for(replace(config.to_site(), emergency=()))
    abroad = ABROAD.get(config.site.country, ELSEWHERE)
    for number in config.site.emergency:
        read = (classify(text, plan, Trunk("any")) for text in (number, number + abroad))
        if any(found.number_class is NumberClass.INTERNATIONAL for found in read):
            text = _("{number!r} is how calls abroad begin, and no emergency number; take it out")
            yield Remark(ERROR, "site.emergency", text.format(number=number))
