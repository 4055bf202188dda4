"""A site in the test's own folder, and the command run on it as a user runs it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from tests.tollguard.cli.daemon import StandIn
from tollguard.cli.root import run
from tollguard.store import Store, migrate

T = TypeVar("T")

CONFIG = """\
[site]
node = "pbx1"
[[trunk]]
endpoint = "trunk"
[gate]
key_file = "{folder}/credentials/gate-key"
asterisk_key_file = "{folder}/asterisk-gate-key"
[ami]
eyes_secret_file = "{folder}/credentials/ami-eyes"
hands_secret_file = "{folder}/credentials/ami-hands"
[store]
url = "{folder}/state/tollguard.db"
[ledger]
path = "{folder}/state/ledger.db"
[snapshot]
path = "{folder}/state/snapshot.json"
[run]
directory = "{folder}/run"
"""


@dataclass(frozen=True)
class Result:
    """What a command left behind.

    Attributes:
        code: Its exit code.
        out: Standard output.
        err: Standard error.
    """

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Bench:
    """A site with a migrated store.

    Attributes:
        folder: Everything of it.
        capture: pytest's own capture of the streams.
    """

    folder: Path
    capture: pytest.CaptureFixture[str]

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "tollguard.toml"

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.folder / "state" / "tollguard.db"

    def run(self, *arguments: str) -> Result:
        """Run ``tollguard --config … ARGUMENTS``."""
        return self.bare("--config", str(self.config), *arguments)

    def bare(self, *arguments: str) -> Result:
        """Run ``tollguard ARGUMENTS`` in English."""
        self.capture.readouterr()
        code = run(["--lang", "en", *arguments])
        streams = self.capture.readouterr()
        return Result(code, streams.out, streams.err)

    def with_store(self, work: Callable[[Store], Awaitable[T]]) -> T:
        """Do something with the open store."""

        async def opened() -> T:
            store = await Store.open(str(self.store))
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(opened())

    def daemon(self, **settings: bool) -> StandIn:
        """Make a stand-in for the daemon of this node; use it in a ``with``."""
        return StandIn(self.store, **settings)


@pytest.fixture
def bench(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Bench:
    """Give a site whose store is migrated and whose folders are closed to others."""
    monkeypatch.delenv("COLUMNS", raising=False)  # else sentences would be wrapped
    for name in ("state", "run", "credentials"):
        (tmp_path / name).mkdir(mode=0o750)
    (tmp_path / "tollguard.toml").write_text(CONFIG.format(folder=tmp_path))
    made = Bench(tmp_path, capsys)
    migrate(str(made.store))
    return made
