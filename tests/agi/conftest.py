"""Gives a flood's tests the descriptors that both of its ends need."""

import resource
from collections.abc import Iterator

import pytest


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Let this process hold 4,096 descriptors: the flood's other end is in it too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
