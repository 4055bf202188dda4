"""Shows on a real Asterisk how each kind of trunk is dialled, and what a refused caller hears."""

from collections.abc import Iterator

import pytest

from tests.asterisk import gatepeer
from tests.asterisk.etc import Site, iax
from tests.asterisk.instance import Asterisk
from tests.asterisk.ports import free_udp
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.sippeer import SipPeer
from tests.asterisk.waiting import until
from tests.asterisk.world import World, start_world, stop_world

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("dialplan-trunks")]

HOME = "0312345678"
FAR_PORT = free_udp()
SILENCE = b"\xff" * 1600  # 0.2 s of it, as ulaw


# 7 before the number leads to the IAX2 trunk, 5 first to a trunk that is not there;
# 3 is deep in Gosubs, 4 there on a Local channel.
PHONES = """exten => _7.,1,Goto(iax,${FILTER(0-9+,${EXTEN:1})},1)
exten => _5.,1,Goto(absent-first,${FILTER(0-9+,${EXTEN:1})},1)
exten => _3.,1,Gosub(one,s,1(${FILTER(0-9+,${EXTEN:1})}))
exten => _4.,1,Dial(Local/3${FILTER(0-9+,${EXTEN:1})}@phones,30)
include => tollguard-outbound
"""
DIALPLAN = """[iax]
exten => _[0-9+*#].,1,Gosub(tollguard-dial,s,1(trunk-iax))
[absent-first]
exten => _[0-9+*#].,1,Gosub(tollguard-dial,s,1(absent))
 same => n,Gosub(tollguard-dial,s,1(trunk-b))
[one]
exten => s,1,Gosub(two,${ARG1},1)
[two]
exten => _[0-9+*#].,1,Gosub(tollguard-dial,s,1(trunk))
"""
FAR_DIALPLAN = """[from-iax]
exten => _[0-9+*#].,1,Set(GLOBAL(IAX_GOT)=${EXTEN})
 same => n,Answer()
 same => n,Wait(30)
"""
GLOBALS = {
    "TOLLGUARD_DIAL_trunk-iax": "IAX2/trunk-iax/{number}",
    "TOLLGUARD_DIAL_trunk-b": "PJSIP/trunk-b/sip:00{number}@${CONTACT}",
}


@pytest.fixture(scope="module")
def running_world(installed: None) -> Iterator[World]:
    """Start one with an IAX2 trunk and a prompt."""
    more = {"iax.conf": iax(free_udp(), FAR_PORT)}
    world = start_world(Site(phones=PHONES, dialplan=DIALPLAN, globals=GLOBALS, more=more))
    (world.asterisk.folder / "refused.ulaw").write_bytes(SILENCE)
    set_prompt(world, "refused")
    yield world
    stop_world(world)


@pytest.fixture
def far() -> Iterator[Asterisk]:
    """Start the IAX2 trunk's far end."""
    asterisk = Asterisk(Site(dialplan=FAR_DIALPLAN, more={"iax.conf": iax(FAR_PORT, FAR_PORT)}))
    yield asterisk
    asterisk.stop()


def set_prompt(world: World, name: str) -> None:
    """Name the sound before a refusal."""
    path = world.asterisk.folder / name
    world.asterisk.cli(f"dialplan set global TOLLGUARD_PROMPT {path}")


def test_an_iax2_trunk_is_dialled_by_its_template(world: World, far: Asterisk) -> None:
    """The judged number reaches the far end, and the limit ends the call."""
    world.reset(gatepeer.allow(number="+81398765432", limit_ms="1500"))
    with world.phone.call("7" + HOME, hold_s=20) as run:
        run.answered()
        run.cut(timeout_s=5)

    assert "IAX_GOT=+81398765432" in far.cli("dialplan show globals")
    far.assert_clean()
    assert world.trunk.numbers() == []


def test_a_template_is_the_operators_own(world: World) -> None:
    """A prefix or an address in it stays; only the number is put in, at the second trunk too."""
    world.asterisk.cli(f"dialplan set global CONTACT {world.trunk_b.contact}")
    contact = f"PJSIP/trunk-b/sip:00{{number}}@{world.trunk_b.contact}"
    world.asterisk.cli(f"dialplan set global TOLLGUARD_DIAL_trunk-b {contact}")

    assert world.phone.dial("5" + HOME) == 200
    assert world.trunk_b.numbers() == [b"00" + HOME.encode()]
    assert [e["agi_arg_1"] for e in world.gate.environments] == ["absent", "trunk-b"]


@pytest.mark.parametrize("way", ["3", "4"], ids=["in a Gosub", "in a Gosub on a Local channel"])
def test_the_line_works_at_any_depth(world: World, way: str) -> None:
    """Three Gosubs deep the number is still that of the line's own extension."""
    assert world.phone.dial(way + HOME) == 200
    assert world.trunk.numbers() == [HOME.encode()]


@pytest.mark.parametrize("way", ["3", "4"], ids=["in a Gosub", "in a Gosub on a Local channel"])
def test_the_deadline_works_at_any_depth(world: World, way: str) -> None:
    """A silent gate is left after 2 s there too, and the call comes back to life."""
    world.reset(gatepeer.silent)

    assert world.phone.dial(way + HOME) == 200
    assert world.trunk.numbers() == [HOME.encode()]
    assert world.phone.dial(way + "010377931234") != 200
    assert len(world.trunk.numbers()) == 1


def test_a_refused_caller_hears_words_and_is_not_answered(world: World) -> None:
    """The prompt comes as early media, and then the refusal: nobody is charged."""
    world.reset(gatepeer.deny)
    with world.phone.call(HOME) as run:
        run.wait()
        messages = run.messages()

    assert run_codes(messages)[-2:] == ["183", "403"]
    assert "/refused.ulaw' (language" in world.asterisk.log()


def test_a_prompt_that_is_not_there_changes_nothing(world: World) -> None:
    """The caller is refused all the same."""
    world.reset(gatepeer.deny)
    set_prompt(world, "no-such-file")
    try:
        assert world.phone.dial(HOME) == 403
    finally:
        set_prompt(world, "refused")


def run_codes(messages: str) -> list[str]:
    """List the codes that came for an INVITE, each once in a row."""
    codes = [line.split()[1] for line in messages.splitlines() if line.startswith("SIP/2.0 ")]
    return [code for code, before in zip(codes, ["", *codes], strict=False) if code != before]


@pytest.fixture(scope="module")
def sixteen() -> Iterator[tuple[World, SipPeer]]:
    """Start an Asterisk 16 with a chan_sip trunk, the first for emergencies too."""
    far_end = SipPeer()
    host, port = far_end.address
    peer = f"[trunk-sip]\ntype=peer\nhost={host}\nport={port}\ndisallow=all\nallow=ulaw\n"
    values = {
        "TOLLGUARD_TRUNK": "trunk-sip",
        "TOLLGUARD_EMERGENCY_TRUNKS": "trunk-sip|trunk",
        "TOLLGUARD_EMERGENCY_AS_119": "+81119",
        "TOLLGUARD_DIAL_trunk-sip": "SIP/trunk-sip/{number}",
    }
    world = start_world(Site(flavour="16", globals=values, more={"sip.conf": peer}))
    yield world, far_end
    stop_world(world)
    far_end.stop()


@pytest.mark.asterisk16
def test_a_chan_sip_trunk_is_dialled_by_its_template(sixteen: tuple[World, SipPeer]) -> None:
    """The judged number and the limit reach it on Asterisk 16."""
    world, far_end = sixteen
    world.reset(gatepeer.allow(number="+81398765432", limit_ms="1500"))
    with RawPhone(world.asterisk.access) as phone:
        dialog = phone.call(HOME)
        call = far_end.calls[0]
        phone.attend(lambda: call.ended_at_s)

    assert dialog.code == 200
    assert call.number == b"+81398765432"
    assert call.answered_at_s is not None
    assert call.ended_at_s is not None
    assert abs(call.ended_at_s - call.answered_at_s - 1.5) < 0.3
    world.asterisk.assert_clean()


@pytest.mark.asterisk16
@pytest.mark.parametrize("status", [b"200 OK", b"503 Service Unavailable"])
def test_asterisk_16_finds_the_emergency_trunk_that_works(
    sixteen: tuple[World, SipPeer], status: bytes
) -> None:
    """The literal goes to the chan_sip trunk, and to the PJSIP one where that refuses."""
    world, far_end = sixteen
    world.reset(gatepeer.deny)
    far_end.calls.clear()
    far_end.status = status
    with RawPhone(world.asterisk.access) as phone:
        assert phone.dial("184119") == 200
    until(lambda: not world.asterisk.channels(), 5, "no channel left")

    assert [call.number for call in far_end.calls] == [b"+81119"]
    assert world.trunk.numbers() == ([] if status == b"200 OK" else [b"+81119"])
