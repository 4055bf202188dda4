"""Shows on a real Asterisk that nothing a caller says about himself keeps the gate from judging."""

import re
from collections.abc import Iterator

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.world import World

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-callers")]

HOME = "0312345678"
CONTROL = re.compile("[\x00-\x1f\x7f]")
LONG = b"A" * 2500

# Display name and more headers; each put a control character, or too much, into the environment.
CLAIMS: dict[str, tuple[bytes, bytes]] = {
    "tab": (b'"a\tb"', b""),
    "start of heading": (b'"a\x01b"', b""),
    "delete": (b'"a\x7fb"', b""),
    "control character at either end": (b'"\x02ab\x1f"', b""),
    "behind a comma and a parenthesis": (b'"a,b):1 \x01"', b""),
    "behind a closing brace": (b'"a}b]c \x01"', b""),
    "behind an escaped quote": (b'"a\\"b, \\"c\\" \x01"', b""),
    "behind a variable": (b'"${EXTEN}$[1+1] \x01"', b""),
    "behind a backslash": (b'"a\\\\ \x01"', b""),
    "long name": (b'"' + LONG + b'"', b""),
    "long name of colons": (b'"' + b":" * 2500 + b'"', b""),
    "diversion": (b"", b"Diversion: <sip:a%01b@pbx>\r\n"),
    "diversion with a line feed": (b"", b"Diversion: <sip:a%0aagi_arg_1%3a%20other@pbx>\r\n"),
    "long diversion": (b"", b"Diversion: <sip:" + LONG + b"@pbx>\r\n"),
    "diversion of colons": (b"", b"Diversion: <sip:" + b"%3a" * 400 + b"%01@pbx>\r\n"),
    "far behind in a diversion": (b"", b"Diversion: <sip:" + LONG + b"%01@pbx>\r\n"),
    "diversion's name": (b"", b'Diversion: "a\tb" <sip:6009@pbx>\r\n'),
}
# What is honest, as a phone sends it and as the gate reads it.
HONEST = {
    "plain": (b'"Reception"', "Reception"),
    "UTF-8": ('"Zoé 受付"'.encode(), "Zoé 受付"),
    "punctuation": (b'"Smith, J. (2nd): a; $5 & 100%"', "Smith, J. (2nd): a; $5 & 100%"),
    "quoted": (b'"a \\"b\\" c"', 'a \\"b\\" c'),
    "colon": (b'"a):1"', "a):1"),
}


@pytest.fixture
def raw(world: World) -> Iterator[RawPhone]:
    """Hand out a phone that says anything."""
    with RawPhone(world.asterisk.access) as phone:
        yield phone


@pytest.mark.parametrize("claim", CLAIMS)
def test_no_claim_of_the_callers_spoils_what_the_gate_reads(
    world: World, raw: RawPhone, claim: str
) -> None:
    """The environment has no control character, no line too many and none too long."""
    assert raw.dial(HOME) == 200
    keys = list(world.gate.environments[0])
    world.reset(gatepeer.deny)

    assert raw.dial(HOME, *CLAIMS[claim]) == 403
    environment = world.gate.environments[0]
    assert [key for key, value in environment.items() if CONTROL.search(value)] == []
    assert list(environment) == keys
    assert max(len(value) for value in environment.values()) < 300


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_callers_name_is_left_as_it_is(world: World, raw: RawPhone, name: str) -> None:
    """Letters of any script, commas, quotes, colons and parentheses reach the gate."""
    sent, read = HONEST[name]

    assert raw.dial(HOME, sent) == 200
    assert world.gate.environments[0]["agi_calleridname"] == read


@pytest.mark.parametrize("claim", CLAIMS)
def test_an_emergency_call_passes_whatever_the_caller_claims(
    world: World, raw: RawPhone, claim: str
) -> None:
    """110 reaches the trunk and the gate is not asked."""
    world.reset(gatepeer.deny)

    assert raw.dial("110", *CLAIMS[claim]) == 200
    assert world.trunk.numbers() == [b"110"]
    assert world.gate.environments == []
