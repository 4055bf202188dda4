"""Shows that an emergency call outlives every order, and that it opens no way abroad."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.asterisk.guarded import Guarded
from tests.asterisk.paths_site import OPERATOR, SETTINGS, paths_site
from tests.asterisk.rawami import RawAmi
from tests.asterisk.rawphone import Dialog, RawPhone
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("paths-emergency")]

ABROAD = "01037793123456"
PSAP = "0312345119"  # a trunk's own long number for 119
LITERALS = ("110", "119", "+81110", PSAP)
PHONES = ("7000", "7001")
STAY_S = 5.0


@pytest.fixture(scope="module")
def running(installed: None) -> Iterator[Guarded]:
    """Start the product with a trunk that wants literals of its own for emergencies."""
    with Guarded(paths_site(PHONES, (), "127.0.0.1:9"), SETTINGS) as guarded:
        config = guarded.daemon.config
        wanted = f'[site]\nemergency_literals = ["+81110", "{PSAP}"]\n'
        config.write_text(config.read_text().replace("[site]\n", wanted, 1))
        guarded.daemon.stop()
        guarded.daemon.start()
        guarded.daemon.enforce()
        yield guarded


@pytest.fixture
def guarded(running: Guarded) -> Iterator[Guarded]:
    """Hand it out with an empty trunk; afterwards nothing is left in Asterisk."""
    with running.lent():
        yield running
        running.asterisk.cli("channel request hangup all")


@pytest.fixture
def thief(guarded: Guarded) -> Iterator[RawPhone]:
    """Hand out a phone that has no right to call abroad."""
    with RawPhone(guarded.asterisk.access, "7000", "127.0.0.20") as phone:
        assert phone.register() == 200
        yield phone
        guarded.asterisk.cli("channel request hangup all")
        phone.attend(lambda: not guarded.asterisk.channels())


def orders(guarded: Guarded) -> None:
    """Give every order that ends calls."""
    daemon = guarded.daemon
    daemon.run("suspend", "endpoint", "7000", "--for", "1h", "--reason", "test")
    daemon.run("suspend", "international", "--for", "1h", "--reason", "test")
    for scope in (("--endpoint", "7000"), ("--country", "JP"), ("--international",)):
        daemon.command("calls", "hangup", *scope)
    for row in daemon.report("calls", "list"):
        daemon.command("calls", "hangup", row["uniqueid"])
    daemon.run("resume", "endpoint", "7000")
    daemon.run("resume", "international")


def test_an_emergency_call_outlives_every_order_and_a_restart(
    guarded: Guarded, thief: RawPhone
) -> None:
    """Suspensions, hang-ups, a kill and a restart, and all of them again, leave it up."""
    assert thief.call("110").code == 200
    until(lambda: guarded.daemon.report("calls", "list"), 5, "the call is listed")
    orders(guarded)
    guarded.daemon.kill()
    guarded.daemon.start()
    until(lambda: guarded.daemon.report("calls", "list"), 5, "the call is adopted")
    orders(guarded)

    assert [(call.number, call.ended_by) for call in guarded.trunk.calls] == [(b"110", "")]


def by_refer(guarded: Guarded, phone: RawPhone, call: Dialog) -> None:
    """Send 110's leg abroad."""
    assert phone.refer(call, ABROAD) == 202
    phone.hang_up(call)


def by_second_call(guarded: Guarded, phone: RawPhone, call: Dialog) -> None:
    """Hold 110 and call abroad, to join them."""
    assert phone.hold(call) == 200
    assert phone.call(ABROAD).code == 403


def by_own_redirect(guarded: Guarded, phone: RawPhone, call: Dialog) -> None:
    """Have a switchboard send the phone itself abroad."""
    redirect(guarded, "PJSIP/7000-")


def by_legs_redirect(guarded: Guarded, phone: RawPhone, call: Dialog) -> None:
    """Have a switchboard send 110's leg abroad."""
    redirect(guarded, "PJSIP/trunk-")


def by_taking_over(guarded: Guarded, phone: RawPhone, call: Dialog) -> None:
    """Let another phone take 110 over by Replaces, and send its leg abroad."""
    with RawPhone(guarded.asterisk.access, "7001", "127.0.0.21") as other:
        taken = other.call("7000", headers=b"Replaces: %b\r\n" % call.replaces())
        assert taken.code == 200
        until(lambda: len(guarded.asterisk.channels()) == 2, 5, "the first phone is out")
        assert other.refer(taken, ABROAD) == 202
        other.hang_up(taken)


def redirect(guarded: Guarded, name: str) -> None:
    """Redirect a channel abroad by AMI."""
    (channel,) = [c for c in guarded.asterisk.channels() if c.startswith(name)]
    with RawAmi(guarded.asterisk.access, *OPERATOR) as ami:
        done = ami.act(
            Action="Redirect", Channel=channel, Context="phones", Exten=ABROAD, Priority="1"
        )
    assert done["Response"] == "Success"


@pytest.mark.parametrize(
    "way", [by_refer, by_second_call, by_own_redirect, by_legs_redirect, by_taking_over]
)
def test_a_thief_who_dials_110_first_gains_nothing_abroad(
    guarded: Guarded, thief: RawPhone, way: Callable[[Guarded, RawPhone, Dialog], None]
) -> None:
    """Whatever he does with the emergency call, the number abroad is judged and refused."""
    before = denied(guarded)
    call = thief.call("110")
    assert call.code == 200
    guarded.asterisk.wait_bridged()
    way(guarded, thief, call)

    until(lambda: denied(guarded) == before + 1, 5, "the number abroad is refused")
    assert guarded.trunk.numbers() == [b"110"]


def denied(guarded: Guarded) -> int:
    """Count the refusals of the number abroad."""
    rows = guarded.daemon.report("verdicts", "--deny", "--limit", "1000")
    return sum(row["dialled"] == ABROAD for row in rows)


def test_emergency_literals_stand_in_each_form_around_the_gate(guarded: Guarded) -> None:
    """Whatever literal the trunk wants and however it is dialled, such a leg is left alone."""
    forms = [form for literal in LITERALS for form in both_forms(guarded, literal)]
    for form in forms:
        originate(guarded, form)
    until(lambda: len(up(guarded)) == len(forms), 10, "all are up")
    begin_s = time.monotonic()
    until(lambda: time.monotonic() > begin_s + STAY_S, STAY_S + 1)

    assert sorted(up(guarded)) == sorted(literal.encode() for literal in LITERALS * 2)


@pytest.mark.parametrize("form", [0, 1])
def test_a_number_abroad_around_the_gate_is_cut(guarded: Guarded, form: int) -> None:
    """In the same forms, what is no emergency does not live for a second."""
    originate(guarded, both_forms(guarded, ABROAD)[form])

    until(lambda: guarded.trunk.calls and guarded.trunk.calls[0].ended_at_s, 5, "the leg is cut")
    (call,) = guarded.trunk.calls
    assert call.ended_at_s is not None
    assert call.ended_at_s - call.at_s < 1.0


def originate(guarded: Guarded, form: str) -> None:
    """Dial a trunk by AMI, around the dialplan."""
    with RawAmi(guarded.asterisk.access, *OPERATOR) as ami:
        ami.act(
            Action="Originate", Channel=f"PJSIP/{form}", Application="Wait", Data="60",
            Async="true",
        )  # fmt: skip


def up(guarded: Guarded) -> list[bytes]:
    """List the numbers that were answered and stand."""
    calls = guarded.trunk.calls
    return [call.number for call in calls if call.answered_at_s and not call.ended_by]


def both_forms(guarded: Guarded, number: str) -> tuple[str, str]:
    """Write a number in the two forms in which PJSIP dials it by a trunk."""
    return (f"{number}@trunk", f"trunk/sip:{number}@{guarded.trunk.contact}")
