"""What is found is told with the way there, the longest first, within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.coverage import look as module
from policies.coverage.destinations import Trunks
from policies.coverage.dialplan import Dialplan
from policies.coverage.findings import Coverage, Finding, Hop, Why
from policies.coverage.look import look
from tests.policies.coverage.test_own import SHIPPED
from tests.policies.coverage.test_walk import CHECK, COVERED, DIAL, GATE
from tests.policies.coverage.written import dialplan


def looked(text: str) -> Coverage:
    """Look at what is shipped and what a text adds."""
    return look(dialplan(SHIPPED + text), Trunks.declared(["trunk"]), [dialplan(SHIPPED)])


def ways(text: str) -> list[str]:
    """Write the findings as a table would."""
    return [
        f"{one.why}: " + " ".join(
            f"{hop.context}{f',{hop.exten},{hop.priority}' * bool(hop.exten)} {hop.leaves}".strip()
            for hop in one.path
        )
        for one in looked(text).findings
    ]  # fmt: skip


def test_what_was_looked_at_is_counted() -> None:
    """Contexts, extensions and lines of all, dialling lines of the operator's."""
    found = looked(COVERED + "6001,1,Dial(PJSIP/6001)")

    assert found == Coverage(6, 8, 13, 2, 1, ())


def test_a_finding_is_whole() -> None:
    """Why, the way, the line, what loaded it and which destination."""
    assert looked("[a]\ns,1,Dial(PJSIP/6001&PJSIP/1@trunk)").findings == (
        Finding(
            Why.DIAL,
            (Hop("a", "s", 1),),
            "Dial",
            "PJSIP/6001&PJSIP/1@trunk",
            "pbx_config",
            "PJSIP/1@trunk",
        ),
    )


HOLE = "s,1,Dial(PJSIP/1@trunk)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"[a]\ninclude b\n[b]\ninclude c\n[c]\n{HOLE}", [
            "dial-without-gate: a include b include c,s,1"]),
        (f"[a]\n1,1,Gosub(b,s,1)\n[b]\ns,1,Gosub(c,s,1)\n[c]\n{HOLE}", [
            "dial-without-gate: a,1,1 gosub b,s,1 gosub c,s,1"]),
        (f"[a]\n1,1,Macro(x)\n[macro-x]\n{HOLE}", [
            "dial-without-gate: a,1,1 macro macro-x,s,1"]),
        (f"[a]\n1,1,Dial(Local/s@c)\n[c]\n{HOLE}", [
            "dial-without-gate: a,1,1 local c,s,1"]),
        (f"[a]\ninclude c\n[b]\ninclude c\n[c]\n{HOLE}", [
            "dial-without-gate: a include c,s,1", "dial-without-gate: b include c,s,1"]),
        (f"[a]\ninclude b\n[b]\ninclude a\n{HOLE}", [
            "dial-without-gate: b,s,1"]),
        ("[a]\ninclude c\n[c]\nswitch Lua/x", ["switch: a include c"]),
        ("[a]\n1,1,FollowMe(x)\n[c]\n5,1,Dial(PJSIP/1@trunk)", [
            "followme: a,1,1", "dial-without-gate: c,5,1"]),
        ("[a]\n1,1,FollowMe(x)", []),
        ("[tollguard-gate]\nx,1,NoOp()", ["gate-changed: tollguard-gate,x,1"]),
        ("[tollguard-gate]\ninclude a", ["gate-changed: tollguard-gate"]),
        ("[tollguard-gate]\nswitch Lua/x", ["gate-changed: tollguard-gate"]),
    ],
)  # fmt: skip
def test_the_way_is_told(text: str, expected: list[str]) -> None:
    """From each context that a call comes from; a ring has no beginning; switches are opaque."""
    assert ways(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a]\ninclude tollguard-outbound\nT,1,Wait(9)", ["foreign-t-extension: a,T,1"]),
        ("[a]\n_0X.,1,Gosub(tollguard-dial,s,1(trunk))\n_.,1,Wait(9)", [
            "foreign-t-extension: a,_.,1"]),
        ("[a]\ninclude tollguard-outbound\ninclude t\n[t]\nT,1,Wait(9)", [
            "foreign-t-extension: a include t,T,1"]),
        ("[a]\ninclude tollguard-outbound\nT,1,Hangup()", []),
        ("[a]\ninclude tollguard-outbound\nT,2,Wait(9)", []),
        ("[a]\nT,1,Wait(9)", []),
        ("[a]\ninclude t\ninclude tollguard-outbound\n[b]\ninclude t\n"
         "include tollguard-outbound\n[t]\nT,1,Wait(9)", [
            "foreign-t-extension: a include t,T,1", "foreign-t-extension: b include t,T,1"]),
    ],
)  # fmt: skip
def test_a_foreign_t_catches_limits(text: str, expected: list[str]) -> None:
    """Where the gate is reached, a T that does not hang up is told; a pattern can be one too."""
    assert ways(text) == expected


def test_findings_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many are told and the rest is counted; long texts and ways are cut."""
    monkeypatch.setattr(module, "FINDINGS_MAX", 2)
    monkeypatch.setattr(module, "HOPS_MAX", 4)
    chain = "".join(f"[c{n}]\ninclude c{n + 1}\n" for n in range(9))
    found = looked(f"{chain}[c9]\n{HOLE}\n1,1,Dial(PJSIP/{'1' * 999}@trunk)\n[x]\n{HOLE}")

    assert (len(found.findings), found.more) == (2, 1)
    assert [hop.context for hop in found.findings[0].path] == ["c0", "c1", "c8", "c9"]
    assert {len(one.data) for one in found.findings} == {200, 13}


def test_roots_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many contexts that lead to a line, so many are told."""
    monkeypatch.setattr(module, "ROOTS_MAX", 3)
    many = "".join(f"[c{n}]\ninclude end\n" for n in range(9))

    assert len(ways(f"{many}[end]\n{HOLE}")) == 3


@given(st.data())
def test_a_covered_site_without_its_gosub_has_a_hole(data: st.DataObject) -> None:
    """Whatever covered extensions there are, taking the gate out of one is found for that one."""
    names = data.draw(st.lists(st.sampled_from("ABCDE"), min_size=1, unique=True))
    opened = data.draw(st.sampled_from(names))
    text = "".join(
        f"[{name}]\n"
        f"_X.,1,{'NoOp()' if name == opened else GATE}\n"
        f"_X.,2,{CHECK}\n_X.,3,{DIAL}\n_X.,4(no),Hangup()\n"
        for name in names
    )

    assert ways(text) == [f"dial-without-gate: {opened},_X.,3"]
    assert ways(text.replace("NoOp()", GATE)) == []


def test_a_phone_that_redirects_out_of_sight_is_told() -> None:
    """It is no line of the dialplan; where Asterisk did not say, that is told instead."""
    none = Trunks.declared([])
    one = look(Dialplan(redirecting=("6001",)), none, [])
    unknown = look(Dialplan(redirecting=None), none, [])

    assert one.findings == (
        Finding(Why.REDIRECT, (Hop("PJSIP/6001"),), detail="redirect_method=uri_pjsip"),
    )
    assert unknown.findings == (
        Finding(Why.REDIRECT, (Hop("PJSIP"),), detail="redirect_method is not known"),
    )
