"""How fast AMI bytes become typed events, beside plain panoramisk's parser in the same run.

Both read the same captured stream in the same chunks on a running loop; panoramisk calls a
synchronous callback, ours calls the sink with a translated event. Processor time is counted, so a
busy neighbour disturbs neither. Absolute figures are this
machine's; only the ratio travels. Run alone: ``python -m tests.bench.ami``.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from multiprocessing.connection import Connection as Pipe
from typing import Any

import uvloop
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from ami_listener.events import LIVE_EVENTS, Rules
from ami_listener.framing import BANNER, event_name
from ami_listener.protocol import AmiProtocol
from policies.events import Event
from tests.corpus.ami_captures import captures

CHUNK_BYTES = 64 * 1024
ROUNDS = 5  # the two take turns, so a disturbance hits both
# What a PBX with 100 phones sends beside what we need, when no eventfilter keeps it away.
UNNEEDED = b"".join(
    b"Event: VarSet\r\nPrivilege: dialplan,all\r\nTimestamp: 1.1\r\n"
    b"Channel: PJSIP/6001-0000000%d\r\nChannelState: 4\r\nChannelStateDesc: Ring\r\n"
    b"CallerIDNum: 6001\r\nContext: internal\r\n"
    b"Exten: 0312345678\r\nPriority: 1\r\nUniqueid: 1.%d\r\nLinkedid: 1.%d\r\nVariable: X\r\n"
    b"Value: 1\r\n\r\n" % (n, n, n)
    for n in range(5)
)


class Sinkhole(asyncio.Transport):
    """A transport that goes nowhere and tells when the protocol would read on."""

    def __init__(self) -> None:
        super().__init__()
        self.drained = asyncio.Event()

    def is_closing(self) -> bool:
        """Never."""
        return False

    def pause_reading(self) -> None:
        """Reading is the bench's own loop."""
        self.drained.clear()

    def resume_reading(self) -> None:
        """Everything that was read has been handled."""
        self.drained.set()


def needed_frames() -> list[bytes]:
    """Captured events that are translated."""
    return [frame for _, frame in captures() if event_name(frame) in LIVE_EVENTS]


def chunks(frames: list[bytes], events: int, *, unneeded: bool) -> tuple[list[bytes], int]:
    """Make a stream of at least ``events`` events, cut as a socket would."""
    once = b"".join(frame + b"\r\n\r\n" for frame in frames) + (UNNEEDED * 8 if unneeded else b"")
    times = events // once.count(b"\r\n\r\n") + 1
    data = once * times
    cut = [data[n : n + CHUNK_BYTES] for n in range(0, len(data), CHUNK_BYTES)]
    return cut, times * once.count(b"\r\n\r\n")


async def ours_per_s(cut: list[bytes], count: int) -> float:
    """Events a second through our protocol, its turns in the loop included."""
    seen: list[Event] = []
    protocol = AmiProtocol(seen.append, Rules(), time.monotonic, lambda _error: None)
    transport = Sinkhole()
    protocol.connection_made(transport)
    protocol.data_received(BANNER + b"11.0.0\r\n")
    begun_s = time.process_time()
    for chunk in cut:
        protocol.data_received(chunk)
        await transport.drained.wait()
        seen.clear()
    return count / (time.process_time() - begun_s)


async def plain_per_s(cut: list[bytes], count: int) -> float:
    """Events a second through plain panoramisk with a callback that keeps the message."""
    seen: list[Any] = []
    manager = Manager()
    manager.register_event("*", lambda _manager, event: seen.append(event))
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.encoding, protocol.factory = "utf8", manager
    begun_s = time.process_time()
    for chunk in cut:
        protocol.data_received(chunk)
        await asyncio.sleep(0)
        seen.clear()
    return count / (time.process_time() - begun_s)


def run(events: int) -> dict[str, float]:
    """Measure both on needed events alone, and on a stream that is mostly not needed.

    Returns:
        Events a second of each and the ratios; ``ratio`` is that of needed events alone.
    """
    figures: dict[str, float] = {}
    for name, unneeded in (("needed", False), ("mixed", True)):
        cut, count = chunks(needed_frames(), events, unneeded=unneeded)
        ours, plain = 0.0, 0.0
        for _ in range(ROUNDS):
            plain = max(plain, uvloop.run(plain_per_s(cut, count)))
            ours = max(ours, uvloop.run(ours_per_s(cut, count)))
        figures[f"{name}_ours_per_s"] = round(ours)
        figures[f"{name}_plain_per_s"] = round(plain)
        figures[f"{name}_ratio"] = round(ours / plain, 2)
    figures["ratio"] = figures["needed_ratio"]
    return figures


@contextlib.asynccontextmanager
async def flood_peer() -> AsyncIterator[int]:
    """Run a child process that accepts any login and then floods without limit.

    It answers every list action with an empty list, so a session comes up on it.

    Yields:
        Its port on 127.0.0.1.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=flood_forever, args=(theirs,), daemon=True)
    await asyncio.to_thread(child.start)
    try:
        yield await asyncio.to_thread(ours.recv)
    finally:
        child.kill()
        await asyncio.to_thread(child.join)


def flood_forever(parent: Pipe) -> None:
    """Serve one connection after another: answer, and write events as fast as they are read."""
    listener = socket.create_server(("127.0.0.1", 0))
    parent.send(listener.getsockname()[1])
    data = b"".join(frame + b"\r\n\r\n" for frame in needed_frames()) * 8
    while True:
        peer, _ = listener.accept()
        with contextlib.suppress(OSError):
            _flood(peer, data)


def _flood(peer: socket.socket, data: bytes) -> None:
    peer.sendall(BANNER + b"11.0.0\r\n")
    waiting = bytearray()
    logged_in = False
    while True:
        peer.settimeout(0 if logged_in else None)
        with contextlib.suppress(BlockingIOError):
            came = peer.recv(65536)
            if not came:
                return
            waiting += came
        peer.settimeout(None)
        for reply in _replies(waiting):
            peer.sendall(reply)
            logged_in = True
        peer.sendall(data if logged_in else b"")


def _replies(waiting: bytearray) -> Iterator[bytes]:
    """Answer each whole action: lists with an empty one, anything else with success."""
    while (end := waiting.find(b"\r\n\r\n")) >= 0:
        fields = dict(line.split(b": ", 1) for line in bytes(waiting[:end]).split(b"\r\n"))
        del waiting[: end + 4]
        action, action_id = fields[b"Action"], fields[b"ActionID"]
        absent = b"Show" in action or b"peer" in action
        word = b"Error\r\nMessage: Invalid/unknown command" if absent else b"Success"
        yield b"Response: %s\r\nActionID: %s\r\n\r\n" % (word, action_id)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    sys.stdout.write(json.dumps(run(parser.parse_args().events), indent=2) + "\n")


if __name__ == "__main__":
    main()
