"""Writes dialplans for tests: ``[context]``, ``exten,priority(label),App(data)``, ``include x``."""

import re

from policies.coverage.dialplan import Dialplan, Line, Place

_LINE = re.compile(r"(.+?),([0-9]+)(?:\(([^)]*)\))?,([^(]+)\((.*)\)")


def dialplan(text: str, queues: dict[str, tuple[str, ...]] | None = None) -> Dialplan:
    """Make the dialplan that a text describes; without queues there are none."""
    lines, includes, switches, context = [], [], [], ""
    for raw in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = raw.partition(" ")
        if raw.startswith("["):
            context = raw[1:-1]
        elif word == "include":
            includes.append((context, rest))
        elif word == "switch":
            switches.append((context, rest))
        else:
            match = _LINE.fullmatch(raw)
            assert match, raw
            place = Place(context, match[1], int(match[2]))
            lines.append(Line(place, match[4], match[5], match[3] or "", "pbx_config"))
    return Dialplan(
        tuple(lines), tuple(includes), tuple(switches), {} if queues is None else queues
    )
