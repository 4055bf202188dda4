"""Follows docs/asterisk.md on a real Asterisk: its lines load, its commands make the secrets."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.asterisk.etc import manager_conf
from tests.asterisk.guarded import Guarded
from tests.asterisk.rawami import RawAmi
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("operator-steps")]

DOCS = Path(__file__).parents[2] / "docs/asterisk.md"


@pytest.fixture(scope="module")
def guarded(installed: None) -> Iterator[Guarded]:
    """Start the whole product."""
    with Guarded() as running:
        yield running


def test_the_lines_that_the_docs_ask_for_are_the_tested_ones(guarded: Guarded) -> None:
    """Every setting of the page's [general] section is what the harness runs with."""
    block = re.search(r"```ini\n\[general\]\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert block is not None
    asked = {line.replace(" ", "") for line in block.group(1).splitlines() if line}

    assert asked <= set(manager_conf(guarded.asterisk.access).splitlines())


def test_the_secrets_command_writes_what_asterisk_loads(guarded: Guarded) -> None:
    """New secrets work after a reload of Asterisk and a restart of the daemon; old ones do not."""
    etc = guarded.asterisk.folder / "etc"
    old = guarded.asterisk.access.eyes_secret
    settings = guarded.daemon.config.read_text()
    ours = f'asterisk_key_file = "{guarded.daemon.folder}/gate-key"'
    theirs = f'asterisk_key_file = "{etc}/tollguard-gate-key"'
    guarded.daemon.config.write_text(settings.replace(ours, theirs))
    guarded.daemon.run(
        "config", "secrets", "--rotate",
        "--asterisk-etc", str(etc), "--credentials", str(guarded.daemon.folder),
    )  # fmt: skip
    guarded.asterisk.cli("manager reload")
    guarded.daemon.stop()
    guarded.daemon.start()
    guarded.daemon.enforce()

    assert guarded.phone.dial("0312345678") == 200
    assert guarded.phone.dial("01037793123456") == 403
    until(lambda: guarded.daemon.status()["answered"] == 2, 5, "the gate answered both")
    with RawAmi(guarded.asterisk.access, "tollguard-eyes", old) as ami:
        assert ami.login["Response"] == "Error"


def test_an_operators_own_globals_stay(guarded: Guarded) -> None:
    """The files add to [globals], and nothing of the operator's is lost."""
    told = guarded.asterisk.cli("dialplan show globals")

    assert "SITE=test" in told
    assert told.count("TOLLGUARD_") == 11
