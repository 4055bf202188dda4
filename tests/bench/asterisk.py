"""What a call loses in the gate, and how long one around it lives, on a real Asterisk 22.

The whole product runs beside it as an operator has it.
Run alone: ``python -m tests.bench.asterisk``.
"""

import json
import re
import statistics
import sys
import time
from collections.abc import Sequence

from tests.asterisk import fetch
from tests.asterisk.etc import Site
from tests.asterisk.flavours import AsteriskUnavailableError
from tests.asterisk.guarded import Guarded
from tests.asterisk.rawami import RawAmi
from tests.asterisk.rawphone import RawPhone
from tests.tollguard.judging import MONACO, TOKYO

ROUNDS = 4  # with and without take turns, so a disturbance hits both
CALLS = 40  # of each kind in a round
IDLE_LEGS = 60
BURSTS = 4
BURST = 100
UNGATED = "*9"
PHONES = f"""exten => _{UNGATED}.,1,Dial(PJSIP/${{EXTEN:2}}@trunk,30,i)
include => tollguard-outbound
"""
ROBOT = """
[robot]
secret=robot-secret
read=call
write=originate,call
"""


def percentiles(took_ms: Sequence[float]) -> dict[str, float]:
    """Give the median and the 95th percentile."""
    return {
        "median_ms": round(statistics.median(took_ms), 2),
        "p95_ms": round(sorted(took_ms)[int(len(took_ms) * 0.95)], 2),
    }


def answered_ms(phone: RawPhone, number: str) -> float:
    """Call, and say how long the final answer took from the first INVITE; then hang up.

    Raises:
        AssertionError: The call was not answered.
    """
    begun_s = time.perf_counter()
    dialog = phone.call(number)
    took_s = time.perf_counter() - begun_s
    assert dialog.code == 200, f"{number}: {dialog.code}"
    phone.hang_up(dialog)
    return took_s * 1000


def calls(guarded: Guarded) -> dict[str, dict[str, float]]:
    """Call at home and abroad through the gate, and around it where no tollguard runs."""
    kinds = {"without": f"{UNGATED}{TOKYO}", "home": TOKYO, "abroad": MONACO}
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    with RawPhone(guarded.asterisk.access) as phone:
        assert phone.register() == 200
        for _ in range(ROUNDS):
            guarded.daemon.stop()
            took["without"] += [answered_ms(phone, kinds["without"]) for _ in range(CALLS)]
            guarded.daemon.start()
            for kind in ("home", "abroad"):
                took[kind] += [answered_ms(phone, kinds[kind]) for _ in range(CALLS)]
    return {kind: percentiles(all_ms) for kind, all_ms in took.items()}


def lived_ms(ami: RawAmi, legs: int) -> list[float]:
    """Originate legs toward the trunk at once; say how long after its DialBegin each hung up.

    Asterisk's own times of the two events are taken.
    """
    for n in range(legs):
        ami.send(
            Action="Originate", Async="true", Channel=f"PJSIP/{MONACO}{n % 10}@trunk",
            Application="Wait", Data="20",
        )  # fmt: skip
    began: dict[str, float] = {}
    took_ms: list[float] = []
    while len(took_ms) < legs:
        event = ami.read()
        if event.get("Event") == "DialBegin":
            began[event["DestUniqueid"]] = float(event["Timestamp"])
        elif event.get("Event") == "Hangup" and event["Uniqueid"] in began:
            took_ms.append((float(event["Timestamp"]) - began[event["Uniqueid"]]) * 1000)
    return took_ms


def cuts(guarded: Guarded) -> dict[str, dict[str, float]]:
    """Have legs around the gate cut, one by one and in bursts."""
    guarded.trunk.rings = lambda _number: True
    with RawAmi(guarded.asterisk.access, "robot", "robot-secret") as ami:
        idle = [lived for _ in range(IDLE_LEGS) for lived in lived_ms(ami, 1)]
        burst = [lived for _ in range(BURSTS) for lived in lived_ms(ami, BURST)]
    return {"idle": percentiles(idle), "burst": percentiles(burst)}


def judging_ms(journal: str) -> dict[str, float]:
    """Say how long the daemon itself took, from a call's key to its answer."""
    return percentiles([int(took) / 1000 for took in re.findall(r"took_us=(\d+)", journal)])


def run() -> dict[str, dict[str, dict[str, float]]]:
    """Measure both on one Asterisk.

    Returns:
        ``calls`` (``without`` a gate, at ``home``, ``abroad``) from INVITE to final answer and
        what of it was the daemon's ``judging``, and ``cuts`` (``idle``, ``burst``) from
        DialBegin to Hangup. Empty where there is no Asterisk and none can be fetched.
    """
    try:
        fetch.installation("22")
    except AsteriskUnavailableError:
        return {}
    with Guarded(Site(phones=PHONES, more={"manager.conf": ROBOT})) as guarded:
        guarded.daemon.run("mode", "enforce")
        guarded.daemon.run("grant", "international", "--endpoint", "6001", "--countries", "MC")
        made = calls(guarded)
        made["judging"] = judging_ms(guarded.daemon.journal())
        return {"calls": made, "cuts": cuts(guarded)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2) + "\n")
