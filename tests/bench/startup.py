"""How long a command takes to start, beside a Python that only imports click."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.tollguard.node import LAUNCH, make_node

ROUNDS = 9


def took_ms(command: list[str]) -> float:
    """Run a command once; its exit status is its own business."""
    begun_s = time.perf_counter()
    subprocess.run(command, check=False, capture_output=True)
    return (time.perf_counter() - begun_s) * 1000


def run() -> dict[str, float]:
    """Compare `tollguard status` with ``python -c "import click"``, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        node = make_node(Path(folder) / "n")
        status = [
            sys.executable,
            "-c",
            LAUNCH,
            "--config",
            str(node.folder / "node.toml"),
            "status",
        ]
        click = [sys.executable, "-c", "import click"]
        took = [(took_ms(click), took_ms(status)) for _ in range(ROUNDS)]
    of_click = statistics.median(one for one, _ in took)
    of_status = statistics.median(one for _, one in took)
    return {
        "import_click_ms": round(of_click, 1),
        "status_ms": round(of_status, 1),
        "times": round(of_status / of_click, 2),
    }
