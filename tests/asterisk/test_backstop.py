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
 same => n,Dial(PJSIP/${TOLLGUARD_NUMBER}@trunk&PJSIP/${TOLLGUARD_NUMBER}@trunk,30)
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
        guarded.daemon.run("mode", "enforce")
        assert guarded.phone.register() == 200
        yield guarded


@pytest.fixture
def guarded(running: Guarded, elsewhere: SipPeer) -> Iterator[Guarded]:
    """Hand it out enforcing, with empty trunks; afterwards nothing is left in Asterisk."""
    running.trunk.calls.clear()
    elsewhere.calls.clear()
    running.trunk.status = b"200 OK"
    running.asterisk.mark_descriptors()
    yield running
    running.asterisk.assert_clean()


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
