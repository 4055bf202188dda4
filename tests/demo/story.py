"""The story, step by step: two phones, thieves, a suspension, an emergency, a dead guard.

Each judge has a step that fails without it, and so has the dialplan's verdict line.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from tests.asterisk.sipp import Phone, Run
from tests.demo.narrator import Narrator
from tests.demo.stage import Stage

MONACO = "01037793123456"
AROUND = "01037793999999"
SPELLINGS = {
    "0081010377931234": "behind a carrier code: the classic that cost people money",
    "184010377931234": "behind the prefix that hides the caller ID",
    "0010377931234": "behind what looks like a carrier code",
    "+37793123456": "as E.164",
    "010377": "too short to be a number",
}
HOSTILE = ("0102&PJSIP/trunk/0312345678", "010-377-93123456", "０１０37793123456", '03"12345678')
GUESSES = 12
CUT_WITHIN_S = 1.0


class Story:
    """Plays every step on a stage."""

    def __init__(self, stage: Stage, narrator: Narrator) -> None:
        self.stage = stage
        self.tell = narrator

    def play(self) -> None:
        """Play all of it."""
        self.fresh_install()
        self.phones_register()
        self.domestic_call()
        self.abroad_is_refused()
        self.other_spellings()
        self.country_granted()
        self.country_suspended_mid_call()
        self.too_many_calls()
        self.sent_on_by_a_thief()
        self.locked_endpoint()
        self.what_may_never_pass()
        self.around_the_gate()
        self.thief_guesses()
        self.emergency()
        self.guard_is_dead()

    def fresh_install(self) -> None:
        """A fresh install only observes."""
        self.tell.step(
            "A fresh install observes",
            "It records what it would refuse and stops nothing but malformed numbers.",
            "We switch it to enforce; on your own PBX you would watch for some days first.",
        )
        first = self.tell.command("status").stdout
        self.tell.check("status says so in its first line", first.startswith("observing"))
        done = self.tell.command("mode", "enforce")
        self.tell.check("the mode is in force", "in force on pbx1" in done.stdout, done.stdout)
        now = self.tell.command("status").stdout
        self.tell.check("status now says enforcing", now.startswith("enforcing"))

    def phones_register(self) -> None:
        """Two phones register; one lies about its address."""
        self.tell.step(
            "Two phones register",
            "6001 is honest. 6002 claims to be at 192.0.2.99, in Via and in Contact.",
            "tollguard shows where the packets really come from.",
        )
        stage = self.stage
        self.tell.check("6001 registers", stage.reception.register() == 200)
        lie = "192.0.2.99:5060"
        self.tell.check("6002 registers", stage.warehouse.register(via=lie, contact=lie) == 200)
        for who in (stage.reception, stage.warehouse):
            self.tell.within(
                f"{who.name} is listed at {who.address}:{who.port}",
                5.0,
                partial(self._is_listed, who),
            )
        self.tell.command("registrations")

    def _is_listed(self, who: Phone) -> bool:
        rows = self.report("registrations", "--endpoint", who.name)
        return any(row["host"] == who.address and row["port"] == who.port for row in rows)

    def domestic_call(self) -> None:
        """A call at home reaches the trunk."""
        self.tell.step("A call at home", "6001 dials 03-1234-5678, then a mobile.")
        for number in ("0312345678", "09012345678"):
            code = self.stage.reception.dial(number)
            self.tell.check(f"{number} is answered", code == 200, code)
            arrived = self.stage.dialled()[-1:]
            self.tell.check(f"the trunk got {number}, byte for byte", arrived == [number], arrived)

    def abroad_is_refused(self) -> None:
        """Nobody may call abroad until it is granted."""
        self.tell.step(
            "A call abroad that nobody granted",
            "6001 dials Monaco. Nobody may call abroad until you say so.",
        )
        self.expect_refused(self.stage.reception, MONACO, "international-not-permitted")
        self.tell.command("verdicts", "--deny")
        self.tell.command("explain", MONACO, "--endpoint", "6001")
        explained = self.explain(MONACO)
        self.tell.check(
            "explain and the live gate agree",
            (explained["verdict"], explained["reason"], explained["country"])
            == ("DENY", "international-not-permitted", "MC"),
        )

    def other_spellings(self) -> None:
        """Another spelling is the same number."""
        self.tell.step(
            "The same thief, other spellings", "Each of these has walked around somebody's gate."
        )
        for number, why in SPELLINGS.items():
            self.expect_refused(self.stage.reception, number, None, why)
        self.expect_refused(self.stage.reception, "00330312345678", "unclassifiable")

    def country_granted(self) -> None:
        """A right for one country, and the ledger row of a call there."""
        self.tell.step(
            "One country is granted",
            "6001 may call Monaco. Each such call has its row in the ledger before it is allowed.",
        )
        done = self.tell.command(
            "grant", "international", "--endpoint", "6001", "--countries", "MC"
        )
        self.tell.check("the right is in force", "in force on pbx1" in done.stdout, done.stdout)
        code = self.stage.reception.dial(MONACO)
        self.tell.check("Monaco is answered", code == 200, code)
        rows = self.report("ledger", "show")["entries"]
        self.tell.check("the ledger has its row", any(row["number"] == MONACO for row in rows))
        self.expect_refused(self.stage.reception, "01012125550123", "international-not-permitted")

    def country_suspended_mid_call(self) -> None:
        """A suspension cuts what runs, and ends."""
        self.tell.step(
            "Monaco is suspended while a call is up",
            "The bill alarm rings at night: one command, and the running call is cut.",
        )
        with self.stage.reception.call(MONACO, hold_s=25) as call:
            self.is_up(call)
            self.tell.command("calls")
            done = self.tell.command(
                "suspend", "country", "MC", "--for", "2h", "--reason", "bill alarm"
            )
            self.tell.check("in force within a second", "in force on pbx1" in done.stdout)
            leg = self.stage.trunk.calls[-1]
            self.tell.within(
                "the trunk saw the running call end", CUT_WITHIN_S, lambda: bool(leg.ended_by)
            )
        self.expect_refused(self.stage.reception, MONACO, "country-suspended")
        done = self.tell.command("resume", "country", "MC")
        code = self.stage.reception.dial(MONACO)
        self.tell.check("resumed, Monaco is answered again", code == 200, code)

    def too_many_calls(self) -> None:
        """A thief who has the right still cannot open many lines at once."""
        self.tell.step(
            "Many lines at once",
            "Even with the right, an endpoint has two chargeable calls at most.",
        )
        phones = [self.another_line() for _ in range(3)]
        with phones[0].call(MONACO, hold_s=20) as one, phones[1].call(MONACO, hold_s=20) as two:
            self.is_up(one)
            self.is_up(two)
            self.expect_refused(phones[2], MONACO, "too-many-calls")
            self.tell.command("calls", "hangup", "--endpoint", "6001")
            legs = self.stage.trunk.calls[-2:]
            self.tell.within(
                "the trunk saw both end", CUT_WITHIN_S, lambda: all(leg.ended_by for leg in legs)
            )

    def sent_on_by_a_thief(self) -> None:
        """Whoever forwards or transfers a call answers for it."""
        self.tell.step(
            "A thief at the warehouse's phone sends calls on",
            "6001, who may call Monaco, rings 6002, who may not. 6002 sends the call on there,",
            "once by a 302 and once by a transfer: 6002 is asked for its right, not 6001.",
        )
        reception, warehouse = self.stage.reception, self.stage.warehouse
        with warehouse.redirect(MONACO):
            self.expect_sent_on_refused("a 302", lambda: reception.dial("6002"))
        with warehouse.answer_and_transfer(MONACO), reception.call("6002", hold_s=20) as call:
            self.expect_sent_on_refused("a transfer", lambda: self.is_up(call))

    def expect_sent_on_refused(self, how: str, play: Callable[[], object]) -> None:
        """Have 6002 send a call on to Monaco, and see that it is refused for 6002's sake."""
        before, rows = len(self.stage.trunk.calls), len(self.report("verdicts"))
        play()
        self.tell.within(
            f"{how} by 6002 has its verdict", 5.0, lambda: len(self.report("verdicts")) > rows
        )
        row = self.report("verdicts")[0]
        got = (row["endpoint"], row["dialled"], row["reason"])
        wanted = ("6002", MONACO, "international-not-permitted")
        self.tell.check(f"{how} by 6002 is refused for 6002's sake", got == wanted, got)
        arrived = self.stage.dialled()[before:]
        self.tell.check("nothing reached the trunk", not arrived, arrived)

    def around_the_gate(self) -> None:
        """A call that never asked the gate is hung up and listed."""
        self.tell.step(
            "A call around the gate",
            "Somebody with a web shell dials the trunk itself: no dialplan, no gate.",
        )
        before = len(self.stage.trunk.calls)
        self.stage.asterisk.cli(f"channel originate PJSIP/{AROUND}@trunk application Wait 30")
        self.tell.within("it reaches the trunk", 5.0, lambda: len(self.stage.trunk.calls) > before)
        self.tell.within(
            "the trunk saw it end",
            CUT_WITHIN_S,
            lambda: all(leg.ended_by for leg in self.stage.trunk.calls[before:]),
        )
        self.tell.within("it is listed", 5.0, self._around_is_listed)
        self.tell.command("findings")

    def _around_is_listed(self) -> bool:
        return any(AROUND in json.dumps(row) for row in self.report("findings"))

    def locked_endpoint(self) -> None:
        """A locked endpoint calls nobody but for emergencies."""
        self.tell.step(
            "A phone is locked", "The warehouse's password may be stolen: 6002 is closed."
        )
        warehouse = self.stage.warehouse
        code = warehouse.dial("0312345678")
        self.tell.check("before, 6002 reaches the trunk", code == 200, code)
        self.tell.command(
            "suspend", "endpoint", "6002", "--for", "1d", "--reason", "password stolen"
        )
        self.expect_refused(warehouse, "0312345678", "endpoint-suspended")
        code = warehouse.dial("119")
        self.tell.check("119 from the locked phone is answered", code == 200, code)

    def what_may_never_pass(self) -> None:
        """Premium, hostile characters, undeclared trunks."""
        self.tell.step(
            "What never passes", "Premium numbers, injected dial strings, strange trunks."
        )
        self.expect_refused(self.stage.reception, "0990512345", "class-denied")
        for number in HOSTILE:
            code = self.stage.reception.dial(quote(number, safe="-"))
            self.tell.check(f"{number!r} is refused before the gate is asked ({code})", code >= 400)
            said = self.explain(number)["reason"]
            self.tell.check("and the core refuses it too", said == "malformed", said)
        reason = self.explain("0312345678", "--trunk", "unknown")["reason"]
        self.tell.check("a trunk that is not declared carries nothing", reason == "unknown-trunk")

    def thief_guesses(self) -> None:
        """Somebody guesses passwords and is listed."""
        self.tell.step(
            "A thief guesses passwords", f"{GUESSES} wrong passwords for 6001 from 127.0.0.66."
        )
        codes = {self.stage.thief.register() for _ in range(GUESSES)}
        self.tell.check("no guess registers", codes == {401}, codes)
        self.tell.within(f"the address is listed with all {GUESSES}", 10.0, self._thief_is_listed)
        self.tell.command("attacks")

    def _thief_is_listed(self) -> bool:
        rows = self.report("attacks", "--source", "127.0.0.66")
        return any("6001" in row["accounts"] for row in rows) and all(
            row["count"] >= GUESSES for row in rows
        )

    def emergency(self) -> None:
        """Emergency calls pass, whatever is closed and whatever is dead."""
        self.tell.step(
            "Emergency calls, with everything closed and the guard dead",
            "International and both phones are suspended; then the daemon is killed.",
        )
        self.tell.command("suspend", "international", "--for", "1d", "--reason", "under attack")
        self.tell.command("suspend", "endpoint", "6001", "--for", "1d", "--reason", "under attack")
        self.expect_refused(self.stage.reception, "0312345678", "endpoint-suspended")
        for number in ("110", "184118", "122110"):
            self.is_emergency(number)
        self.stage.daemon.kill()
        self.tell.say("The daemon is killed with SIGKILL.")
        down = self.tell.command("status")
        self.tell.check("status says that nothing guards, exit 2", down.returncode == 2)
        self.is_emergency("110")

    def guard_is_dead(self) -> None:
        """Without the daemon a process judges by the last policy, which still can be changed."""
        self.tell.step(
            "The guard stays dead: a process judges by the last policy",
            "Asterisk starts tollguard-agi for each call; suspend and resume change what it reads.",
        )
        self.expect_refused(self.stage.reception, "0312345678", None, "6001 is still suspended")
        for noun in (("endpoint", "6001"), ("international",)):
            self.tell.command("resume", *noun)
        code = self.stage.reception.dial("0312345678")
        self.tell.check("6001's call at home is answered", code == 200, code)
        self.expect_refused(self.stage.reception, MONACO, None, "though it was granted")
        words = ("suspend", "endpoint", "6001", "--for", "1d", "--reason", "under attack")
        done = self.tell.command(*words)
        at_once = "the fallback judges by it from now on" in done.stdout
        self.tell.check("it says that it holds already", at_once, done.stdout)
        self.expect_refused(self.stage.reception, "0312345678", None, "at once")

    def is_emergency(self, number: str) -> None:
        """Dial an emergency number and see it on the trunk."""
        code = self.stage.reception.dial(number)
        self.tell.check(f"{number} is answered", code == 200, code)
        arrived = self.stage.dialled()[-1:]
        self.tell.check(f"the trunk got {number[-3:]}", arrived == [number[-3:]], arrived)

    def expect_refused(self, who: Phone, number: str, reason: str | None, why: str = "") -> None:
        """Dial a number that must be refused, for that reason, and never reach the trunk."""
        before = len(self.stage.trunk.calls)
        code = who.dial(number)
        label = f"{number} from {who.name} is refused" + (f", {why}" if why else "")
        self.tell.check(f"{label} (SIP {code})", 400 <= code < 700, code)
        arrived = self.stage.dialled()[before:]
        self.tell.check("nothing reached the trunk", not arrived, arrived)
        if reason is not None:
            self.tell.within(
                f"its verdict says {reason}", 3.0, lambda: self._last_reason(number) == reason
            )

    def _last_reason(self, number: str) -> str:
        rows = [row for row in self.report("verdicts") if row["dialled"] == number]
        return str(rows[0]["reason"]) if rows else ""

    def is_up(self, call: Run) -> None:
        """Wait until a call is answered."""
        self.tell.within("the call is up", 10.0, lambda: call.final("INVITE") == 200)

    def another_line(self) -> Phone:
        """Give 6001 another port, as a soft phone with several lines has."""
        return self.stage.line(self.stage.reception)

    def explain(self, number: str, *options: str) -> dict[str, Any]:
        """Return what ``explain --json`` says for 6001."""
        explained: dict[str, Any] = self.report("explain", number, "--endpoint", "6001", *options)
        return explained

    def report(self, *arguments: str) -> Any:  # noqa: ANN401 JSON is what it is
        """Return a report as JSON, without showing it; an exit code does not matter here."""
        return json.loads(self.stage.daemon.command(*arguments, "--json").stdout)
