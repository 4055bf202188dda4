"""Plants every kind of hole in a real dialplan, and has the whole product find each of them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.asterisk.etc import Site
from tests.asterisk.guarded import Guarded

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("coverage")]

# Above each hole: why it is one, and the way to it as the table shows it.
HOLES = """
[desks]
exten => _6XXX,1,Dial(PJSIP/${EXTEN},20)
 same => n,Dial(PJSIP/6001&PJSIP/6002/sip:6002@127.0.0.1,20)
;; undeclared-trunk: desks,_6XXX,2
exten => record,1,MixMonitor(call.wav)
 same => n,Goto(desks,_6XXX,1)
exten => plain,1,Dial(PJSIP/0312345678@trunk,30)
;; dial-without-gate: desks,plain,1
exten => open,1,Dial(PJSIP/${NUMBER}@trunk-unknown,30)
;; undeclared-trunk: desks,open,1
exten => _9.,1,Dial(${OUT})
;; variable-target: desks,_9.,1
exten => _8.,1,Dial(PJSIP/${EXTEN})
;; variable-target: desks,_8.,1
exten => _71.,1,ExecIf($["${X}" = "1"]?Dial(PJSIP/${EXTEN:2}@trunk))
;; dial-without-gate: desks,_71.,1
exten => _72.,1,While($[${I} < 2])
 same => n,Gosub(tollguard-gate,s,1(trunk,0312345678))
 same => n,GotoIf($["${TOLLGUARD_VERDICT}" != "ALLOW"]?no)
 same => n,EndWhile()
 same => n,Dial(PJSIP/${TOLLGUARD_NUMBER}@trunk,30,iL(${TOLLGUARD_LIMIT_MS}))
;; dial-without-gate: desks,_72.,1 while desks,_72.,5
 same => n(no),Hangup(21)
exten => _73.,1,Page(PJSIP/6001&PJSIP/0312345678@trunk)
;; page: desks,_73.,1
exten => _74.,1,Queue(sales)
;; queue: desks,_74.,1
exten => _75.,1,Queue(phones)
exten => _76.,1,Originate(PJSIP/0312345678@trunk,exten,desks,record,1)
;; originate: desks,_76.,1
exten => _77.,1,AGI(dial-anything)
;; script: desks,_77.,1
exten => _78.,1,Goto(${ARG1},${ARG2},${ARG3})
;; variable-goto: desks,_78.,1
exten => _79.,1,FollowMe(6001)
;; followme: desks,_79.,1
exten => _70.,1,Dial(IAX2/trunk/${EXTEN}&SIP/trunk/${EXTEN}&DAHDI/g1/${EXTEN})
;; dial-without-gate: desks,_70.,1
;; dial-without-gate: desks,_70.,1
;; undeclared-trunk: desks,_70.,1

[covered]
exten => _0X.,1,Gosub(tollguard-dial,s,1(trunk))
 same => n,Gosub(tollguard-dial,s,1(trunk-b))
exten => _1X.,1,Gosub(tollguard-gate,s,1(trunk,0312345678))
 same => n,GotoIf($["${TOLLGUARD_VERDICT}" != "ALLOW"]?no)
 same => n(out),Dial(PJSIP/${TOLLGUARD_NUMBER}@trunk,30,iL(${TOLLGUARD_LIMIT_MS}))
;; dial-without-gate: behind,_0X.,1 goto covered,_1X.,3
 same => n(no),Hangup(21)
exten => _2X.,1,Gosub(tollguard-gate,s,1(trunk,0312345678))
 same => n,Dial(PJSIP/${TOLLGUARD_NUMBER}@trunk,30,iL(${TOLLGUARD_LIMIT_MS}))
;; verdict-not-checked: behind include covered,_2X.,2
exten => _3X.,1,Gosub(tollguard-gate,s,1(trunk,0312345678))
 same => n,GotoIf($["${TOLLGUARD_VERDICT}" = "ALLOW"]?yes:no)
 same => n(yes),Dial(PJSIP/00${TOLLGUARD_NUMBER}@trunk,30,iL(${TOLLGUARD_LIMIT_MS}))
;; other-number-than-judged: behind include covered,_3X.,2 goto covered,_3X.,3
 same => n(no),Hangup(21)
include => tollguard-outbound

[behind]
exten => _0X.,1,Goto(covered,_1X.,out)
exten => _1X.,1,GotoIf($["${X}" = ""]?tollguard-dial,s,dial)
;; behind-the-gate: behind,_1X.,1
exten => _2X.,1,Dial(Local/${EXTEN:1}@hidden/n)
exten => T,1,Wait(60)
;; foreign-t-extension: behind,T,1
include => covered

[hidden]
exten => _X.,1,Dial(PJSIP/${EXTEN}@trunk)
;; dial-without-gate: behind,_2X.,1 local hidden,_X.,1
include => far
switch => Local/x@desks
;; switch: behind,_2X.,1 local hidden

[far]
exten => _#X.,1,Gosub(outer,s,1)
[outer]
exten => s,1,Gosub(inner,s,1(${EXTEN}))
 same => n,Return()
[inner]
exten => s,1,Dial(PJSIP/${ARG1}@trunk)
;; dial-without-gate: behind,_2X.,1 local hidden include far,_#X.,1 gosub outer,s,1 gosub inner,s,1
 same => n,Return()

[macro-out]
exten => s,1,Dial(PJSIP/${ARG1}@trunk)
"""
MACRO = """
[old]
exten => _X.,1,Macro(out,${EXTEN})
;; dial-without-gate: old,_X.,1 macro macro-out,s,1
"""
FILES = {
    "queues.conf": "\n[sales]\nmember => PJSIP/0312345678@trunk\n[phones]\nmember => PJSIP/6001\n",
    "followme.conf": "\n[6001]\ncontext => hidden\nnumber => 0312345678,30\n",
}
EXPECTED = re.compile(r"^;; ([a-z-]+): (.*)$", re.MULTILINE)


@pytest.fixture(scope="module", params=["22", pytest.param("16", marks=pytest.mark.asterisk16)])
def holes(request: pytest.FixtureRequest, installed: None) -> Iterator[Guarded]:
    """Start the product beside an Asterisk full of holes."""
    with Guarded(Site(flavour=request.param, dialplan=HOLES + MACRO, more=FILES)) as guarded:
        yield guarded


def files(guarded: Guarded) -> str:
    """Name the dialplan's first file."""
    return str(guarded.asterisk.folder / "etc/extensions.conf")


def found(guarded: Guarded) -> Any:  # noqa: ANN401 JSON
    """Ask for the holes as a program does."""
    done = guarded.daemon.command("coverage", "--dialplan", files(guarded), "--json")
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)


def way(finding: dict[str, Any]) -> str:
    """Write a finding as the table of holes has it."""
    stations = []
    for hop in finding["path"]:
        place = f",{hop['exten']},{hop['priority']}" if hop["exten"] else ""
        stations.append(f"{hop['context']}{place} {hop['leaves']}".strip())
    return f"{finding['why']}: {' '.join(stations)}"


def test_every_planted_hole_is_found_and_nothing_else(holes: Guarded) -> None:
    """Each hole is one finding with its way; what is covered, and what rings phones, is none."""
    told = sorted(way(finding) for finding in found(holes)["findings"])

    assert told == sorted(f"{why}: {path}" for why, path in EXPECTED.findall(HOLES + MACRO))


def printed(guarded: Guarded) -> dict[tuple[str, str], list[str]]:
    """Read the console's own file and line of each context and extension, in order."""
    lines: dict[tuple[str, str], list[str]] = {}
    context = exten = ""
    for line in guarded.asterisk.cli("dialplan show").splitlines():
        if head := re.match(r"\[ Context '(.+)' created", line):
            context = head[1]
        if name := re.match(r"  '(.+?)' ", line):
            exten = name[1]
        if spot := re.search(r"\[([^\[\]]+:[0-9]+)\]$", line):
            lines.setdefault((context, exten), []).append(spot[1])
    return lines


def test_file_and_line_are_those_that_asterisk_prints(holes: Guarded) -> None:
    """The console, which we have no right to use, says the same of every line that is found."""
    lines = printed(holes)
    for finding in found(holes)["findings"]:
        end = finding["path"][-1]
        if end["exten"]:
            spot = f"{finding['file'].rpartition('/')[2]}:{finding['line']}"
            assert lines[end["context"], end["exten"]][end["priority"] - 1] == spot


def test_the_table_is_narrow_and_says_what_was_looked_at(holes: Guarded) -> None:
    """At most 100 columns, the longest way first, then each reason in words."""
    done = holes.daemon.command("coverage", "--dialplan", files(holes))
    lines = done.stdout.splitlines()

    assert done.returncode == 1
    assert max(map(len, lines[: lines.index("")])) <= 100
    assert "behind,_2X.,1 local hidden include far,_#X.,1" in lines[2]
    assert "foreign-t-extension: a T extension that catches time limits" in done.stdout
    assert re.search(r"\nlooked at \d+ contexts, \d+ extensions, ", done.stdout)


def test_a_line_that_stands_in_no_file_has_a_place_and_no_file(holes: Guarded) -> None:
    """What was added at the console is found, because Asterisk is asked and not the files."""
    holes.asterisk.cli("dialplan add extension 5,1,Dial,PJSIP/0312345678@trunk into fresh")
    try:
        (finding,) = [
            one for one in found(holes)["findings"] if one["path"][-1]["context"] == "fresh"
        ]
    finally:
        holes.asterisk.cli("dialplan remove extension 5@fresh")

    assert (finding["why"], finding["file"], finding["line"]) == ("dial-without-gate", None, None)


@pytest.fixture(scope="module")
def clean(installed: None) -> Iterator[Guarded]:
    """Start the product on a correct site: two trunks, fail-over lines, phones."""
    dialplan = """
[desks]
exten => _6XXX,1,Dial(PJSIP/${EXTEN},20)
exten => _6XXX,n,Queue(phones)
exten => _0X.,1,Gosub(tollguard-dial,s,1(trunk))
 same => n,Gosub(tollguard-dial,s,1(trunk-b))
exten => T,1,Hangup()
include => tollguard-outbound
"""
    more = {"queues.conf": "\n[phones]\nmember => PJSIP/6001\n"}
    trunks = '[[trunk]]\nendpoint = "trunk-b"\n'
    with Guarded(Site(dialplan=dialplan, more=more), settings=trunks) as guarded:
        yield guarded


def test_a_correct_site_has_no_way_around(clean: Guarded) -> None:
    """Exit code 0, and a sentence of what was looked at; our own contexts are no finding."""
    done = clean.daemon.command("coverage", "--dialplan", files(clean))

    assert (done.returncode, done.stderr) == (0, "")
    first, *rest = done.stdout.splitlines()
    second = " ".join(line.strip() for line in rest)
    assert first == "no way around the gate was found"
    assert re.fullmatch(r"looked at \d+ contexts.*; 3 of them dial, 4 lead to the gate", second)


def test_our_name_on_other_lines_is_a_finding(clean: Guarded) -> None:
    """A line added to a context of ours is named, so that the name alone trusts nothing."""
    clean.asterisk.cli("dialplan add extension x,1,Dial,PJSIP/1@trunk into tollguard-dial")
    try:
        (finding,) = found(clean)["findings"]
    finally:
        clean.asterisk.cli("dialplan remove extension x@tollguard-dial")

    assert way(finding) == "gate-changed: tollguard-dial,x,1"


def test_without_asterisk_it_says_that_it_cannot_look(installed: None) -> None:
    """Exit code 69 and a sentence while AMI is down, never 0."""
    with Guarded() as guarded:
        guarded.asterisk.stop()
        blind = guarded.daemon.command("coverage")

    assert (blind.returncode, blind.stdout) == (69, "")
    assert "the dialplan cannot be looked at: ami-unreachable: " in blind.stderr
