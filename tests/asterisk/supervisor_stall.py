"""A gate that stalls as a bug would make it: half a line on an open socket, and no beat any more.

    python -m tests.asterisk.supervisor_stall PORT

The first session gets half a line; whoever comes later is not even accepted.
A child of it goes on beating, as a helper process of a stuck one may.
"""

import os
import signal
import socket
import sys
import time

from tollguard.supervision import notify

BEAT_S = 0.2


def main(port: int) -> None:
    """Say ready, answer one session with half a line, and stand still."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        notify("READY=1")
        if not os.fork():
            beat()
        session, _ = listener.accept()
        session.recv(65536)
        session.sendall(b'SET VARIABLE TOLLGUARD_VERDICT "ALLOW')
        signal.pause()


def beat() -> None:
    """Beat until killed."""
    while True:
        notify("WATCHDOG=1")
        time.sleep(BEAT_S)


if __name__ == "__main__":
    main(int(sys.argv[1]))
