"""Tests of the judge of trunks."""

from dataclasses import replace

from policies.decision import Step, Verdict
from policies.events import AttemptReturned, Blinded, ChannelGone, ChannelSeen
from policies.judges.trunk import judge
from policies.policy import Policy, Site, Trunk
from tests.policies.builders import ENFORCED, case
from tests.policies.happenings import seeing
from tests.policies.test_calls import allowed, dialled


def test_judge() -> None:
    """A trunk that the configuration does not declare is refused."""
    assert judge(case("0312345678", Policy())) == Step(
        "trunk", Verdict.DENY, "unknown-trunk", (("trunk", "trunk"),)
    )
    assert judge(case("0312345678")).verdict is Verdict.ABSTAIN


NARROW = replace(ENFORCED, site=Site(trunks=(Trunk("trunk", channels=3), Trunk("trunk-b"))))


def test_the_last_channel_is_kept_for_emergencies() -> None:
    """Inbound calls, outgoing ones and those about to be dialled fill a trunk but for one."""
    inbound = ChannelSeen(1.0, "7.0", "7.0", "PJSIP/trunk-00000007")
    one, two = seeing(inbound), seeing(inbound, allowed())

    assert judge(case("0312345678", NARROW, one)).verdict is Verdict.ABSTAIN
    assert judge(case("0312345678", NARROW, two)) == Step(
        "trunk",
        Verdict.DENY,
        "trunk-full",
        (("trunk", "trunk"), ("used", "2"), ("channels", "3")),
    )
    two.apply(AttemptReturned(2.0, "t1"))
    assert judge(case("0312345678", NARROW, two)).verdict is Verdict.ABSTAIN


def test_a_trunk_without_a_number_of_channels_is_never_full() -> None:
    """Nothing is counted where nothing was told, and nothing while blind."""
    full = seeing(*(allowed(f"t{place}") for place in range(9)))

    assert judge(case("0312345678", ENFORCED, full)).verdict is Verdict.ABSTAIN
    assert judge(case("0312345678", NARROW, full)).verdict is Verdict.DENY
    full.apply(Blinded(3.0, "gone"))
    assert judge(case("0312345678", NARROW, full)).verdict is Verdict.ABSTAIN


def test_a_dialled_call_counts_once() -> None:
    """Its slot gives way to its channel, and both are gone at its end."""
    leg = ChannelSeen(1.0, "l1", "c1", "PJSIP/trunk-00000001")
    situation = seeing(allowed(), leg, dialled())
    during = (situation.channels_on("PJSIP", "trunk"), situation.undialled_on("trunk"))
    situation.apply(ChannelGone(3.0, "l1", 16))

    assert during == (1, 0)
    assert (situation.channels_on("PJSIP", "trunk"), situation.undialled_on("trunk")) == (0, 0)


def test_a_channel_of_another_driver_is_not_the_trunks() -> None:
    """A guest of chan_sip names his channel as he likes, and fills no PJSIP trunk by it."""
    named = [ChannelSeen(1.0, f"{n}.0", f"{n}.0", f"SIP/trunk-0000000{n}") for n in range(4)]
    by_sip = Trunk("trunk", channels=3, dial="SIP/trunk/{number}")
    narrow = replace(NARROW, site=Site(trunks=(by_sip,)))

    assert judge(case("0312345678", NARROW, seeing(*named))).verdict is Verdict.ABSTAIN
    assert judge(case("0312345678", narrow, seeing(*named))).reason == "trunk-full"
