"""Downloads Debian packages with an apt of our own that touches nothing of the machine's.

An empty status file makes apt bring the whole closure, libc included.
The release's signature is checked; only its date may be past.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.asterisk.flavours import AsteriskUnavailableError

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
APT_TIMEOUT_S = 600.0


def machine_mirror() -> str:
    """Name the Debian mirror: ``TOLLGUARD_DEBIAN_MIRROR``, else the machine's own apt's.

    The security archive is passed over: it carries no whole release.
    """
    own = os.environ.get("TOLLGUARD_DEBIAN_MIRROR")
    if own:
        return own
    listing = ""
    if shutil.which("apt-get"):
        wanted = "$(COMPONENT) $(RELEASE) $(REPO_URI)"
        listing = subprocess.run(
            ["apt-get", "indextargets", "--format", wanted],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
    for line in listing.splitlines():
        component, release, uri = [*line.split(maxsplit=2), "", "", ""][:3]
        path = uri.rstrip("/").rsplit("/", 1)[-1]
        if component == "main" and "security" not in release and path == "debian":
            return uri
    msg = (
        "this machine's apt names no Debian mirror to fetch Asterisk from; "
        "set TOLLGUARD_DEBIAN_MIRROR= to one, or TOLLGUARD_ASTERISK= to an installed Asterisk"
    )
    raise AsteriskUnavailableError(msg)


def machine_proxy() -> str:
    """Return the machine's own proxy settings as apt.conf lines; none is an empty string."""
    found = subprocess.run(
        ["apt-config", "dump", "--no-empty", "Acquire::http", "Acquire::https"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    return "".join(f"{line}\n" for line in found.splitlines() if "Proxy" in line)


def write_configuration(folder: Path, suite: str, mirror: str) -> Path:
    """Lay out a private apt and return its configuration file."""
    for name in ("state/lists/partial", "cache/archives/partial", "etc/empty"):
        (folder / name).mkdir(parents=True)
    (folder / "state/status").touch()
    source = f"deb [signed-by={KEYRING}] {mirror} {suite} main\n"
    (folder / "etc/sources.list").write_text(source)
    empty = folder / "etc/empty"
    user = os.environ.get("USER") or "root"
    lines = (
        f'Dir "{folder}";',
        f'Dir::State "{folder}/state";',
        f'Dir::State::status "{folder}/state/status";',
        f'Dir::Cache "{folder}/cache";',
        f'Dir::Etc "{folder}/etc";',
        f'Dir::Etc::sourcelist "{folder}/etc/sources.list";',
        *(
            f'Dir::Etc::{part} "{empty}";'
            for part in ("sourceparts", "parts", "preferencesparts", "netrcparts", "trustedparts")
        ),
        'Acquire::Check-Valid-Until "false";',
        'Acquire::Languages "none";',
        'Acquire::Retries "2";',
        'APT::Install-Recommends "0";',
        f'APT::Sandbox::User "{"root" if os.geteuid() == 0 else user}";',
        'Debug::NoLocking "1";',
        "",
    )
    path = folder / "apt.conf"
    path.write_text("\n".join(lines) + machine_proxy())
    return path


def run_apt(configuration: Path, step: str, *arguments: str) -> None:
    """Run apt-get with the private configuration.

    Raises:
        AsteriskUnavailableError: It failed; the sentence carries apt's own reason.
    """
    environment = {**os.environ, "APT_CONFIG": str(configuration), "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["apt-get", "-q", *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            timeout=APT_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"{step} took longer than {APT_TIMEOUT_S:.0f} s; look at the network and try again"
        raise AsteriskUnavailableError(msg) from error
    complaints = [x for x in (done.stderr + done.stdout).splitlines() if x.startswith(("E:", "W:"))]
    # apt-get update ends with 0 although nothing was reached: it only warns.
    if done.returncode or any("Failed to fetch" in line for line in complaints):
        reason = complaints[0] if complaints else f"exit code {done.returncode}"
        msg = (
            f"{step} failed ({reason}); look at the network, set TOLLGUARD_DEBIAN_MIRROR= to a "
            "mirror that carries it, or TOLLGUARD_ASTERISK= to an installed Asterisk"
        )
        raise AsteriskUnavailableError(msg)


def download(
    folder: Path, suite: str, packages: tuple[str, ...], tell: Callable[[str], None]
) -> list[Path]:
    """Download packages with all they depend on; return the archives."""
    mirror = machine_mirror()
    configuration = write_configuration(folder, suite, mirror)
    tell(f"reading the package list of {suite}")
    run_apt(configuration, f"reading {suite}'s package list from {mirror}", "update")
    tell(f"downloading {', '.join(packages)} with all they depend on (about 80 MB)")
    step = f"downloading {', '.join(packages)} of {suite} from {mirror}"
    run_apt(configuration, step, "install", "--download-only", "--yes", *packages)
    return sorted((folder / "cache/archives").glob("*.deb"))
