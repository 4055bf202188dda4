"""How long a policy change takes until a running daemon says that it judges by it."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from policies.policy import Mode
from tests.tollguard.node import ACTOR, make_node
from tollguard.store import Store

CHANGES = 20
GIVE_UP_S = 5.0


async def changes(url: str) -> list[float]:
    """Change the mode again and again; returns how long each took to be in force."""
    store = await Store.open(url)
    took_ms = []
    for n in range(CHANGES):
        mode = Mode.ENFORCE if n % 2 else Mode.OBSERVE
        begun_s = time.monotonic()
        revision = (await store.set_mode(mode, ACTOR, now_s=time.time())).revision
        while (await store.nodes())[0].policy_revision != revision:
            assert time.monotonic() - begun_s < GIVE_UP_S, f"revision {revision} is not in force"
        took_ms.append((time.monotonic() - begun_s) * 1000)
    await store.close()
    return took_ms


def run() -> dict[str, float]:
    """Measure on a daemon of its own."""
    with tempfile.TemporaryDirectory() as folder:
        node = make_node(Path(folder) / "n")
        with node.running():
            took_ms = asyncio.run(changes(node.config.store.url))
    return {
        "median_ms": round(statistics.median(took_ms), 1),
        "worst_ms": round(max(took_ms), 1),
    }
