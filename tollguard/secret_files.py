"""Reading secrets from their files, and refusing a file that everybody may read."""

import os
import stat
from pathlib import Path

from tollguard.errors import AccessError, ConfigError

# systemd's LoadCredential= puts copies there that only the service can read.
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
MAX_SECRET_BYTES = 256
OF_ROOT = "it is root's alone: check as root, and start the daemon by systemctl start tollguard"


def secret_path(path: Path) -> Path:
    """Find where a configured secret is: systemd's copy of the same name first."""
    folder = os.environ.get(CREDENTIALS_VARIABLE)
    if folder:
        copy = Path(folder) / path.name
        if _is_file(copy):
            return copy
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def read_secret(path: Path) -> str:
    """Read the one line of a secret file.

    Args:
        path: As configured.

    Raises:
        AccessError: It is closed to the user; making new ones would be no remedy.
        ConfigError: It is missing, readable by everybody, empty, too long or not plain ASCII.
    """
    found = secret_path(path)
    try:
        with found.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_SECRET_BYTES + 1)
    except PermissionError as error:
        msg = f"secret file {found} cannot be read: {error.strerror}; {OF_ROOT}"
        raise AccessError(msg) from error
    except OSError as error:
        msg = f"secret file {found} cannot be read: {error.strerror}; see tollguard config secrets"
        raise ConfigError(msg) from error
    if stat.S_IMODE(mode) & stat.S_IRWXO:
        msg = f"secret file {found} is open to everybody; run: chmod o= {found}"
        raise ConfigError(msg)
    return _only_line(found, data)


def _only_line(path: Path, data: bytes) -> str:
    line = data.removesuffix(b"\n")
    if not line:
        msg = f"secret file {path} is empty; see tollguard config secrets"
        raise ConfigError(msg)
    # Anything else could end a manager header or a dialplan line.
    if len(data) > MAX_SECRET_BYTES or not all(0x21 <= byte <= 0x7E for byte in line):
        msg = f"secret file {path} must hold one line of at most 256 visible ASCII characters"
        raise ConfigError(msg)
    return line.decode()
