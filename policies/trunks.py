"""Which trunk an outgoing leg is toward, and with which number, from Asterisk's dial string.

A trunk can be reached in more ways than by its template: by a raw URI (`PJSIP/trunk/sip:0103@x`),
another chan_sip order, another DAHDI group letter. All of them are read here, so that none is a
way around the accounting of legs.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from policies.policy import Trunk
from policies.principal import endpoint_of

PLACE = "{number}"
MAX_TEMPLATE_CHARS = 128

# Channel drivers whose "number" stays inside Asterisk: their other half passes the dialplan.
INTERNAL = frozenset({"Local", "Message", "Surrogate", "Snoop", "Announcer", "Recorder"})
_BESIDE = r"([^{}\s&,()|]*)"
_TEMPLATE = re.compile(rf"([A-Za-z][A-Za-z0-9]{{0,31}})/{_BESIDE}\{{number\}}{_BESIDE}", re.ASCII)
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})", re.ASCII)
_DISPLAY_NAME = re.compile(r'^\s*"(?:[^"\\]|\\.)*"')
_ANGLED = re.compile(r"<([^<>]*)>")
_HARMLESS = ("phone-context=", "user=")
SHORT_DIGITS = 9  # an emergency with a prefix; no number abroad is as short
_SCHEMES = ("sip:", "sips:", "tel:")


class TemplateError(ValueError):
    """A dial template cannot be read."""


@dataclass(frozen=True, slots=True)
class Template:
    """How the dialplan dials a trunk: what stands before and after the number.

    Attributes:
        technology: Channel driver, ``PJSIP``.
        before: Text before the number: ``g1/`` in ``DAHDI/g1/{number}``.
        after: Text after it: ``@trunk-a`` in ``PJSIP/{number}@trunk-a``.
    """

    technology: str
    before: str
    after: str

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Read ``PJSIP/{number}@x``, ``SIP/x/{number}``, ``IAX2/…`` or ``DAHDI/g1/{number}``.

        Raises:
            TemplateError: It has no technology, not one ``{number}``, names no trunk beside it,
                is of a driver inside Asterisk, or is longer than 128 characters.
        """
        found = _TEMPLATE.fullmatch(text) if len(text) <= MAX_TEMPLATE_CHARS else None
        if found is None or not (found[2] or found[3]) or found[1] in INTERNAL:
            msg = f"is no dial template such as PJSIP/{PLACE}@trunk-a"
            raise TemplateError(msg)
        return cls(found[1], found[2], found[3])

    def match(self, technology: str, dial_string: str) -> str | None:
        """Take the number out of a dial string; None where it is not this template's.

        Args:
            technology: Of the leg's channel.
            dial_string: What followed the technology in ``Dial()``. Untrusted.
        """
        room = len(dial_string) - len(self.before) - len(self.after)
        if technology != self.technology or room < 0:
            return None
        if not (dial_string.startswith(self.before) and dial_string.endswith(self.after)):
            return None
        number = dial_string[len(self.before) : len(self.before) + room]
        return None if "/" in number or "@" in number else _plain(number)


@dataclass(frozen=True, slots=True)
class TrunkLeg:
    """Where a leg is toward.

    Attributes:
        trunk: The declared trunk.
        number: What its far end is given; empty when nothing is. Untrusted.
    """

    trunk: Trunk
    number: str


@lru_cache(maxsize=256)  # each leg asks for every trunk's
def template_of(trunk: Trunk) -> Template:
    """Return how a trunk is dialled; without a declared template, PJSIP's usual form.

    Raises:
        TemplateError: The declared one cannot be read; the configuration refuses such a one.
    """
    return Template.parse(trunk.dial) if trunk.dial else Template("PJSIP", "", f"@{trunk.endpoint}")


def trunk_leg(channel: str, dial_string: str, trunks: tuple[Trunk, ...]) -> TrunkLeg | None:
    """Say which declared trunk a leg is toward, or None.

    Args:
        channel: Name of the outgoing channel; the template is asked before it, as a
            rename changes it.
        dial_string: As DialBegin tells it. Untrusted.
        trunks: The declared ones.
    """
    technology = channel.partition("/")[0]
    templates = [(trunk, template_of(trunk)) for trunk in trunks]
    for trunk, template in templates:
        number = template.match(technology, dial_string)
        if number is not None:
            return TrunkLeg(trunk, number)
    endpoint = endpoint_of(channel)
    for trunk, template in templates:
        if trunk.endpoint == endpoint or _is_any_line_of(template, technology, dial_string):
            return TrunkLeg(trunk, number_in(technology, dial_string))
    return None


def _is_any_line_of(template: Template, technology: str, dial_string: str) -> bool:
    """Tell whether a DAHDI leg with a number leaves by lines like a declared trunk's.

    Groups overlap and one channel can be named in many ways (``g1 G1 r1 1``), so
    each of them counts for the declared one. An analogue phone is dialled without a number.
    """
    if technology != "DAHDI" or template.technology != technology:
        return False
    return bool(number_in(technology, dial_string))


def number_in(technology: str, dial_string: str) -> str:
    """Take the number out of a dial string of any form; empty where there is none.

    Args:
        technology: Of the leg's channel.
        dial_string: Untrusted; may hold a URI, or a password (``user:secret@peer/0103``).
    """
    head, _, rest = dial_string.partition("/")
    user, at, _ = head.partition("@")
    if technology == "PJSIP":
        # chan_pjsip.c request(): a user before the endpoint replaces the URI's own.
        return _plain(user) if at else uri_user(rest)
    if technology == "SIP":
        return _plain(rest or (user.partition(":")[0] if at else ""))
    return _plain(rest.partition("@")[0].partition("/")[0] if rest else (user if at else ""))


def uri_user(uri: str) -> str:
    """Take the user part out of a ``sip:``, ``sips:`` or ``tel:`` URI, plain; empty without one."""
    bare = _DISPLAY_NAME.sub("", uri).strip()
    # Where two readings are possible the longer one costs more: 110 hides no number abroad.
    return max((_user_of(one) for one in (bare, *_ANGLED.findall(bare))), key=len)


def _user_of(bare: str) -> str:
    scheme = next((one for one in _SCHEMES if bare[: len(one)].lower() == one), "")
    if not scheme:
        return ""
    user, at, _ = bare[len(scheme) :].partition("@")
    if not at and scheme != "tel:":
        return ""
    return _plain(user.partition(":")[0])


def _plain(user: str) -> str:
    """Take parameters off and percent escapes out, as the far end reads it (RFC 3261 §19.1.4).

    Behind so few digits that they may be an emergency's, only parameters that are known to
    change nothing are taken off: a carrier may read on in `110;0103…`.
    """
    head, *parameters = user.split(";")
    harmless = all(one.lower().startswith(_HARMLESS) for one in parameters)
    plain = head if harmless or sum(map(str.isdigit, head)) > SHORT_DIGITS else user
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), plain)
