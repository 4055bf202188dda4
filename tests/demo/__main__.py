"""Runs the demo: `make demo`, and `make demo KEEP=1` to play with it afterwards."""

import argparse
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.asterisk import fetch
from tests.asterisk.flavours import AsteriskUnavailableError
from tests.demo.narrator import Narrator
from tests.demo.stage import Stage
from tests.demo.story import Story

STAY = "--stay"


def main() -> int:
    """Play the story; returns 0 when every step held."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    parser.add_argument(STAY, type=int, metavar="FD", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.keep:
        return keep()
    try:
        fetch.installation("22")
    except AsteriskUnavailableError as error:
        sys.stderr.write(f"demo: {error}\n")
        return 69
    return play(options.stay)


def play(stay: int | None) -> int:
    """Play once; with a descriptor, report the result there and stay until SIGTERM."""
    narrator = Narrator()
    narrator.say("Starting a private Asterisk with our files, a trunk, and tollguard beside it …")
    with Stage() as stage:
        narrator.guarded_by(stage.daemon)
        Story(stage, narrator).play()
        if stay is None:
            code = narrator.end()
            if code == 0:
                farewell()
            return code
        stage.daemon.start()
        for noun in (("international",), ("endpoint", "6001"), ("endpoint", "6002")):
            stage.daemon.run("resume", *noun)
        code = narrator.end()
        invite(stage)
        wait_for_the_end(stay, code)
        return code


def keep() -> int:
    """Play in a process of its own that outlives this one; returns the story's result."""
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "tests.demo", STAY, str(writer)]
    subprocess.Popen(command, pass_fds=[writer], start_new_session=True)
    os.close(writer)
    with os.fdopen(reader) as result:
        said = result.read()
    return int(said) if said else 1


def wait_for_the_end(descriptor: int, code: int) -> None:
    """Let the terminal go, report the result, and wait for SIGTERM."""
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.write(descriptor, str(code).encode())
    os.close(descriptor)
    over.wait()


def farewell() -> None:
    """Say what to do next."""
    sys.stdout.write(
        "What next: `make demo KEEP=1` leaves this running to play with; docs/asterisk.md says\n"
        "how to put tollguard beside your own Asterisk; `make test` runs every test.\n"
    )


def invite(stage: Stage) -> None:
    """Say how to play with what was left running."""
    bin_folder = Path(sys.executable).parent
    sys.stdout.write(
        f"""
Everything is still running, in {stage.daemon.folder}. Try:
  export TOLLGUARD_CONFIG={stage.daemon.config}
  {bin_folder}/tollguard status
  {bin_folder}/python -m tests.demo.dial 6001 01037793123456
  {bin_folder}/tollguard verdicts
Registrations last 5 minutes; after that `tollguard registrations` lists no address. Once more:
  {bin_folder}/python -m tests.demo.dial register 6001
End it with:
  kill {os.getpid()}
"""
    )


if __name__ == "__main__":
    sys.exit(main())
