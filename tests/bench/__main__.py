"""``make bench``: the figures that the design promises, as a table and as JSON.

No test asserts on any of them: they are this machine's, so a missed target is said and the exit
code stays 0. ``BENCH_JSON=FILE`` keeps the JSON.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench import ami, asterisk, decision, ledger, policy, startup
from tests.bench.target import at_least, at_most
from tollguard import logs

AMI_EVENTS = 50_000
WIDTH = 44
GATE_TARGETS = {
    "domestic, 1 callers": 0.7,
    "domestic, 50 callers": 0.7,
    "domestic, 500 callers": 0.7,
    "all chargeable, 50 callers": 0.4,
}


def say(text: str = "") -> None:
    """Print one line at once: a bench that is silent for a minute looks hung."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def row(name: str, figure: str, target: str = "") -> None:
    """Print one line of the table."""
    say(f"  {name:<{WIDTH}} {figure:<34} {target}".rstrip())


def show_gate(told: dict[str, Any]) -> None:
    """Print the gate's lines."""
    say("gate, full decision, beside a bare FastAGI handler")
    for name, figures in told["ratios"].items():
        bare, gate = figures["bare"], figures["gate"]
        target = GATE_TARGETS.get(name)
        rates = f"{gate['calls_per_s']:.0f} of {bare['calls_per_s']:.0f} calls/s"
        word = "" if target is None else at_least(figures["ratio"], target)
        row(name, f"{figures['ratio']:.2f}  {rates}", word)
        failed = bare["failed"] + gate["failed"]
        if failed:
            row("", f"{failed} sessions FAILED")
    flood = told["flood"]
    row(
        f"beside an AMI flood, {flood['callers']} callers",
        f"p99 {flood['p99_ms']:.1f} ms  {flood['calls_per_s']:.0f} calls/s",
        f"{flood['events']} events meanwhile",
    )


def show_ami(told: dict[str, Any]) -> None:
    """Print the listener's lines."""
    say("AMI bytes to typed event, beside plain panoramisk")
    for name in ("needed", "mixed"):
        rates = f"{told[f'{name}_ours_per_s']} of {told[f'{name}_plain_per_s']} events/s"
        ratio = told[f"{name}_ratio"]
        target = at_least(ratio, 2.0) if name == "needed" else ""
        row(f"{name} events", f"{ratio:.2f}  {rates}", target)


def show_ledger(told: dict[str, Any]) -> None:
    """Print the ledger's lines."""
    for disk, figures in told.items():
        say(f"ledger, {disk}")
        if not figures:
            row("not measured", "strace is missing")
            continue
        row("one sync of the disk", f"{figures['sync_ms']:.2f} ms")
        for callers in ledger.CALLERS:
            one = figures[f"{callers} callers"]
            row(f"{callers} callers", f"{one['rows_per_s']} rows/s  p50 {one['p50_ms']:.2f} ms")


def show_policy(told: dict[str, Any]) -> None:
    """Print the line of a policy change."""
    say("policy change, from the command's first byte to in force")
    worst = f"{told['median_ms']:.0f} ms  worst {told['worst_ms']:.0f} ms"
    row("median", worst, at_most(told["median_ms"], 200, " ms"))


def show_startup(told: dict[str, Any]) -> None:
    """Print the line of the command's start."""
    say("start of a command")
    times = f"{told['times']:.1f} x  {told['status_ms']:.0f} of {told['import_click_ms']:.0f} ms"
    row("tollguard status beside import click", times, at_most(told["times"], 5.0, " x"))


def show_asterisk(told: dict[str, Any]) -> None:
    """Print the lines of a real Asterisk."""
    say("a real Asterisk 22 with the whole product")
    if not told:
        row("not measured", "there is no Asterisk")
        return
    made, cuts = told["calls"], told["cuts"]
    row("INVITE to final answer, without a gate", _shown(made["without"]))
    for kind in ("home", "abroad"):
        row(f"{kind}, through the gate", _shown(made[kind]))
        lost = {name: made[kind][name] - made["without"][name] for name in made["without"]}
        row("  so it loses", _shown(lost), at_most(round(lost["median_ms"], 2), 1, " ms"))
    row("  of it the daemon's judging", _shown(made["judging"]))
    idle, burst = cuts["idle"], cuts["burst"]
    word = at_most(idle["p95_ms"], 3.4, " ms")
    row("DialBegin to Hangup around the gate, idle", _shown(idle), word)
    word = at_most(burst["p95_ms"], 74, " ms")
    row(f"in a burst of {asterisk.BURST}", _shown(burst), word)


def _shown(figures: dict[str, float]) -> str:
    return f"median {figures['median_ms']:.2f} ms  p95 {figures['p95_ms']:.2f} ms"


def main() -> None:
    """Measure one subject after the other, printing each as it is done."""
    begun_s = time.monotonic()
    figures: dict[str, Any] = {}
    with Path(os.devnull).open("w") as nowhere:
        logs.configure(stream=nowhere)
        for name, measure, show in (
            ("gate", decision.run, show_gate),
            ("ami", lambda: ami.run(AMI_EVENTS), show_ami),
            ("ledger", ledger.run, show_ledger),
            ("policy", policy.run, show_policy),
            ("startup", startup.run, show_startup),
            ("asterisk", asterisk.run, show_asterisk),
        ):
            figures[name] = measure()
            show(figures[name])
    figures["took_s"] = round(time.monotonic() - begun_s, 1)
    text = json.dumps(figures, indent=1)
    kept = os.environ.get("BENCH_JSON")
    if kept:
        Path(kept).write_text(text + "\n")
    say(f"took {figures['took_s']} s" if kept else text)


if __name__ == "__main__":
    main()
