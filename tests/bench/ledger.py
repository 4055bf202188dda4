"""Durable rows a second, and what one sync of this disk takes.

Run alone: ``python -m tests.bench.ledger``; with a folder, it measures there and prints JSON.
"""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from tollguard.ledger import Ledger
from tollguard.ledger_file import Reservation

CALLERS = (1, 50, 500)
MEASURE_S = 1.0
SYNCS = 200
SLOW_SYNC_US = 5_000  # a plain disk; many virtual ones take a fraction of a millisecond


def sync_ms(folder: Path) -> float:
    """Measure the median of writing 4 KiB and waiting for the disk."""
    took = []
    file = os.open(folder / "sync", os.O_WRONLY | os.O_CREAT, 0o600)
    for n in range(SYNCS):
        begun_s = time.perf_counter()
        os.pwrite(file, b"x" * 4096, n * 4096)
        os.fdatasync(file)
        took.append(time.perf_counter() - begun_s)
    os.close(file)
    return statistics.median(took) * 1000


async def reserve_for_a_while(ledger: Ledger, until_s: float) -> list[float]:
    """Reserve one row after the other; returns how long each took."""
    took = []
    while (begun_s := time.perf_counter()) < until_s:
        await ledger.reserve(
            Reservation("t" * 32, "6001", "01037793123456", "MC", "trunk", "1.1", "1.1", 1, 1)
        )
        took.append(time.perf_counter() - begun_s)
    return took


async def rows(path: Path, callers: int) -> dict[str, float]:
    """Measure rows a second and the median wait with so many callers at once."""
    ledger = Ledger.open(path)
    begun_s = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(reserve_for_a_while(ledger, begun_s + MEASURE_S))
            for _ in range(callers)
        ]
    whole_s = time.perf_counter() - begun_s
    took = sorted(one for task in asked for one in task.result())
    await ledger.close()
    return {
        "rows_per_s": round(len(took) / whole_s),
        "p50_ms": round(statistics.median(took) * 1000, 3),
    }


def measure(folder: Path) -> dict[str, object]:
    """Measure the disk and the ledger in one folder."""
    figures: dict[str, object] = {"sync_ms": round(sync_ms(folder), 3)}
    for callers in CALLERS:
        figures[f"{callers} callers"] = uvloop.run(rows(folder / f"{callers}.db", callers))
    return figures


def measure_slow(folder: Path) -> dict[str, object]:
    """The same with each sync of the logs held up 5 ms; empty where there is no strace."""
    strace = shutil.which("strace")
    if strace is None:
        return {}
    done = subprocess.run(
        [
            strace, "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null",
            "-e", "trace=fdatasync", "-e", f"inject=fdatasync:delay_exit={SLOW_SYNC_US}",
            sys.executable, "-m", "tests.bench.ledger", str(folder),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    figures: dict[str, object] = json.loads(done.stdout)
    return figures


def run() -> dict[str, object]:
    """Measure on this disk as it is, and as if it took 5 ms a sync."""
    with tempfile.TemporaryDirectory() as fast, tempfile.TemporaryDirectory() as slow:
        return {"as it is": measure(Path(fast)), "with 5 ms a sync": measure_slow(Path(slow))}


if __name__ == "__main__":
    told = measure(Path(sys.argv[1])) if len(sys.argv) > 1 else run()
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
