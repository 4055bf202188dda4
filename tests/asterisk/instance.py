"""Starts any number of real Asterisks, each in a private folder, and sees that none leaks.

The folder lies directly under /tmp: the control socket's path must stay below 108 bytes.
"""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.asterisk import fetch
from tests.asterisk.etc import Access, Site, write_etc
from tests.asterisk.waiting import until

BOOT_TIMEOUT_S = 40.0
STOP_TIMEOUT_S = 8.0
CLI_TIMEOUT_S = 20.0


class Asterisk:
    """One running Asterisk.

    Attributes:
        site: What it was configured for.
        access: Its ports and secrets.
        folder: Its private folder; removed by ``stop``.
    """

    def __init__(self, site: Site | None = None, access: Access | None = None) -> None:
        """Start one and wait until it is fully booted.

        Raises:
            AsteriskUnavailableError: There is none to start.
            AssertionError: It did not boot; carries the end of its log.
        """
        self.site = site or Site()
        self.access = access or Access()
        self.folder = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp"))
        self._installation = fetch.installation(self.site.flavour)
        self._conf = write_etc(self.folder, self._installation, self.site, self.access)
        self._console = (self.folder / "console").open("wb")
        self._process = self._launch()
        self._wait_until_booted()
        self._descriptors = self.descriptors()

    def _launch(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*self._installation.asterisk, "-C", str(self._conf), "-f", "-n"],
            stdin=subprocess.DEVNULL,
            stdout=self._console,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            start_new_session=True,
        )

    def restart(self) -> None:
        """Kill it and start it again with the same files; wait until it is fully booted."""
        self._process.kill()
        self._process.wait(STOP_TIMEOUT_S)
        self._process = self._launch()
        self._wait_until_booted()
        self._descriptors = self.descriptors()

    def _wait_until_booted(self) -> None:
        try:
            until(self._booted, BOOT_TIMEOUT_S, "Asterisk fully booted")
        except AssertionError as error:
            tail = self.log()[-3000:] + (self.folder / "console").read_text()[-1000:]
            self.stop()
            msg = f"Asterisk did not boot:\n{tail}"
            raise AssertionError(msg) from error

    def _booted(self) -> bool:
        if self._process.poll() is not None:
            msg = f"Asterisk ended with {self._process.returncode}"
            raise AssertionError(msg)
        if not (self.folder / "run/asterisk.ctl").exists():
            return False
        return "fully booted" in self.cli("core waitfullybooted")

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def cli(self, command: str) -> str:
        """Run a console command and return what it printed."""
        done = subprocess.run(
            [*self._installation.asterisk, "-C", str(self._conf), "-rx", command],
            check=False,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=CLI_TIMEOUT_S,
        )
        return done.stdout

    def originate(self, extension: str, context: str = "phones") -> None:
        """Place a call through the dialplan without a phone: a Local channel that waits."""
        self.cli(f"channel originate Local/{extension}@{context} application Wait 60")

    def log(self, name: str = "messages") -> str:
        """Return everything that was logged: ``messages`` or ``security``."""
        for path in (self.folder / "log" / name, self.folder / "log" / f"{name}.log"):
            if path.exists():
                return path.read_text(errors="backslashreplace")
        return ""

    def channels(self) -> list[str]:
        """List the names of the channels that exist."""
        lines = self.cli("core show channels concise").splitlines()
        return [line.partition("!")[0] for line in lines if "!" in line]

    def wait_bridged(self) -> None:
        """Wait until two channels talk: only then can one be transferred, as by a human."""
        until(lambda: " 2 " in self.cli("bridge show all"), 5, "two channels in a bridge")

    def descriptors(self) -> int:
        """Count the open file descriptors."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def mark_descriptors(self) -> None:
        """Take the descriptors open now as the measure for ``assert_clean``."""
        self._descriptors = self.descriptors()

    def assert_clean(self, timeout_s: float = 10.0) -> None:
        """See that no channel is left and no descriptor more than before."""
        until(lambda: not self.channels(), timeout_s, "no channel left")
        before = self._descriptors
        until(lambda: self.descriptors() <= before, timeout_s, f"at most {before} descriptors")

    def stop(self) -> None:
        """Stop it, gently and then not, and remove its folder."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(STOP_TIMEOUT_S)
        self._console.close()
        shutil.rmtree(self.folder, ignore_errors=True)
