"""Talking with systemd and with signals: ready, alive, stopping."""

import asyncio
import faulthandler
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable

import structlog

BEATS_PER_WATCHDOG = 3  # sd_watchdog_enabled(3) advises at least two in the interval
AGAIN_S = 1.0
STDERR = 2
# Objects made before the collector looks, and looks of a generation before the next older one.
# Python's own (700, 10, 10) costs a third of the gate's time: a call makes some hundred objects,
# and none of them is a cycle.
COLLECT_AFTER = (50_000, 20, 50)
# How long a thread waits for a busy loop, several times a row. With Python's own 5 ms the ledger's
# thread took 16 ms a row beside an AMI flood, with this 3 ms; it must be below a turn of AMI.
HAND_OVER_S = 50e-6

log = structlog.get_logger("tollguard.daemon")


def notify(state: str) -> bool:
    """Tell systemd, with one datagram and no library (sd_notify(3)).

    Args:
        state: Lines such as ``READY=1``.

    Returns:
        Whether there was anybody to tell and the datagram left.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as peer:
        peer.settimeout(0)
        try:
            peer.sendto(
                state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address
            )
        except OSError:
            return False
    return True


def watchdog_interval_s() -> float | None:
    """How often to feed the watchdog; None when systemd watches nothing of this process."""
    try:
        wanted_us = int(os.environ.get("WATCHDOG_USEC", "0"))
        pid = int(os.environ.get("WATCHDOG_PID", str(os.getpid())))
    except ValueError:
        return None
    if wanted_us <= 0 or pid != os.getpid():
        return None
    return wanted_us / 1e6 / BEATS_PER_WATCHDOG


def calm_collector() -> None:
    """Leave what the start made out of every later collection, and collect seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()


def hand_over_soon() -> None:
    """Let the ledger's thread have the interpreter soon although the loop is busy."""
    sys.setswitchinterval(HAND_OVER_S)


async def feed_watchdog() -> None:
    """Feed systemd's watchdog from the loop, so that a stalled loop is killed and started again."""
    interval_s = watchdog_interval_s()
    if interval_s is None:
        return
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(interval_s)


def on_signals(stop: Callable[[], None], reload: Callable[[], None]) -> None:
    """Stop on SIGTERM and SIGINT, reload on SIGHUP; called in the running loop.

    The watchdog's SIGABRT ends it at once, but where each thread stood goes to the journal.
    """
    faulthandler.enable(file=STDERR)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGHUP, reload)


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run a task of the daemon for ever; a bug in it is told and it starts again.

    One subject's bug must not take the gate down with it.

    Args:
        name: For the log.
        work: Runs until cancelled; returning means there is nothing to do.
    """
    while True:
        try:
            await work()
        except Exception:
            log.exception("task-failed", task=name)
            await asyncio.sleep(AGAIN_S)
        else:
            return
