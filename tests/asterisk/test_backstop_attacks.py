"""Shows on real SIP that who may originate chooses nothing which keeps a call abroad alive."""

from collections.abc import Iterator

import pytest

from tests.asterisk.etc import Site
from tests.asterisk.guarded import Guarded
from tests.asterisk.rawami import RawAmi
from tests.asterisk.sipp import phone
from tests.asterisk.sippeer import ReceivedCall
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("backstop-attacks")]

MONACO = "0103779312345"
TOKYO = "0312345678"
CUT_WITHIN_S = 1.0
ROBOT = """
[robot]
secret=robot-secret
read=
write=originate,call,system
"""


PHONES = """exten => _93X,1,Queue(q${EXTEN:2},t,,,4)
include => tollguard-outbound
"""
QUEUES = f"""[general]
[q1]
member=PJSIP/6003
[q2]
member=PJSIP/{MONACO}66@trunk,0,Away,PJSIP/trunk
"""


@pytest.fixture(scope="module")
def running(installed: None) -> Iterator[Guarded]:
    """Start one product that enforces, with a manager user that may originate."""
    site = Site(phones=PHONES, more={"manager.conf": ROBOT, "queues.conf": QUEUES})
    with Guarded(site) as guarded:
        guarded.daemon.run("mode", "enforce")
        yield guarded


@pytest.fixture
def guarded(running: Guarded) -> Iterator[Guarded]:
    """Hand it out with an empty trunk; afterwards nothing is left in Asterisk."""
    running.trunk.calls.clear()
    running.asterisk.mark_descriptors()
    yield running
    running.asterisk.cli("channel request hangup all")
    running.asterisk.assert_clean()


def originate(guarded: Guarded, number: str, **headers: str) -> ReceivedCall:
    """Originate toward the trunk and return the call that came there."""
    with RawAmi(guarded.asterisk.access, "robot", "robot-secret") as ami:
        answer = ami.act(
            Action="Originate",
            Channel=f"PJSIP/{number}@trunk",
            Application="Wait",
            Data="60",
            Async="true",
            **headers,
        )
        assert answer["Response"] == "Success"

    def came() -> list[ReceivedCall]:
        return [call for call in guarded.trunk.calls if call.number == number.encode()]

    return until(came, 5, "the INVITE came")[0]


def lived_s(call: ReceivedCall) -> float:
    """Say how long a call lived after its INVITE; it must be over soon."""
    until(lambda: call.ended_at_s, 5, "the call was ended")
    assert call.ended_at_s is not None
    return call.ended_at_s - call.at_s


def done(guarded: Guarded, number: str) -> str:
    """Say what the stored finding tells of a leg."""

    def found() -> str:
        legs = [leg for row in guarded.daemon.report("findings") for leg in row["legs"]]
        return next((str(leg["done"]) for leg in legs if leg["number"] == number), "")

    return until(found, 10, f"{number} is found")


CHOSEN_IDS = (
    "a thief's id",
    "/x/",
    "/.*/",
    "a:b",
    "x ",
    "-",
    "PJSIP/6001-00000001",
    "a" * 149,
    "Ａ",
)


@pytest.mark.parametrize("index", range(len(CHOSEN_IDS)), ids=CHOSEN_IDS.__getitem__)
def test_a_chosen_channel_id_saves_no_call(guarded: Guarded, index: int) -> None:
    """The leg is cut by its name, and that is what the finding says."""
    number = f"{MONACO}{index}"
    call = originate(guarded, number, ChannelId=CHOSEN_IDS[index])

    assert lived_s(call) < CUT_WITHIN_S
    assert done(guarded, number) == "hung-up"


def test_an_id_that_is_the_name_of_another_channel_hits_the_thief_alone(guarded: Guarded) -> None:
    """A call at home whose name the thief took as his id goes on."""
    home = originate(guarded, TOKYO)
    name = until(
        lambda: next(
            (
                line.partition("!")[0]
                for line in guarded.asterisk.cli("core show channels concise").splitlines()
                if line.startswith("PJSIP/trunk-")
            ),
            "",
        ),
        5,
        "the call at home is listed",
    )
    thief = originate(guarded, f"{MONACO}99", ChannelId=name)

    assert lived_s(thief) < CUT_WITHIN_S
    assert home.ended_at_s is None


@pytest.mark.parametrize(
    "claim", ["DIALEDPEERNUMBER=110@trunk", f"DIALEDPEERNUMBER={TOKYO}@trunk", "TOLLGUARD_PAID=x"]
)
def test_no_variable_of_an_originate_makes_it_another_call(guarded: Guarded, claim: str) -> None:
    """What began while the daemon was down is read by the URI that was sent."""
    guarded.daemon.stop()
    thief = originate(guarded, f"{MONACO}77", Variable=claim)
    until(lambda: thief.answered_at_s, 5, "it is up")
    guarded.daemon.start()

    until(lambda: thief.ended_at_s, 5, "the call abroad was ended")


def test_110_with_a_number_behind_it_is_no_emergency(guarded: Guarded) -> None:
    """A carrier may read on behind the semicolon."""
    number = f"110;{MONACO}88"
    with RawAmi(guarded.asterisk.access, "robot", "robot-secret") as ami:
        ami.act(
            Action="Originate",
            Channel=f"PJSIP/{number}@trunk",
            Application="Wait",
            Data="60",
            Async="true",
        )
    call = until(lambda: guarded.trunk.calls, 5, "the INVITE came")[0]

    assert lived_s(call) < CUT_WITHIN_S


def test_a_queue_rings_phones_and_its_trunk_members_are_accounted(guarded: Guarded) -> None:
    """app_queue tells dial strings in a form of its own; neither is a leg to an unknown trunk."""
    agent = phone(guarded.asterisk.access, "6003", "127.0.0.13")
    assert agent.register() == 200
    assert guarded.phone.register() == 200
    with agent.answer(), guarded.phone.call("931") as run:
        run.answered()
        del run
    with guarded.phone.call("932"):
        assert done(guarded, f"{MONACO}66") == "hung-up"

    kinds = {row["kind"] for row in guarded.daemon.report("findings")}
    assert "undeclared-leg" not in kinds
