"""A scripted gate that says exactly what a test tells it, right or wrong.

The product's own gate cannot be made to misbehave like this, and the dialplan must not trust it.
"""

import socketserver
import threading
from collections.abc import Callable

TOKEN = "t0ken"

Script = Callable[["Session"], None]


class Session:
    """One FastAGI session, from the gate's side.

    Attributes:
        environment: The ``agi_*`` values that Asterisk sent.
    """

    def __init__(self, handler: socketserver.StreamRequestHandler) -> None:
        """Read the environment up to its empty line."""
        self._handler = handler
        self.environment: dict[str, str] = {}
        for raw in iter(handler.rfile.readline, b"\n"):
            if not raw:
                break
            key, _, value = raw.decode(errors="backslashreplace").rstrip("\n").partition(": ")
            self.environment[key] = value

    @property
    def dialled(self) -> str:
        """Return the number as the dialplan passed it."""
        return self.environment.get("agi_arg_2", "")

    def send(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self._handler.wfile.write(raw)

    def command(self, text: str) -> str:
        """Send a command and return Asterisk's line."""
        self.send(text.encode() + b"\n")
        return self._handler.rfile.readline().decode(errors="backslashreplace").strip()

    def wait_for_end(self) -> None:
        """Say nothing until Asterisk closes."""
        self._handler.rfile.read()

    def reset(self) -> None:
        """Close with a reset instead of an orderly end."""
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self._handler.connection.setsockopt(1, 13, linger)  # SOL_SOCKET, SO_LINGER


class GatePeer:
    """A FastAGI server whose behaviour is a function.

    Attributes:
        script: What is done in each session; may be changed at any time.
        environments: What Asterisk sent, one for each session.
    """

    def __init__(self, script: Script) -> None:
        """Listen on a free port of 127.0.0.1."""
        self.script = script
        self.environments: list[dict[str, str]] = []
        peer = self

        class Handler(socketserver.StreamRequestHandler):
            """Hands each connection to the script."""

            def handle(self) -> None:
                """Run one session; Asterisk may go at any time."""
                try:
                    session = Session(self)
                    peer.environments.append(session.environment)
                    peer.script(session)
                except (ConnectionError, BrokenPipeError):
                    return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="gate", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """Return ``address:port``, as TOLLGUARD_GATE wants it."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def allow(number: str | None = None, limit_ms: str = "60000", token: str = TOKEN) -> Script:
    """Allow every call: the dialled number when none is given."""

    def script(session: Session) -> None:
        judged = session.dialled if number is None else number
        session.command(f'SET VARIABLE _TOLLGUARD_TOKEN "{token}"')
        session.command(f'SET VARIABLE TOLLGUARD_NUMBER "{judged}"')
        session.command(f'SET VARIABLE TOLLGUARD_LIMIT_MS "{limit_ms}"')
        session.command('SET VARIABLE TOLLGUARD_VERDICT "ALLOW"')

    return script


def deny(session: Session) -> None:
    """Deny every call."""
    session.command('SET VARIABLE TOLLGUARD_VERDICT "DENY"')


def close_at_once(session: Session) -> None:
    """Close without a word."""


def reset_at_once(session: Session) -> None:
    """Break the connection off."""
    session.reset()


def half_line_and_close(session: Session) -> None:
    """Close in the middle of the line that would have been the verdict."""
    session.send(b'SET VARIABLE TOLLGUARD_VERDICT "ALLOW')


def garbage(session: Session) -> None:
    """Send lines that are no AGI."""
    session.send(b"\x00\xff\xfe 200 result=1\nALLOW\nTOLLGUARD_VERDICT=ALLOW\n" * 20)


def silent(session: Session) -> None:
    """Say nothing until Asterisk gives up."""
    session.wait_for_end()


def number_without_verdict(session: Session) -> None:
    """Set everything but the verdict, then close."""
    session.command(f'SET VARIABLE TOLLGUARD_NUMBER "{session.dialled}"')
    session.command('SET VARIABLE TOLLGUARD_LIMIT_MS "60000"')
