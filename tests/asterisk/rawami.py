"""A bare AMI client: shows what a user is really told, without the product's own reading of it."""

import socket
import time
from types import TracebackType
from typing import Self

from tests.asterisk.etc import Access

Message = dict[str, str]


class RawAmi:
    """One AMI connection; every message that came is kept in order.

    Attributes:
        messages: Everything received so far.
    """

    def __init__(self, access: Access, username: str, secret: str) -> None:
        """Connect and log in; the answer is the first message."""
        self._socket = socket.create_connection((access.address, access.ami_port), timeout=10)
        self._file = self._socket.makefile("rb")
        self._file.readline()  # the banner
        self.messages: list[Message] = []
        self.send(Action="Login", Username=username, Secret=secret)
        self.login = self.read()

    def __enter__(self) -> Self:
        """Return itself; the ``with`` closes the connection."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()

    def send(self, **headers: str) -> None:
        """Send an action and wait for nothing."""
        lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        self._socket.sendall(f"{lines}\r\n".encode())

    def read(self) -> Message:
        """Read one message."""
        message: Message = {}
        for raw in iter(self._file.readline, b"\r\n"):
            if not raw:
                msg = "Asterisk closed the AMI connection"
                raise ConnectionError(msg)
            key, _, value = raw.decode(errors="backslashreplace").rstrip("\r\n").partition(": ")
            message[key] = value
        self.messages.append(message)
        return message

    def act(self, **headers: str) -> Message:
        """Send an action and return its response."""
        self.send(**headers, ActionID="1")
        while True:
            message = self.read()
            if message.get("ActionID") == "1" and "Response" in message:
                return message

    def wait_for(self, event: str, **fields: str) -> Message:
        """Read on until an event with these fields comes.

        Raises:
            AssertionError: It did not come within 10 s.
        """
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            message = self.read()
            if message.get("Event") == event and fields.items() <= message.items():
                return message
        msg = f"no {event} with {fields}"
        raise AssertionError(msg)
