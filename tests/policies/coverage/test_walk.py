"""Every line that a call can reach is judged by the way that asked the gate least."""

import pytest

from policies.coverage import walk as module
from policies.coverage.destinations import Trunks
from policies.coverage.dialplan import Index, Place
from policies.coverage.own import recognise
from policies.coverage.walk import Stage, Station, TooIntricateError, Walk
from tests.policies.coverage.test_own import SHIPPED
from tests.policies.coverage.written import dialplan

GATE = "Gosub(tollguard-gate,s,1(trunk,${EXTEN}))"
CHECK = 'GotoIf($["${TOLLGUARD_VERDICT}" != "ALLOW"]?no)'
DIAL = "Dial(PJSIP/${TOLLGUARD_NUMBER}@trunk,30,iL(${TOLLGUARD_LIMIT_MS}))"
FORK = DIAL.replace("@trunk,", "@trunk&PJSIP/6001,")
COVERED = f"[own]\n_X.,1,{GATE}\n_X.,2,{CHECK}\n_X.,3(out),{DIAL}\n_X.,4(no),Hangup()\n"
QUEUES = {"trunks": ("PJSIP/1@trunk",), "phones": ("PJSIP/6001", "Local/1@own")}


def walked(text: str, queues: dict[str, tuple[str, ...]] | None = None) -> Walk:
    """Walk what is shipped and what a text adds."""
    plan = dialplan(SHIPPED + text, queues)
    index = Index(plan)
    walk = Walk(
        plan, index, recognise(plan, index, [dialplan(SHIPPED)]), Trunks.declared(["trunk"])
    )
    walk.run()
    return walk


def reasons(text: str, queues: dict[str, tuple[str, ...]] | None = None) -> list[str]:
    """Name what is wrong, with the place."""
    return [
        f"{key[0].context},{key[0].exten},{key[0].priority} {offence.why}"
        for key, offence in walked(text, queues).offences.items()
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        COVERED,
        "[own]\n_X.,1,Gosub(tollguard-dial,s,1(trunk))\n_X.,2,Gosub(tollguard-dial,s,1(b))",
        COVERED.replace('!= "ALLOW"]?no', '= "ALLOW"]?out:no'),
        "[own]\ninclude tollguard-outbound",
        "[own]\ninclude tollguard-failmode",
        "[own]\n_6XXX,1,Dial(PJSIP/${EXTEN}&PJSIP/6001,20,b(tollguard-mark^s^1))",
        "[own]\n_X.,1,Goto(tollguard-outbound,${EXTEN},1)",
        "[own]\n_X.,1,Goto(${X},${EXTEN},1)",
        "[own]\n_X.,1,Goto(s,1)\ns,1,Hangup()",
        "[own]\n_X.,1,Goto(nowhere,s,1)",
        "[own]\n_X.,1,Queue(phones)\n_X.,2,Queue(none)",
        COVERED + "1,1,Dial(Local/${EXTEN}@own)\n1,2,Goto(tollguard-failmode,${EXTEN},1)",
        f"[own]\n_X.,1,{GATE}\n_X.,2,{CHECK}\n_X.,3,{DIAL}\n_X.,4,{GATE}\n_X.,5,{CHECK}"
        f"\n_X.,6,{DIAL}\n_X.,7(no),Hangup()",
    ],
)
def test_a_covered_dialplan_has_none(text: str) -> None:
    """What asks the gate, rings phones or leads nowhere is not wrong."""
    assert reasons(text, QUEUES) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s,1,Dial(PJSIP/1@trunk)", ["own,s,1 dial-without-gate"]),
        ("s,1,Page(PJSIP/1@trunk)", ["own,s,1 page"]),
        ("s,1,Originate(PJSIP/1@trunk,exten,own,1,1)", ["own,s,1 originate"]),
        ("s,1,AddQueueMember(q,PJSIP/1@trunk)", ["own,s,1 queue"]),
        ("s,1,Queue(trunks)", ["own,s,1 queue"]),
        ("s,1,Queue(${X})", ["own,s,1 queue"]),
        ("s,1,Dial(${X})", ["own,s,1 variable-target"]),
        ("s,1,Dial(PJSIP/1@other)", ["own,s,1 undeclared-trunk"]),
        ("s,1,AGI(x)", ["own,s,1 script"]),
        ("s,1,${X}(1)", ["own,s,1 variable-application"]),
        ("s,1,Goto(${X})", ["own,s,1 variable-goto"]),
        ("s,1,Goto(${X},s,${Y})", ["own,s,1 variable-goto"]),
        ("include tollguard-gate", ["own,,0 behind-the-gate"]),
        ("s,1,Goto(tollguard-gate,${X},1)", ["own,s,1 behind-the-gate"]),
        ("s,1,Goto(tollguard-dial,s,dial)", ["own,s,1 behind-the-gate"]),
        ("s,1,Goto(tollguard-dial,${X},2)", ["own,s,1 behind-the-gate"]),
        (f"s,1,{GATE}\ns,2,{DIAL}", ["own,s,2 verdict-not-checked"]),
        (f"s,1,{GATE}\ns,2,{CHECK}\ns,3,Dial(PJSIP/1@trunk)\ns,4(no),Hangup()", [
            "own,s,3 other-number-than-judged"]),
        (f"s,1,{GATE}\ns,2,{CHECK}\ns,3,Dial(PJSIP/${{TOLLGUARD_NUMBER}}@trunk)"
         "\ns,4(no),Hangup()", ["own,s,3 no-judged-limit"]),
        (f"s,1,{GATE}\ns,2,{CHECK}\ns,3,{FORK}\ns,4(no),Hangup()", ["own,s,3 forked"]),
        ("s,1,StackPop()\ns,2,Dial(PJSIP/1@trunk)", ["own,s,2 dial-without-gate"]),
        (f"s,1,{GATE}\ns,2,{CHECK}\ns,3,Set(TOLLGUARD_NUMBER=1)\ns,4,{DIAL}\ns,5(no),Hangup()", [
            "own,s,4 dial-without-gate"]),
        (f"s,1,Exec({GATE})\ns,2,{CHECK}\ns,3,{DIAL}\ns,4(no),Hangup()", [
            "own,s,3 dial-without-gate"]),
        (f"s,1,Goto(tollguard-gate,s,1)\ns,2,{CHECK}\ns,3,{DIAL}\ns,4(no),Hangup()", [
            ]),
        (f"s,1,{GATE}\ns,2,{CHECK}\ns,3,{DIAL}\ns,4(no),{DIAL}", ["own,s,4 dial-without-gate"]),
        (f"s,1,While(1)\ns,2,{GATE}\ns,3,{CHECK}\ns,4,EndWhile()\ns,5,{DIAL}\ns,6(no),Hangup()", [
            "own,s,5 dial-without-gate"]),
        (f"s,1,Goto(+1)\ns,2,{DIAL}", ["own,s,2 dial-without-gate"]),
        (f"s,1,While(1)\ns,2,EndWhile()\ns,3,{DIAL}", ["own,s,3 dial-without-gate"]),
    ],
)  # fmt: skip
def test_a_hole_is_seen(text: str, expected: list[str]) -> None:
    """Each kind of hole, at the line where it is."""
    assert reasons(f"[own]\n{text}", QUEUES) == expected


@pytest.mark.parametrize(
    "jump",
    [
        "Goto(own,12,out)",
        "Goto(own,12,3)",
        "Goto(own,${X},3)",
        "Goto(own,12,${X})",
        "GotoIf($[1]?own,_X.,out)",
        "Gosub(own,12,out)",
        "Dial(PJSIP/6001,20,G(own^12^2))",
        "ChannelRedirect(PJSIP/1,own,12,out)",
    ],
)
def test_a_jump_behind_the_gate_is_a_hole(jump: str) -> None:
    """Whatever leads to the line that dials, not by the line that asks."""
    assert reasons(f"{COVERED}[other]\ns,1,{jump}") == ["own,_X.,3 dial-without-gate"]


def test_a_jump_without_context_goes_where_the_call_is() -> None:
    """A line that others include jumps in their context, not in its own."""
    text = f"{COVERED}include more\n[more]\n_#X.,1,Goto(12,out)\n_*X.,1,Goto(out)"

    assert reasons(text) == ["own,_X.,3 dial-without-gate"]
    assert {station.place.context for station in walked(text).before[
        Station(Place("own", "_X.", 3), Stage.NOT_ASKED)
    ] if isinstance(station, Station)} == {"more"}  # fmt: skip


def test_another_way_may_have_asked() -> None:
    """The worst way to a line is told, in whatever order the ways are walked."""
    text = f"s,1,{GATE}\ns,2,{CHECK}\ns,3(no),Dial(PJSIP/1@trunk)"
    told = walked(f"[own]\n{text}\n[other]\ns,1,Goto(own,s,3)\ns,2,Goto(own,s,1)").offences

    assert [offence.why for offence in told.values()] == ["dial-without-gate"]


def test_queues_that_cannot_be_seen_may_ring_a_trunk() -> None:
    """When Asterisk does not say who is in them, each line with one is a hole."""
    plan = dialplan("[own]\ns,1,Queue(q)")
    object.__setattr__(plan, "queues", None)
    index = Index(plan)
    walk = Walk(plan, index, recognise(plan, index, ()), Trunks.declared(()))
    walk.run()

    assert [offence.why for offence in walk.offences.values()] == ["queue"]


def test_lines_that_ask_and_follow_are_noted() -> None:
    """For the report: lines and includes that lead to the gate, and FollowMe."""
    walk = walked(f"{COVERED}[o]\ninclude tollguard-outbound\ns,1,FollowMe(1)")

    assert walk.gates == {Place("own", "_X.", 1), Place("o", "", 0)}
    assert set(walk.follows) == {Place("o", "s", 1)}


def test_a_tangle_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dialplan with more steps than the bound is refused with a sentence."""
    monkeypatch.setattr(module, "STEPS_MAX", 3)
    with pytest.raises(TooIntricateError, match="more than 3 steps"):
        walked(COVERED)
