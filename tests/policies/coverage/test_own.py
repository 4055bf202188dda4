"""Our contexts are known by their lines, and entered only by their doors."""

import pytest

from policies.coverage.dialplan import Dialplan, Index, Line, Place
from policies.coverage.own import Own, recognise
from tests.policies.coverage.written import dialplan

SHIPPED = """
[tollguard-outbound]
_X.,1,Gosub(tollguard-dial,s,1(trunk))
[tollguard-dial]
s,1,Gosub(tollguard-gate,s,1(trunk))
s,2(dial),Dial(PJSIP/${TOLLGUARD_NUMBER}@${trunk})
T,1,Hangup()
[tollguard-gate]
s,1,AGI(agi://gate)
[tollguard-mark]
s,1,Set(X=1)
s,2,Return()
[tollguard-failmode]
_03X.,1,Return()
"""


def own(loaded: str, *shipped: str) -> Own:
    """Recognise ours in a loaded dialplan."""
    plan = dialplan(loaded)
    return recognise(plan, Index(plan), [dialplan(text) for text in shipped or (SHIPPED,)])


def test_what_is_shipped_is_ours() -> None:
    """Line by line the same: nothing is changed, and other contexts are not ours."""
    ours = own(SHIPPED + "[phones]\ns,1,NoOp()")

    assert ours.contexts == {
        "tollguard-outbound",
        "tollguard-dial",
        "tollguard-gate",
        "tollguard-mark",
        "tollguard-failmode",
    }
    assert ours.harmless == {"tollguard-mark", "tollguard-failmode"}
    assert ours.changed == ()


def test_each_flavour_is_ours() -> None:
    """One context may be another for another Asterisk; what is not loaded is not missed."""
    sixteen = "[tollguard-gate]\ns,1,AGI(agi://old)"

    assert own(sixteen, SHIPPED, sixteen).changed == ()


def test_the_list_of_domestic_numbers_is_the_operator_s() -> None:
    """Other patterns that only return are none of our business."""
    assert own("[tollguard-failmode]\n_01X.,1,Return()").changed == ()


@pytest.mark.parametrize(
    ("loaded", "place", "app"),
    [
        ("[tollguard-gate]\ns,1,AGI(agi://elsewhere)", ("s", 1), "AGI"),
        ("[tollguard-gate]\ns,1,AGI(agi://gate)\ns,2,NoOp()\nx,1,Dial(PJSIP/1)", ("x", 1), "Dial"),
        ("[tollguard-failmode]\n_X.,1,Dial(PJSIP/1)", ("_X.", 1), "Dial"),
    ],
)
def test_other_lines_are_a_change(loaded: str, place: tuple[str, int], app: str) -> None:
    """The line that differs is named, one that dials first."""
    ((_name, line),) = own(loaded).changed

    assert line is not None
    assert (line.place[1:], line.app) == (place, app)


@pytest.mark.parametrize(
    "loaded",
    [
        "[tollguard-mark]\ns,1,Set(X=1)",
        "[tollguard-gate]\ns,1,AGI(agi://gate)\ninclude phones",
        "[tollguard-gate]\ns,1,AGI(agi://gate)\nswitch Lua/x",
        "[tollguard-gate]\ninclude phones",
    ],
)
def test_what_is_missing_or_tied_to_it_is_a_change(loaded: str) -> None:
    """A line too few, an include or a switch has no line to name."""
    assert [line for _name, line in own(loaded).changed] == [None]


def test_only_doors_are_entered() -> None:
    """The first line of the interface, any extension outbound, and anything harmless."""
    ours = own(SHIPPED)
    doors = [
        ours.door(Place(*place))
        for place in (
            ("tollguard-dial", "s", 1),
            ("tollguard-gate", "s", 1),
            ("tollguard-outbound", "_X.", 1),
            ("tollguard-mark", "s", 2),
            ("tollguard-dial", "s", 2),
            ("tollguard-dial", "T", 1),
            ("tollguard-outbound", "_X.", 2),
        )
    ]

    assert doors == [True, True, True, True, False, False, False]


def test_two_lines_at_one_place_are_a_change() -> None:
    """A second line for some callers, whose match nobody tells, hides behind the first."""
    line = Line(Place("tollguard-gate", "s", 1), "AGI", "agi://gate")
    other = Line(line.place, "Dial", "PJSIP/1")
    plan = Dialplan((line, other))

    assert recognise(plan, Index(plan), [dialplan(SHIPPED)]).changed == (("tollguard-gate", other),)
