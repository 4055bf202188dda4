"""The daemon's log: one ``key=value`` line per decision and state change, to stderr for journald.

What came from the network is `repr`'d, so a CR or LF in it cannot forge a line.
"""

import logging
import sys
from collections.abc import Callable
from typing import TextIO

import structlog

MAX_VALUE = 300
MAX_TRACEBACK = 8_000


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send structlog and the libraries' own records to ``stream``, else to stderr."""
    stream = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_OneLine())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


class _OneLine(logging.Formatter):
    """Writes a library's record as `_render` writes ours."""

    def format(self, record: logging.LogRecord) -> str:
        """Make one line, whatever the message and the traceback hold."""
        message = repr(record.getMessage())[1:-1].replace("\\'", "'")
        line = f"level={record.levelname.lower()} event={message}"
        if not record.exc_info:
            return line
        return f"{line} exception={self.formatException(record.exc_info)[:MAX_TRACEBACK]!r}"


def shown(value: object) -> str:
    """Write one value of a line: text as its repr and cut when long, anything else as it is."""
    return repr(value[:MAX_VALUE]) if isinstance(value, str) else str(value)


def line_writer() -> Callable[[str], None]:
    """Give what writes a finished line where all others go.

    For the one line of each call: structlog takes three times as long for it. Every value in
    such a line is `shown`, and it begins as `_render` begins one.
    """
    write: Callable[[str], None] = structlog.get_config()["logger_factory"]().info
    return write


def _render(_logger: object, _method: str, fields: structlog.typing.EventDict) -> str:
    """Write one line: level and event as they are, every other text as its repr, cut when long."""
    line = f"level={fields.pop('level')} event={fields.pop('event')}"
    traceback: str = fields.pop("exception", "")
    for key, value in fields.items():
        line += f" {key}={shown(value)}"
    return f"{line} exception={traceback[:MAX_TRACEBACK]!r}" if traceback else line
