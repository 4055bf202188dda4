"""A TCP relay between the daemon and AMI that a test can cut or hold, so that calls go unseen."""

import socket
import threading
from contextlib import suppress

CHUNK_BYTES = 65536


class Relay:
    """Relays every connection to one address until it is cut; while cut, it accepts none.

    Attributes:
        port: Where it listens, on 127.0.0.1.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        """Listen on a free port."""
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._open = True
        self._flowing = threading.Event()
        self._flowing.set()
        threading.Thread(target=self._serve, name="relay", daemon=True).start()

    def cut(self) -> None:
        """End every connection and take no more."""
        self._open = False
        ends, self._ends = self._ends, []
        for end in ends:
            _shut(end)

    def hold(self) -> None:
        """Keep every connection and let no byte pass, as a stalled peer does."""
        self._flowing.clear()

    def mend(self) -> None:
        """Take connections again, and let bytes pass."""
        self._open = True
        self._flowing.set()

    def stop(self) -> None:
        """End everything."""
        self._flowing.set()
        self.cut()
        _shut(self._listener)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._open:
                    self._join(near)
                else:
                    near.close()

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target)
        except OSError:  # not there now, as the peer itself would not be
            near.close()
            return
        self._ends += [near, far]
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                self._flowing.wait()
                sink.sendall(data)
        _shut(sink)
        source.close()


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
