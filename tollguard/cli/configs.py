"""`tollguard config`: an annotated sample, the values in force, and making the secrets."""

import grp
import os
import secrets as random_source
from dataclasses import dataclass
from pathlib import Path

import click

from tollguard.atomic_file import replace_file
from tollguard.cli.lazy import examples
from tollguard.cli.options import report_options
from tollguard.cli.output import print_json, say
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.errors import AccessError, ConfigError
from tollguard.i18n import _
from tollguard.reach import found

SECRET_BYTES = 32
ASTERISK_FILE_MODE = 0o640
CREDENTIAL_FILE_MODE = 0o600
MANAGER_CONF = """\
; Made by `tollguard config secrets`: the secrets of tollguard's two manager users.
[tollguard-eyes-secret](!)
secret={eyes}

[tollguard-hands-secret](!)
secret={hands}
"""


@click.group(
    help=_("Print a sample configuration or the values in force, and make the secrets."),
    epilog=examples(
        "tollguard config sample > /etc/tollguard/tollguard.toml",
        "tollguard config show",
    ),
)
def config() -> None:
    """Group the configuration's commands."""


@config.command(
    help=_("Print an annotated configuration with every default."),
    epilog=examples("tollguard config sample > /etc/tollguard/tollguard.toml"),
)
def sample() -> None:
    """Print the sample."""
    from tollguard.config_text import sample as sample_text

    click.echo(sample_text(), nl=False)


@config.command(
    help=_("Print the values in force: the file's, else the defaults. It holds no secret."),
    epilog=examples("tollguard config show", "tollguard config show --json"),
)
@report_options
@pass_shell
def show(shell: Shell) -> None:
    """Print the effective configuration."""
    from tollguard.config_text import as_json, effective

    match shell.form:
        case Form.JSON:
            print_json(as_json(shell.config))
        case Form.CSV:
            _print_csv(shell)
        case Form.TABLE:
            click.echo(effective(shell.config), nl=False)


def _print_csv(shell: Shell) -> None:
    from tollguard.cli.output import Column, Report, Value, print_report
    from tollguard.config_text import effective

    rows: list[dict[str, Value]] = []
    section = ""
    for line in effective(shell.config).splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line:
            name, _eq, value = line.partition(" = ")
            rows.append({"section": section, "setting": name, "value": value.strip('"')})
    print_report(shell, Report((Column("section", ""),), rows, [], ""))


@dataclass(frozen=True, slots=True)
class _File:
    """One file to be written.

    Attributes:
        path: Where.
        text: What; holds a secret.
        mode: Its permission bits.
        group: Its group, or None for the process's own.
    """

    path: Path
    text: str
    mode: int
    group: int | None


@config.command(
    help=_(
        "Make the gate's key and the two manager secrets, and write each where Asterisk and the"
        " daemon read it. Prints no secret, and overwrites none without --rotate."
    ),
    epilog=examples(
        "tollguard config secrets --asterisk-etc /etc/asterisk"
        " --credentials /etc/tollguard/credentials",
    ),
)
@click.option(
    "--asterisk-etc",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=_("Asterisk's configuration folder."),
)
@click.option(
    "--credentials",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=_("The daemon's credentials folder."),
)
@click.option(
    "--asterisk-group",
    metavar="GROUP",
    help=_("Group that Asterisk runs under; else asterisk, where root runs this and it exists."),
)
@click.option("--rotate", is_flag=True, help=_("Replace secrets that are there."))
def secrets(
    asterisk_etc: Path, credentials: Path, asterisk_group: str | None, *, rotate: bool
) -> None:
    """Write fresh secrets."""
    files = _files(asterisk_etc, credentials, _group_id(asterisk_group))
    _check_folders(asterisk_etc, credentials)
    present = [str(file.path) for file in files if _is_there(file.path)]
    if present and not rotate:
        msg = _("{files} exist already; nothing was written; to replace them: --rotate")
        raise ConfigError(msg.format(files=", ".join(present)))
    for file in files:
        _write(file)
        say(_("wrote {path} ({mode:04o})").format(path=file.path, mode=file.mode))
    say(_("next: asterisk -rx 'manager reload', restart tollguard"))


def _check_folders(asterisk_etc: Path, credentials: Path) -> None:
    """See that all can be written before anything is: half a rotation parts Asterisk from us.

    Raises:
        ConfigError: A folder is missing or closed.
    """
    manager = asterisk_etc / "manager.d"
    wanted = {
        asterisk_etc: _("{folder} is no folder; name Asterisk's configuration folder"),
        credentials: _(
            "{folder} is no folder; name the one that key_file in tollguard.toml is in, or make"
            " it: install -d -m 0700 {folder}"
        ),
        **({manager: _("{folder} is no folder")} if _is_there(manager) else {}),
    }
    for folder, missing in wanted.items():
        if not (_is_there(folder) and folder.is_dir()):
            raise ConfigError(missing.format(folder=folder))
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
            msg = _("{folder} cannot be written; run this as root; nothing was written")
            raise AccessError(msg.format(folder=folder))


def _is_there(path: Path) -> bool:
    try:
        return found(path) is not None
    except OSError as error:
        msg = _("{path} cannot be reached: {reason}")
        raise ConfigError(msg.format(path=path, reason=error.strerror)) from error


def _files(asterisk_etc: Path, credentials: Path, group: int | None) -> list[_File]:
    key, eyes, hands = (random_source.token_hex(SECRET_BYTES) for _count in range(3))
    asterisk = (ASTERISK_FILE_MODE, group)
    daemon = (CREDENTIAL_FILE_MODE, None)
    return [
        _File(
            asterisk_etc / "tollguard-gate-key",
            f"{key}\n",
            *asterisk,
        ),
        _File(
            asterisk_etc / "manager.d" / "tollguard-secret.conf",
            MANAGER_CONF.format(eyes=eyes, hands=hands),
            *asterisk,
        ),
        _File(credentials / "gate-key", f"{key}\n", *daemon),
        _File(credentials / "ami-eyes", f"{eyes}\n", *daemon),
        _File(credentials / "ami-hands", f"{hands}\n", *daemon),
    ]


def _group_id(name: str | None) -> int | None:
    try:
        gid = grp.getgrnam(name or "asterisk").gr_gid if name or os.geteuid() == 0 else None
    except KeyError as error:
        if name is None:
            return None
        msg = _("there is no group {name!r}; name the one that Asterisk runs under")
        raise ConfigError(msg.format(name=name)) from error
    if gid is not None and os.geteuid() and gid not in os.getgroups():
        msg = _("only root can give a file to the group {name}; run this as root")
        raise AccessError(msg.format(name=name))
    return gid


def _write(file: _File) -> None:
    try:
        file.path.parent.mkdir(mode=0o755, exist_ok=True)  # manager.d
        replace_file(file.path, file.text.encode(), mode=file.mode)
        if file.group is not None:
            os.chown(file.path, -1, file.group)
    except OSError as error:
        msg = _("{path} cannot be written: {error}")
        raise ConfigError(msg.format(path=file.path, error=error.strerror)) from error
