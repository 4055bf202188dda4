"""Shows on real SIP that a call around the gate is cut at once, recorded, and explained."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.asterisk.etc import Site
from tests.asterisk.guarded import Guarded
from tests.asterisk.rawami import RawAmi
from tests.asterisk.sippeer import ReceivedCall, SipPeer
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("backstop")]

MONACO = "01037793123456"
TOKYO = "0312345678"
CUT_WITHIN_S = 1.0
PHONES = """exten => _*1.,1,Goto(forked,${EXTEN:2},1)
exten => _*2.,1,Goto(waiting,${EXTEN:2},1)
exten => _*3.,1,Goto(unbounded,${EXTEN:2},1)
include => tollguard-outbound
"""
DIALPLAN = """[around]
exten => _[0-9+].,1,Dial(PJSIP/${EXTEN}@trunk,30)
[raw]
exten => _[0-9+].,1,Dial(PJSIP/trunk/sip:${EXTEN}@FAR_END,30)
[planted]
exten => _X.,1,Dial(PJSIP/${EXTEN}@planted,30)
[forked]
exten => _X.,1,Gosub(tollguard-gate,s,1(trunk,${EXTEN}))
 same => n,Dial(PJSIP/${TOLLGUARD_NUMBER}@trunk&PJSIP/${TOLLGUARD_NUMBER}@trunk,5)
[waiting]
exten => _X.,1,Gosub(tollguard-gate,s,1(trunk,${EXTEN}))
 same => n,Wait(3)
 same => n,Dial(PJSIP/${TOLLGUARD_NUMBER}@trunk,30)
[unbounded]
exten => _X.,1,Gosub(tollguard-gate,s,1(trunk,${EXTEN}))
 same => n,Dial(PJSIP/${TOLLGUARD_NUMBER}@trunk,30)
"""
ROBOT = """
[robot]
secret=robot-secret
read=
write=originate,call
"""


def planted(far_end: str) -> str:
    """Write an endpoint that somebody added and nobody declared."""
    return f"""
[planted]
type=endpoint
context=from-trunk
disallow=all
allow=ulaw
aors=planted
[planted]
type=aor
contact=sip:{far_end}
"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[SipPeer]:
    """Have a far end that is no trunk of ours."""
    peer = SipPeer()
    yield peer
    peer.stop()


@pytest.fixture(scope="module")
def running(installed: None, elsewhere: SipPeer) -> Iterator[Guarded]:
    """Start one product that enforces, on a dialplan with holes."""
    site = Site(
        phones=PHONES,
        dialplan=DIALPLAN.replace("FAR_END", elsewhere.contact),
        more={"manager.conf": ROBOT, "pjsip.conf": planted(elsewhere.contact)},
    )
    with Guarded(site) as guarded:
        guarded.daemon.enforce()
        assert guarded.phone.register() == 200
        yield guarded


@pytest.fixture
def guarded(running: Guarded, elsewhere: SipPeer) -> Iterator[Guarded]:
    """Hand it out enforcing, with empty trunks; afterwards nothing is left in Asterisk."""
    elsewhere.calls.clear()
    running.trunk.status = b"200 OK"
    with running.lent():
        yield running
        running.asterisk.cli("channel request hangup all")  # a SIPp that is ended says no goodbye


def invited(peer: SipPeer) -> ReceivedCall:
    """Return the first call that reached a far end."""
    until(lambda: peer.calls, 5, "the INVITE came")
    return peer.calls[0]


def lived_s(call: ReceivedCall) -> float:
    """Say how long a call lived after its INVITE; it must be over soon."""
    until(lambda: call.ended_at_s, 5, "the call was ended")
    assert call.ended_at_s is not None
    return call.ended_at_s - call.at_s


def robot(guarded: Guarded, **headers: str) -> None:
    """Originate by AMI as a user that may."""
    access = guarded.asterisk.access
    with RawAmi(access, "robot", "robot-secret") as ami:
        answer = ami.act(Action="Originate", Async="true", **headers)
        assert answer["Response"] == "Success"


def finding(guarded: Guarded, kind: str, number: str) -> dict[str, Any]:
    """Return the evidence of a leg in a stored finding."""

    def found() -> dict[str, Any]:
        rows = guarded.daemon.report("findings")
        legs = [leg for row in rows if row["kind"] == kind for leg in row["legs"]]
        return next((leg for leg in reversed(legs) if leg["number"] == number), {})

    return until(found, 10, f"{kind} of {number} is listed")


ORIGINATED = [
    {"Channel": f"PJSIP/{MONACO}1@trunk", "Application": "Wait", "Data": "20"},
    {"Channel": f"Local/{MONACO}2@around", "Application": "Wait", "Data": "20"},
    {"Channel": f"Local/{MONACO}3@around", "Context": "around", "Exten": TOKYO, "Priority": "1"},
]


@pytest.mark.parametrize("headers", ORIGINATED, ids=["endpoint", "local", "local-exten"])
def test_an_originated_call_abroad_is_cut_and_found(
    guarded: Guarded, headers: dict[str, str]
) -> None:
    """The INVITE left, its call lives milliseconds; the finding names the way and the user."""
    number = headers["Channel"].partition("/")[2].partition("@")[0]
    robot(guarded, **headers)

    assert lived_s(invited(guarded.trunk)) < CUT_WITHIN_S
    leg = finding(guarded, "unaccounted-leg", number)
    assert (leg["done"], leg["trunk"], leg["way"]) == ("hung-up", "trunk", "originate")
    assert leg["manager"] == "robot"


def test_cli_originate_is_cut(guarded: Guarded) -> None:
    """Asterisk's own console has no right that its manager has not."""
    number = f"{MONACO}4"
    guarded.asterisk.cli(f"channel originate PJSIP/{number}@trunk application Wait 20")

    assert lived_s(invited(guarded.trunk)) < CUT_WITHIN_S
    assert finding(guarded, "unaccounted-leg", number)["way"] == "originate"


def test_a_context_without_the_gate_is_cut_and_named(guarded: Guarded) -> None:
    """The finding says in which context the hole is and which application dialled."""
    number = f"{MONACO}5"
    robot(guarded, Channel=f"Local/{number}@around", Application="Wait", Data="20")

    assert lived_s(invited(guarded.trunk)) < CUT_WITHIN_S
    leg = finding(guarded, "unaccounted-leg", number)
    assert (leg["context"], leg["reason"]) == ("around", "no-token")
    assert leg["application"] in {"Dial", ""}  # empty where the caller was gone before it told


@pytest.mark.parametrize("channel", [f"PJSIP/{TOKYO}@trunk", f"Local/{TOKYO}@around"])
def test_a_call_at_home_around_the_gate_stands_and_is_recorded(
    guarded: Guarded, channel: str
) -> None:
    """So does what the written fail mode allows: a verdict's row, and no finding."""
    robot(guarded, Channel=channel, Application="Wait", Data="2")
    call = invited(guarded.trunk)

    assert lived_s(call) > 1.5
    rows = guarded.daemon.report("verdicts")
    newest = next(row for row in rows if row["dialled"] == TOKYO)
    assert (newest["verdict"], newest["endpoint"]) == ("ALLOW", None)


@pytest.mark.parametrize("number", ["110", "184110", "0110", "+81110", "112"])
@pytest.mark.parametrize("context", ["around", "raw"])
def test_an_emergency_stands_in_each_form(
    guarded: Guarded, elsewhere: SipPeer, number: str, context: str
) -> None:
    """Whatever way it came and whatever literal the trunk wants, with everything suspended."""
    daemon = guarded.daemon
    daemon.run("suspend", "international", "--for", "1h", "--reason", "test")
    daemon.run("suspend", "country", "JP", "--for", "1h", "--reason", "test")
    try:
        robot(guarded, Channel=f"Local/{number}@{context}", Application="Wait", Data="2")
        call = invited(elsewhere if context == "raw" else guarded.trunk)
        assert lived_s(call) > 1.5
    finally:
        daemon.run("resume", "country", "JP")
        daemon.run("resume", "international")


def test_of_two_legs_with_one_token_the_second_is_cut(guarded: Guarded) -> None:
    """A fork of an allowed call has one leg that the gate allowed."""
    guarded.daemon.run("grant", "international", "--endpoint", "6001", "--countries", "MC")
    guarded.trunk.status = b""
    try:
        with guarded.phone.call(f"*1{MONACO}") as run:
            until(lambda: len(guarded.trunk.calls) == 2, 5, "both legs rang")
            until(lambda: any(call.ended_at_s for call in guarded.trunk.calls), 5, "one was cut")
            leg = finding(guarded, "unaccounted-leg", MONACO)
            assert [call.ended_at_s is None for call in guarded.trunk.calls].count(True) == 1
            del run
    finally:
        guarded.daemon.run("revoke", "international", "--endpoint", "6001")

    assert leg["reason"] == "token-used"


def test_a_suspension_between_verdict_and_dial_cuts_the_leg(guarded: Guarded) -> None:
    """The verdict was ALLOW; while the call waited the policy changed, so it is judged again."""
    daemon = guarded.daemon
    daemon.run("grant", "international", "--endpoint", "6001", "--countries", "MC")
    try:
        told = daemon.journal().count(f"dialled='{MONACO}'")
        with guarded.phone.call(f"*2{MONACO}", hold_s=20):
            until(lambda: daemon.journal().count(f"dialled='{MONACO}'") > told, 5, "it was allowed")
            daemon.run("suspend", "country", "MC", "--for", "1h", "--reason", "test")
            call = invited(guarded.trunk)
            assert lived_s(call) < CUT_WITHIN_S
    finally:
        daemon.run("resume", "country", "MC")
        daemon.run("revoke", "international", "--endpoint", "6001")

    assert finding(guarded, "unaccounted-leg", MONACO)["reason"] == "policy-changed"


def test_a_dial_line_without_a_limit_is_bounded_at_its_answer(guarded: Guarded) -> None:
    """The listener sets the leg's time-out itself, to the limit that the gate granted."""
    daemon = guarded.daemon
    daemon.run("limits", "set", "--max-call", "3s")
    try:
        with guarded.phone.call(f"*3{TOKYO}", hold_s=20):
            lived = lived_s(invited(guarded.trunk))
    finally:
        daemon.run("limits", "set", "--max-call", "4h")

    assert 2.8 < lived < 3.6


@pytest.mark.parametrize("mode", ["record", "hangup"])
def test_a_planted_trunk_is_found(guarded: Guarded, elsewhere: SipPeer, mode: str) -> None:
    """A leg toward an endpoint that nobody declared; hung up only where the site says so."""
    number = f"{MONACO}{6 if mode == 'record' else 7}"
    config = guarded.daemon.config
    before = config.read_text()
    config.write_text(before.replace("[site]", f'[site]\nundeclared_legs = "{mode}"'))
    try:
        guarded.daemon.stop()
        guarded.daemon.start()
        robot(guarded, Channel=f"Local/{number}@planted", Application="Wait", Data="2")
        lived = lived_s(invited(elsewhere))
    finally:
        config.write_text(before)

    assert (lived < CUT_WITHIN_S) == (mode == "hangup")
    leg = finding(guarded, "undeclared-leg", number)
    assert (leg["done"], leg["trunk"]) == (
        "recorded" if mode == "record" else "hung-up",
        "PJSIP/planted",
    )


def test_observe_records_and_cuts_nothing(guarded: Guarded) -> None:
    """The same originated call stays up, and the finding says that it was only recorded."""
    number = f"{MONACO}8"
    guarded.daemon.run("mode", "observe")
    try:
        robot(guarded, Channel=f"PJSIP/{number}@trunk", Application="Wait", Data="2")
        assert lived_s(invited(guarded.trunk)) > 1.5
        assert finding(guarded, "unaccounted-leg", number)["done"] == "recorded"
    finally:
        guarded.daemon.enforce()


def test_what_was_originated_while_the_daemon_was_down_is_cut_when_it_comes(
    guarded: Guarded,
) -> None:
    """A leg without a Dial, a token or a row that surely costs is hung up; one at home stays."""
    abroad = f"{MONACO}9"
    guarded.daemon.stop()
    robot(guarded, Channel=f"PJSIP/{TOKYO}@trunk", Application="Wait", Data="12")
    robot(guarded, Channel=f"PJSIP/{abroad}@trunk", Application="Wait", Data="60")
    until(lambda: len(guarded.trunk.calls) == 2, 5, "both calls came")
    until(lambda: all(call.answered_at_s for call in guarded.trunk.calls), 5, "both are up")
    guarded.daemon.start()
    thief = next(call for call in guarded.trunk.calls if call.number == abroad.encode())
    home = next(call for call in guarded.trunk.calls if call is not thief)

    until(lambda: thief.ended_at_s, 5, "the one abroad was ended")
    assert home.ended_at_s is None
    assert finding(guarded, "unaccounted-leg", abroad)["reason"] == "found-without-row"
    assert "adopted-unaccounted" in guarded.daemon.journal()
