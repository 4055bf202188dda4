"""Tests of the judge of how many calls run at once."""

from policies.decision import Step, Verdict
from policies.events import AttemptAllowed, AttemptReturned
from policies.judges.concurrency import judge
from policies.principal import Principal
from policies.situation import Situation
from tests.policies.builders import case

NAVI = "0570012345"


def busy(*endpoints: str | None, chargeable: bool = True) -> Situation:
    """Make a situation with an allowed call of each endpoint."""
    situation = Situation()
    for i, endpoint in enumerate(endpoints):
        allowed = AttemptAllowed(
            at_s=1.0,
            token=f"t{i}",
            uniqueid=f"c{i}",
            endpoint=endpoint,
            dialled=NAVI,
            country="JP",
            trunk="trunk",
            chargeable=chargeable,
            international=False,
        )
        situation.apply(allowed)
    return situation


def test_an_endpoint_has_its_limit() -> None:
    """The third chargeable call of an endpoint is refused with the figures."""
    assert judge(case(NAVI, situation=busy("6001", "6001"))) == Step(
        "concurrency",
        Verdict.DENY,
        "too-many-calls",
        (("scope", "endpoint"), ("calls", "2"), ("limit", "2")),
    )
    assert judge(case(NAVI, situation=busy("6001", "6002"))).verdict is Verdict.ABSTAIN


def test_everybody_held_has_the_limit_and_fills_it() -> None:
    """A call of two counts against both, and either one's limit refuses it."""
    situation = busy("6002", "6002")
    both = Principal("6001", ("6002",), "master")

    assert judge(case(NAVI, situation=situation, principal=both)).verdict is Verdict.DENY
    held = AttemptAllowed(
        at_s=1.0,
        token="both",
        uniqueid="c9",
        endpoint="6001",
        dialled=NAVI,
        country="JP",
        trunk="trunk",
        chargeable=True,
        international=False,
        responsible=("6001", "6003"),
    )
    situation.apply(held)
    counts = [situation.chargeable_calls(name) for name in ("6001", "6002", "6003", None)]
    situation.apply(AttemptReturned(2.0, "both"))

    assert counts == [1, 2, 1, 3]
    assert [situation.chargeable_calls(name) for name in ("6001", "6003", None)] == [0, 0, 2]


def test_the_site_has_its_limit() -> None:
    """Ten chargeable calls of anybody leave no room for another, nobody's included."""
    full = busy(*(f"{i}" for i in range(9)), None)

    for endpoint in ("6001", None):
        step = judge(case(NAVI, situation=full, endpoint=endpoint))
        assert step.verdict is Verdict.DENY
        assert step.facts[0] == ("scope", "site")
    room = busy(*(f"{i}" for i in range(8)), None)
    assert judge(case(NAVI, situation=room, endpoint=None)).verdict is Verdict.ABSTAIN


def test_only_chargeable_calls_count_and_are_counted() -> None:
    """A call of a plain class is never refused, and never fills a limit."""
    assert judge(case("0312345678", situation=busy(*["6001"] * 30))).verdict is Verdict.ABSTAIN
    plain = busy(*["6001"] * 30, chargeable=False)
    assert judge(case(NAVI, situation=plain)).verdict is Verdict.ABSTAIN
