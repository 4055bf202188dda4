"""Shows that the backstop holds for an IAX2 trunk, and for a chan_sip trunk of Asterisk 16."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.asterisk.etc import Site, iax
from tests.asterisk.guarded import Guarded
from tests.asterisk.instance import Asterisk
from tests.asterisk.ports import free_udp
from tests.asterisk.rawami import RawAmi
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.sippeer import SipPeer
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("backstop-trunks")]

MONACO = "01037793123456"
TOKYO = "0312345678"
CUT_WITHIN_S = 1.0
FAR_PORT = free_udp()
ROBOT = "\n[robot]\nsecret=robot-secret\nread=\nwrite=originate,call\n"
FAR_DIALPLAN = """[from-iax]
exten => _[0-9+*#].,1,Answer()
 same => n,Wait(30)
"""


def trunk(name: str, template: str) -> tuple[dict[str, str], str]:
    """Declare a trunk that is dialled by a template: for the dialplan and for the daemon."""
    declared = f'\n[[trunk]]\nendpoint = "{name}"\ndial = "{template}"\n'
    return {f"TOLLGUARD_DIAL_{name}": template, "TOLLGUARD_TRUNK": name}, declared


def around(dialled: str) -> str:
    """Write a context that dials a trunk without the gate."""
    return f"[around]\nexten => _X.,1,Dial({dialled},30)\n"


def robot(guarded: Guarded, number: str) -> None:
    """Originate around the gate by AMI, as a user that may."""
    with RawAmi(guarded.asterisk.access, "robot", "robot-secret") as ami:
        answer = ami.act(
            Action="Originate",
            Async="true",
            Channel=f"Local/{number}@around",
            Application="Wait",
            Data="20",
        )
        assert answer["Response"] == "Success"


def found(guarded: Guarded) -> list[tuple[str, str, str]]:
    """Wait for a finding, and return number, trunk and what was done of each leg in it."""
    rows = until(lambda: guarded.daemon.report("findings"), 10, "it is found")
    assert {row["kind"] for row in rows} == {"unaccounted-leg"}
    return [(leg["number"], leg["trunk"], leg["done"]) for row in rows for leg in row["legs"]]


@pytest.fixture
def started() -> Iterator[ExitStack]:
    """Stop at the end what a test started."""
    with ExitStack() as stack:
        yield stack


def enforcing(started: ExitStack, site: Site, settings: str) -> Guarded:
    """Start a product that enforces, with a right to call Monaco."""
    guarded = started.enter_context(Guarded(site, settings))
    guarded.daemon.enforce("6001")
    return guarded


def test_an_iax2_leg_is_accounted_for_or_cut(installed: None, started: ExitStack) -> None:
    """The gate's call stands and is listed with its caller; one around it lives milliseconds."""
    far = Asterisk(Site(dialplan=FAR_DIALPLAN, more={"iax.conf": iax(FAR_PORT, FAR_PORT)}))
    started.callback(far.stop)
    values, settings = trunk("trunk-iax", "IAX2/trunk-iax/{number}")
    site = Site(
        globals=values,
        dialplan=around("IAX2/trunk-iax/${EXTEN}"),
        more={"iax.conf": iax(free_udp(), FAR_PORT), "manager.conf": ROBOT},
    )
    guarded = enforcing(started, site, settings)
    assert guarded.phone.register() == 200

    run = started.enter_context(guarded.phone.call(MONACO, hold_s=60))
    run.answered()
    (row,) = until(lambda: guarded.daemon.report("calls"), 5, "it is listed")
    robot(guarded, f"{MONACO}1")
    assert found(guarded) == [(f"{MONACO}1", "trunk-iax", "hung-up")]
    until(lambda: len(far.channels()) == 1, CUT_WITHIN_S, "the other is gone")

    assert (row["dialled"], row["endpoint"], row["country"]) == (MONACO, "6001", "MC")
    robot(guarded, TOKYO)
    until(lambda: len(guarded.daemon.report("calls")) == 2, 5, "one at home stands")
    guarded.daemon.run("suspend", "country", "MC", "--for", "1h", "--reason", "test")
    run.cut(timeout_s=5)
    until(lambda: len(far.channels()) == 1, 5, "the one at home is left")


@pytest.mark.asterisk16
def test_a_chan_sip_leg_is_accounted_for_or_cut(started: ExitStack) -> None:
    """On Asterisk 16, from a chan_sip phone to a chan_sip trunk."""
    far = SipPeer()
    started.callback(far.stop)
    host, port = far.address
    peer = f"[trunk-sip]\ntype=peer\nhost={host}\nport={port}\ndisallow=all\nallow=ulaw\n"
    values, settings = trunk("trunk-sip", "SIP/trunk-sip/{number}")
    site = Site(
        flavour="16",
        globals=values,
        dialplan=around("SIP/trunk-sip/${EXTEN}"),
        more={"sip.conf": peer, "manager.conf": ROBOT},
    )
    guarded = enforcing(started, site, settings)
    with RawPhone(guarded.asterisk.access) as phone:
        assert phone.register() == 200
        dialog = phone.call(MONACO)
        assert dialog.code == 200
        (row,) = until(lambda: guarded.daemon.report("calls"), 5, "it is listed")
        robot(guarded, f"{MONACO}1")
        thief = until(lambda: far.calls[1:], 5, "the INVITE came")[0]
        phone.attend(lambda: thief.ended_at_s)

        assert found(guarded) == [(f"{MONACO}1", "trunk-sip", "hung-up")]
        assert thief.ended_at_s is not None
        assert thief.ended_at_s - thief.at_s < CUT_WITHIN_S
        assert (row["dialled"], row["endpoint"], row["country"]) == (MONACO, "6001", "MC")
        assert far.calls[0].ended_at_s is None
        guarded.daemon.run("suspend", "country", "MC", "--for", "1h", "--reason", "test")
        phone.attend(lambda: far.calls[0].ended_at_s)
