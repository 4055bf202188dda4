"""Each application means what it does to a call."""

import pytest

from policies.coverage.meaning import NESTED_MAX, NOTHING, Dialled, Jump, Meaning, meaning

VERDICT = '$["${TOLLGUARD_VERDICT}" = "ALLOW"]'
DENIED = '$["${TOLLGUARD_VERDICT}" != "ALLOW"]'
LIMIT = "L(${TOLLGUARD_LIMIT_MS})"


def jumps(app: str, data: str) -> list[tuple[str, str, str, str]]:
    """Name the jumps of a line without what they need."""
    return [(j.kind, j.context, j.exten, j.priority) for j in meaning(app, data).jumps]


@pytest.mark.parametrize(
    ("app", "data", "expected"),
    [
        ("Goto", "5", [("goto", "", "", "5")]),
        ("GOTO", "s,lab", [("goto", "", "s", "lab")]),
        ("Goto", "out,s,1", [("goto", "out", "s", "1")]),
        ("GotoIf", "$[1]?a:b,1", [("goto", "", "", "a"), ("goto", "", "b", "1")]),
        ("GotoIf", "$[1]?:b", [("goto", "", "", "b")]),
        ("GotoIfTime", "9:00-17:00,*,*,*?a:b", [("goto", "", "", "a"), ("goto", "", "", "b")]),
        ("GotoIfTime", "9:00-17:00,*,*,*?a", [("goto", "", "", "a")]),
        ("Gosub", "sub,s,1(${EXTEN})", [("gosub", "sub", "s", "1")]),
        ("GosubIf", "$[1]?a(x):b(y)", [("gosub", "", "", "a"), ("gosub", "", "", "b")]),
        ("Macro", "out,${EXTEN}", [("macro", "macro-out", "s", "1")]),
        ("MacroIf", "$[1]?a,x:b", [("macro", "macro-a", "s", "1"), ("macro", "macro-b", "s", "1")]),
        ("MacroIf", "$[1]?a", [("macro", "macro-a", "s", "1")]),
        ("Exec", "Goto(a,1)", [("goto", "", "a", "1")]),
        ("TryExec", "Goto(a,1)", [("goto", "", "a", "1")]),
        ("ExecIf", "$[1]?Goto(a,1):Goto(b,1)", [("goto", "", "a", "1"), ("goto", "", "b", "1")]),
        ("ChannelRedirect", "PJSIP/1,out,s,1", [("redirect", "out", "s", "1")]),
        ("Originate", "Local/1@a,exten,out,_0X,2", [("originate", "out", "_0X", "2")]),
        ("Originate", "Local/1@a,exten,out", [("originate", "out", "s", "1")]),
        ("Queue", "q,,,,,,m,sub", [("macro", "macro-m", "s", "1"), ("gosub", "sub", "s", "1")]),
        ("Dial", "PJSIP/1,,b(sub^s^1(x))", [("gosub", "sub", "s", "1")]),
        ("Dial", "PJSIP/1,,G(out^s^1)U(sub^x)M(m^x)A(beep)", [
            ("goto", "out", "s", "1"), ("gosub", "sub", "s", "1"), ("macro", "macro-m", "s", "1"),
        ]),
    ],
)  # fmt: skip
def test_a_line_leads_elsewhere(
    app: str, data: str, expected: list[tuple[str, str, str, str]]
) -> None:
    """Every application that goes to another line says to which."""
    assert jumps(app, data) == expected


@pytest.mark.parametrize(
    ("app", "data", "expected"),
    [
        ("Dial", "PJSIP/1&SIP/t/2,20", [("dial", "PJSIP/1"), ("dial", "SIP/t/2")]),
        ("Dial", "", []),
        ("RetryDial", "beep,1,2,PJSIP/1,20", [("dial", "PJSIP/1")]),
        ("Page", "PJSIP/1&PJSIP/2,q", [("page", "PJSIP/1"), ("page", "PJSIP/2")]),
        ("Originate", "PJSIP/1,app,Dial,PJSIP/2", [("originate", "PJSIP/1"), ("dial", "PJSIP/2")]),
        ("AddQueueMember", "q,PJSIP/1", [("queue", "PJSIP/1")]),
        ("AddQueueMember", "q", []),
        ("ExecIf", "$[1]?Dial(PJSIP/1)", [("dial", "PJSIP/1")]),
    ],
)
def test_a_line_dials(app: str, data: str, expected: list[tuple[str, str]]) -> None:
    """Every application that dials says what."""
    assert [(one.kind, one.destination) for one in meaning(app, data).dials] == expected


@pytest.mark.parametrize(
    ("options", "limited"),
    [
        (f"i{LIMIT}", True),
        (f"{LIMIT}S(5)", True),
        (f"{LIMIT}L(0)", False),
        ("L(5)", False),
        ("", False),
    ],
)
def test_only_the_judged_limit_limits(options: str, limited: bool) -> None:  # noqa: FBT001
    """A second L would be the one that counts."""
    assert meaning("Dial", f"PJSIP/1,30,{options}").dials == (Dialled("dial", "PJSIP/1", limited),)


@pytest.mark.parametrize(
    ("app", "data", "expected"),
    [
        ("NoOp", "${TOLLGUARD_VERDICT}", NOTHING),
        ("MixMonitor", "a.wav", NOTHING),
        ("Set", "X=${TOLLGUARD_NUMBER}", NOTHING),
        ("Hangup", "21", Meaning(ends=True)),
        ("Return", "", Meaning(ends=True)),
        ("Set", "TOLLGUARD_NUMBER=1", Meaning(forgets=True)),
        ("Set", "${X}=1", Meaning(forgets=True)),
        ("MSet", "A=1,TOLLGUARD_VERDICT=ALLOW", Meaning(forgets=True)),
        ("MSet", "A=1", NOTHING),
        ("Read", "TOLLGUARD_NUMBER", Meaning(forgets=True)),
        ("AGI", "agi://192.0.2.1", Meaning(hidden="script", forgets=True)),
        ("${X}", "", Meaning(hidden="variable", forgets=True)),
        ("Exec", "${X}(1)", Meaning(hidden="variable", forgets=True)),
        ("FollowMe", "6001", Meaning(hidden="followme", forgets=True)),
        ("Queue", "sales,t", Meaning(rings=("sales",), forgets=True)),
        ("ExecIf", "$[1]?Queue(sales)", Meaning(rings=("sales",), forgets=True)),
        ("While", "$[1]", Meaning(loops=True)),
        ("Originate", "PJSIP/1,app,${X}", Meaning(
            dials=(Dialled("originate", "PJSIP/1"),), hidden="variable")),
    ],
)  # fmt: skip
def test_a_line_means(app: str, data: str, expected: Meaning) -> None:
    """What ends, hides, rings, loops, or takes away what the gate said."""
    assert meaning(app, data) == expected


@pytest.mark.parametrize(
    ("data", "taken", "passed"),
    [
        (f"{VERDICT}?yes", [True], False),
        (f"{VERDICT}?:no", [False], True),
        (f"{VERDICT}?yes:no", [True, False], False),
        (f"{DENIED}?no", [False], True),
        ('$["ALLOW" = "${TOLLGUARD_VERDICT}"]?yes', [True], False),
        ('$["${TOLLGUARD_VERDICT}" = "DENY"]?no', [False], False),
    ],
)
def test_a_verdict_is_checked(data: str, taken: list[bool], passed: bool) -> None:  # noqa: FBT001
    """Only the branch that an ALLOW leads to counts as allowed."""
    line = meaning("GotoIf", data)

    assert ([jump.allowed for jump in line.jumps], line.allowed) == (taken, passed)


def test_a_conditional_gate_is_not_certain() -> None:
    """A Gosub that only some calls take asks nobody for the others."""
    certain = [
        meaning(app, data).jumps[0].certain
        for app, data in (
            ("Gosub", "g,s,1"),
            ("GosubIf", "$[1]?g,s,1"),
            ("ExecIf", "$[1]?Gosub(g,s,1)"),
        )
    ]

    assert certain == [True, False, False]


def test_endless_nesting_is_hidden() -> None:
    """Beyond a depth nobody writes, what is run counts as unknown."""
    data = "Exec(" * NESTED_MAX + "Dial(PJSIP/1)" + ")" * NESTED_MAX

    assert meaning("Exec", data).hidden == "variable"
    assert meaning("Exec", "Exec(Dial(PJSIP/1))").dials == (Dialled("dial", "PJSIP/1"),)


def test_jump_defaults() -> None:
    """A jump without a priority goes to the first."""
    assert meaning("Gosub", "").jumps == (Jump("gosub", "", "", "1"),)
