"""The daemon's log: one ``key=value`` line per decision and state change, to stderr for journald.

What came from the network is `repr`'d, so a CR or LF in it cannot forge a line.
"""

import logging
import sys
from typing import TextIO

import structlog

# Keys whose values are ours and need no quoting; every other text is repr'd.
PLAIN_KEYS = frozenset({"event", "level"})
MAX_VALUE = 300
MAX_TRACEBACK = 8_000


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send structlog and the libraries' own records to ``stream``, else to stderr."""
    stream = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _escape,
            structlog.processors.KeyValueRenderer(
                key_order=["level", "event"], repr_native_str=False
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        stream=stream, level=logging.WARNING, format="level=%(levelname)s event=%(message)s"
    )


def _escape(
    _logger: object, _method: str, fields: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Repr every text but our own words; cut what is long."""
    for key, value in fields.items():
        if key not in PLAIN_KEYS and isinstance(value, str):
            fields[key] = repr(value[: MAX_TRACEBACK if key == "exception" else MAX_VALUE])
    return fields
