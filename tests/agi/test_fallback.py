"""The process that judges without the daemon: by the snapshot, strictly, or not at all."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agi.fallback import CHARGEABLE, UNBOUND, answer_to, judge
from policies.decision import DialAttempt, Verdict
from policies.kept import dump, of_store
from policies.policy import Grant, Mode, Policy, Site, Suspension, SuspensionKind, Trunk
from policies.principal import Claim
from tests.agi.asterisk_side import Channel
from tests.agi.script import Outcome, environment_of, play, start

SITE = Site(trunks=(Trunk("trunk"),))
TOKYO, MONACO, NAVIDIAL = "0312345678", "01037793123456", "0570012345"
DAY_MS, LIMIT_MS = "86400000", "14400000"


def suspended(kind: SuspensionKind, target: str) -> Suspension:
    return Suspension(1, kind, target, 0.0, None, "stolen password", "alice(1000)")


def policy(mode: Mode, *suspensions: Suspension) -> Policy:
    """Make a policy in which 6001 may call every country."""
    return Policy(7, SITE, mode, suspensions, (Grant(1, "6001", None),))


def judged(
    folder: Path, number: str, kept: Policy, channel: Channel | None = None, **environment: str
) -> Outcome:
    path = folder / "snapshot.json"
    path.write_bytes(dump(of_store(kept)))
    return play(environment_of(("trunk", number, str(path)), **environment), channel)


@pytest.mark.parametrize("mode", list(Mode))
def test_an_emergency_is_always_allowed(tmp_path: Path, mode: Mode) -> None:
    """Whoever dials it, and with everything suspended; it is not cut short."""
    everything = (
        suspended(SuspensionKind.ENDPOINT, "6001"),
        suspended(SuspensionKind.INTERNATIONAL, "*"),
        suspended(SuspensionKind.COUNTRY, "JP"),
    )
    outcome = judged(tmp_path, "110", policy(mode, *everything))

    assert outcome.variables == {
        "_TOLLGUARD_TOKEN": "",
        "TOLLGUARD_NUMBER": "110",
        "TOLLGUARD_LIMIT_MS": DAY_MS,
        "TOLLGUARD_REASON": "emergency",
        "TOLLGUARD_VERDICT": "ALLOW",
    }


def test_a_domestic_call_is_allowed_with_the_policy_s_limit_and_no_token(tmp_path: Path) -> None:
    """The verdict is set last, by one command; the log says that registrations did not count."""
    outcome = judged(tmp_path, TOKYO, policy(Mode.ENFORCE))

    assert outcome.variables["TOLLGUARD_VERDICT"] == "ALLOW"
    assert outcome.variables["TOLLGUARD_NUMBER"] == TOKYO
    assert outcome.variables["TOLLGUARD_LIMIT_MS"] == LIMIT_MS
    assert outcome.variables["_TOLLGUARD_TOKEN"] == ""
    assert outcome.set_in_order[-1] == ("TOLLGUARD_VERDICT", "ALLOW")
    assert "registrations not looked at" in outcome.told
    assert outcome.told.count("\n") == 1
    assert outcome.status == 0


@pytest.mark.parametrize("number", [MONACO, "0033010" + MONACO[3:], NAVIDIAL])
def test_what_costs_money_is_denied(tmp_path: Path, number: str) -> None:
    """In enforce nothing chargeable passes here, not even what the caller may dial."""
    outcome = judged(tmp_path, number, policy(Mode.ENFORCE))

    assert outcome.variables["TOLLGUARD_VERDICT"] == "DENY"
    assert outcome.variables["TOLLGUARD_NUMBER"] == ""
    assert outcome.variables["TOLLGUARD_LIMIT_MS"] == "0"


def test_a_permitted_call_abroad_is_denied_as_chargeable(tmp_path: Path) -> None:
    """It is this fallback that denies it, and the reason says so."""
    outcome = judged(tmp_path, MONACO, policy(Mode.ENFORCE))

    assert outcome.variables["TOLLGUARD_REASON"] == "fallback-chargeable"


def test_observing_allows_all_as_it_was_dialled(tmp_path: Path) -> None:
    """A chargeable call without a grant passes unchanged for a day."""
    outcome = judged(tmp_path, MONACO, policy(Mode.OBSERVE), agi_channel="PJSIP/6002-0000002a")

    assert outcome.variables["TOLLGUARD_VERDICT"] == "ALLOW"
    assert outcome.variables["TOLLGUARD_NUMBER"] == MONACO
    assert outcome.variables["TOLLGUARD_LIMIT_MS"] == DAY_MS


def test_observing_refuses_what_cannot_be_a_number(tmp_path: Path) -> None:
    """A foreign character is refused in every mode."""
    outcome = judged(tmp_path, "03${EXTEN}", policy(Mode.OBSERVE))

    assert outcome.variables["TOLLGUARD_VERDICT"] == "DENY"
    assert outcome.variables["TOLLGUARD_REASON"] == "malformed"


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    ("kind", "target", "number", "reason"),
    [
        (SuspensionKind.ENDPOINT, "6001", TOKYO, "endpoint-suspended"),
        (SuspensionKind.INTERNATIONAL, "*", MONACO, "international-suspended"),
        (SuspensionKind.COUNTRY, "MC", MONACO, "country-suspended"),
    ],
)
def test_the_operator_s_suspensions_hold_in_every_mode(
    tmp_path: Path, mode: Mode, kind: SuspensionKind, target: str, number: str, reason: str
) -> None:
    """What was suspended stays so while the daemon is down."""
    outcome = judged(tmp_path, number, policy(mode, suspended(kind, target)))

    assert outcome.variables["TOLLGUARD_VERDICT"] == "DENY"
    assert outcome.variables["TOLLGUARD_REASON"] == reason


@pytest.mark.parametrize(
    "name", ["FORWARDERNAME", "BLINDTRANSFER", "MASTER_CHANNEL(CHANNEL(name))"]
)
def test_a_suspended_endpoint_behind_the_call_is_enough(tmp_path: Path, name: str) -> None:
    """Forwarding, transferring or a Local channel does not take a suspended endpoint out."""
    kept = policy(Mode.OBSERVE, suspended(SuspensionKind.ENDPOINT, "6009"))
    channel = Channel({f"${{{name}}}": "PJSIP/6009-0000002c"})
    outcome = judged(tmp_path, TOKYO, kept, channel)

    assert outcome.variables["TOLLGUARD_REASON"] == "endpoint-suspended"


def test_a_hostile_name_is_nobody(tmp_path: Path) -> None:
    """A name that is no channel's takes nothing away and breaks nothing."""
    channel = Channel({"${FORWARDERNAME}": "PJSIP/6009-x) result=-1 (hangup"})
    kept = policy(Mode.ENFORCE, suspended(SuspensionKind.ENDPOINT, "6009"))

    assert judged(tmp_path, TOKYO, kept, channel).variables["TOLLGUARD_VERDICT"] == "ALLOW"


GOOD = dump(of_store(policy(Mode.OBSERVE)))


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        GOOD[:-40],
        GOOD.replace(b'"format":', b'"format":9'),
        GOOD.replace(b'"observe"', b'"maybe"'),
        b"\xff" * 100,
        b"[" * 100_000,
    ],
    ids=["missing", "empty", "truncated", "future", "malformed", "garbage", "deep"],
)
def test_without_a_snapshot_to_believe_there_is_no_verdict(
    tmp_path: Path, data: bytes | None
) -> None:
    """The dialplan's written fail mode answers then; one line says why."""
    path = tmp_path / "snapshot.json"
    if data is not None:
        path.write_bytes(data)
    outcome = play(environment_of(("trunk", TOKYO, str(path))))

    assert outcome.set_in_order == ()
    assert "no verdict: " in outcome.told
    assert outcome.told.count("\n") == 1
    assert outcome.status == 1


@pytest.mark.parametrize(
    "begin",
    [
        environment_of(("trunk", TOKYO)),
        environment_of(("trunk", TOKYO, "/nowhere", "more")),
        environment_of(("trunk", TOKYO, "/nowhere"), agi_uniqueid=""),
        environment_of(("trunk", TOKYO, "/nowhere")).replace(b"agi_type", b"agi_network"),
        environment_of(("trunk", TOKYO, "/nowhere"), agi_callerid="\r\nagi_arg_2: 1"),
        b"x" * 10_000,
    ],
    ids=["two-arguments", "four", "no-uniqueid", "forged-key", "forged-line", "garbage"],
)
def test_an_environment_that_asterisk_does_not_send_has_no_verdict(begin: bytes) -> None:
    """Nothing is guessed of it, and no command goes out."""
    outcome = play(begin)

    assert (outcome.commands, outcome.status) == (0, 1)


@pytest.mark.parametrize(
    "answer", [b"", b"HANGUP\n", b"510 Invalid command\n", b"nonsense\n", b"200 result=1 ()\n" * 2]
)
def test_a_channel_that_does_not_answer_has_no_verdict(tmp_path: Path, answer: bytes) -> None:
    """A hangup, an end of file and nonsense in place of a value end it, at once."""
    path = tmp_path / "snapshot.json"
    path.write_bytes(GOOD)
    with start() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(environment_of(("trunk", TOKYO, str(path))))
        process.stdin.flush()
        process.stdout.readline()
        left, told = process.communicate(answer, timeout=30)

    assert left == b""
    assert process.returncode == 1
    assert b"no verdict: " in told


def test_a_verdict_that_was_not_set_is_told(tmp_path: Path) -> None:
    """Where MSet fails the log says so and not that the call was judged."""
    path = tmp_path / "snapshot.json"
    path.write_bytes(GOOD)
    begin = environment_of(("trunk", TOKYO, str(path)))
    answers = b"200 result=1\n" * 4 + b"200 result=-1\n"
    with start() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(begin)
        process.stdin.flush()
        for line in answers.splitlines(keepends=True):
            process.stdout.readline()
            process.stdin.write(line)
            process.stdin.flush()
        _left, told = process.communicate(timeout=30)

    assert b"verdict-not-set" in told


def test_a_silent_asterisk_is_not_waited_for() -> None:
    """The process ends by itself when the dialplan's deadline has passed."""
    begin = time.monotonic()
    with start() as process:
        assert process.wait(30) == 1

    assert time.monotonic() - begin < 20


def test_it_brings_only_what_it_needs() -> None:
    """Nothing of the daemon's is loaded, so that a process a call stays cheap."""
    heavy = "aiosql aiosqlite asyncio click panoramisk pydantic rich sqlite3 structlog tollguard"
    code = f"import sys, agi.fallback; print(*({heavy.split()!r} & sys.modules.keys()))"
    code = code.replace("[", "{").replace("]", "}")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""


def asked(number: str) -> DialAttempt:
    """Ask as a phone that calls by itself."""
    return DialAttempt(
        number, "trunk", "PJSIP/6001-0000002a", "1.1", "1.1", "192.0.2.7:5060", 0.0, Claim()
    )


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("number", ["110", TOKYO, MONACO])
def test_every_decision_says_that_no_registration_counted(mode: Mode, number: str) -> None:
    """The step stands in each; one that costs says besides what enforcing does with it."""
    decision = judge(asked(number), policy(mode), 0.0)
    codes = [step.reason for step in decision.steps]

    assert UNBOUND in codes
    assert (CHARGEABLE in codes) == (number == MONACO)
    assert decision.verdict is (
        Verdict.DENY if number == MONACO and mode is Mode.ENFORCE else Verdict.ALLOW
    )


def test_a_suspension_holds_for_a_phone_of_chan_sip() -> None:
    """A guest who bears its name is held by it as well: nothing is asked of chan_sip here."""
    attempt = replace(asked(TOKYO), channel="SIP/6001-0000002a", source=None)
    shut = suspended(SuspensionKind.ENDPOINT, "6001")

    assert judge(attempt, policy(Mode.ENFORCE, shut), 0.0).reason == "endpoint-suspended"


def test_an_answer_has_no_token() -> None:
    """Nobody here could account for it, denied or allowed."""
    allowed = answer_to(judge(asked(TOKYO), policy(Mode.ENFORCE), 0.0), Mode.ENFORCE)
    denied = answer_to(judge(asked(MONACO), policy(Mode.ENFORCE), 0.0), Mode.ENFORCE)

    assert (allowed.number, allowed.limit_ms, allowed.token) == (TOKYO, int(LIMIT_MS), "")
    assert (denied.number, denied.limit_ms, denied.token) == ("", 0, "")
    assert denied.reason == CHARGEABLE
