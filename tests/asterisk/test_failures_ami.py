"""The failure table, AMI's part: gone, refused, stalled, and Asterisk itself restarted."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.asterisk.failures import Cell, Scene, prove

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("failures-ami")]


@pytest.fixture(scope="module")
def scene(installed: None) -> Iterator[Scene]:
    """Start one for all cells."""
    with Scene() as running:
        yield running


@contextmanager
def gone(scene: Scene) -> Iterator[None]:
    """End the connections, and take no new one."""
    scene.relay.cut()
    try:
        yield
    finally:
        scene.relay.mend()


@contextmanager
def stalled(scene: Scene) -> Iterator[None]:
    """Keep the connections, and let no byte pass."""
    scene.relay.hold()
    try:
        yield
    finally:
        scene.relay.mend()


@contextmanager
def refused(scene: Scene) -> Iterator[None]:
    """Change both users' secrets in Asterisk and have the daemon log in again."""
    path = scene.guarded.asterisk.folder / "etc/manager.d/tollguard-secret.conf"
    right = path.read_text()
    access = scene.guarded.asterisk.access
    wrong = secrets.token_hex(16)
    path.write_text(right.replace(access.eyes_secret, wrong).replace(access.hands_secret, wrong))
    scene.guarded.asterisk.cli("manager reload")
    scene.relay.cut()
    scene.relay.mend()
    try:
        yield
    finally:
        path.write_text(right)
        scene.guarded.asterisk.cli("manager reload")
        with scene.restarted():  # a refused login is tried again only after a minute
            pass


@contextmanager
def refused_from_the_start(scene: Scene) -> Iterator[None]:
    """Give the daemon another secret than Asterisk's, so that it has never seen anything."""
    files = [scene.file(name) for name in ("ami-eyes", "ami-hands")]
    right = [file.read_text() for file in files]
    scene.daemon.stop()
    for file in files:
        file.write_text(secrets.token_hex(16))
    scene.daemon.launch()
    scene.wait_listening()
    try:
        yield
    finally:
        for file, text in zip(files, right, strict=True):
            file.write_text(text)
        with scene.restarted():
            pass


@contextmanager
def asterisk_restarted(scene: Scene) -> Iterator[None]:
    """Kill Asterisk and start it again; the daemon stays."""
    scene.guarded.asterisk.restart()
    yield
    scene.daemon.wait_ready()
    scene.guarded.asterisk.mark_descriptors()  # AMI's connections are new


CELLS = {
    "gone": Cell(gone, abroad=200, told="blind", shown="blind:"),
    "stalled": Cell(stalled, abroad=200, told="blind", shown="blind:"),
    "refused": Cell(refused, abroad=200, told="refused", shown="AMI refused the user"),
    "refused from the start": Cell(
        refused_from_the_start, abroad=200, told="refused", shown="AMI refused the user"
    ),
    "Asterisk restarted": Cell(asterisk_restarted, abroad=200, told="standing=down"),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_table_holds_without_ami(scene: Scene, name: str) -> None:
    """Calls go on being judged, each abroad with its row; journal and status say what is unseen."""
    prove(scene, CELLS[name])
