"""Gives each test the log as it was, and a node to the tests of a whole daemon.

A daemon in a test's own process binds the log to that test.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.tollguard.node import Node, make_node


@pytest.fixture(autouse=True)
def _log_restored() -> Iterator[None]:
    before = logging.root.handlers[:]
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = before


@pytest.fixture
async def node(tmp_path: Path) -> Node:
    """Give a node in enforce whose endpoint 6001 may call abroad; its daemon is not started."""
    made = make_node(tmp_path / "n")
    await made.set_policy()
    return made
