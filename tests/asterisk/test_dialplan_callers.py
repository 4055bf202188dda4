"""Shows on a real Asterisk that nothing a caller says about himself keeps the gate from judging."""

import re
from collections.abc import Iterator

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.etc import Site
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world, stop_world

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


@pytest.fixture(scope="module")
def sixteen() -> Iterator[World]:
    """Start an Asterisk 16, whose phones are chan_sip's."""
    world = start_world(Site(flavour="16"))
    yield world
    stop_world(world)


@pytest.mark.asterisk16
def test_asterisk_16_hands_the_gate_clean_lines_as_well(sixteen: World) -> None:
    """No claim leaves a control character or a long value there, and an honest name is kept."""
    for claim in CLAIMS.values():
        sixteen.reset(gatepeer.deny)
        with RawPhone(sixteen.asterisk.access) as raw:
            assert raw.dial(HOME, *claim) == 403
        values = sixteen.gate.environments[0].values()
        assert [value for value in values if CONTROL.search(value) or len(value) > 255] == []

    with RawPhone(sixteen.asterisk.access) as raw:
        assert raw.dial(HOME, HONEST["UTF-8"][0]) == 403
    assert sixteen.gate.environments[-1]["agi_calleridname"] == HONEST["UTF-8"][1]


@pytest.mark.asterisk16
def test_asterisk_16_keeps_the_limit_of_a_leg_transferred_to_110(sixteen: World) -> None:
    """The mark of the trunk's leg works there too."""
    sixteen.reset(gatepeer.allow(limit_ms="2000"))
    with RawPhone(sixteen.asterisk.access) as raw:
        dialog = raw.call(HOME)
        sixteen.asterisk.wait_bridged()
        assert raw.refer(dialog, "110") == 202
        until(lambda: sixteen.trunk.numbers() == [HOME.encode(), b"110"], 5, "110 is called")
        raw.hang_up(dialog)
        call = sixteen.trunk.calls[0]
        until(lambda: call.ended_at_s, 5, "the limited leg ends")

    assert call.answered_at_s is not None
    assert call.ended_at_s is not None
    assert abs(call.ended_at_s - call.answered_at_s - 2.0) < 0.2
