"""`tollguard check`: everything about the configuration that can be known before the start."""

import asyncio
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tollguard.cli.check_files import check_asterisk_key, check_ledger
from tollguard.cli.check_settings import check_settings
from tollguard.cli.lazy import examples
from tollguard.cli.options import report_options
from tollguard.cli.output import Column, Report, print_report, say
from tollguard.cli.remarks import ERROR, WARNING, Remark
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.errors import ConfigError, GuardError
from tollguard.i18n import _, ngettext
from tollguard.reach import found

if TYPE_CHECKING:
    from tollguard.config import Config


@click.command(
    help=_(
        "Check the configuration, the secrets, the folders and the store. Run it as root: it then"
        " compares Asterisk's copy of the gate's key too, and tries the ledger as the service's"
        " user. Exits 78 with an error; warnings alone exit 0, because the gate can still guard."
    ),
    epilog=examples("tollguard check", "tollguard --config ./tollguard.toml check --json"),
)
@report_options
@pass_shell
def check(shell: Shell) -> int:
    """Print what is wrong, each with its place."""
    remarks = list(_file(shell)) or list(_remarks(shell.config))
    errors = sum(remark.level == ERROR for remark in remarks)
    _print(shell, remarks, errors)
    return ConfigError.exit_code if errors else 0


def _file(shell: Shell) -> Iterator[Remark]:
    """Give a row for each error of a file that does not load, where a program reads them."""
    try:
        shell.config  # noqa: B018 - reading it is what may fail
    except ConfigError as error:
        if shell.form is Form.TABLE:
            raise
        head, *lines = str(error).splitlines()
        for line in lines:
            place, _colon, text = line.strip().partition(": ")
            yield Remark(ERROR, place, text)
        if not lines:
            yield Remark(ERROR, "file", head)


def _remarks(config: "Config") -> Iterator[Remark]:
    for checks in (
        check_settings,
        _key,
        _secrets,
        check_asterisk_key,
        _files,
        _folders,
        _store,  # from here on root is the service's user
        check_ledger,
        _snapshot,
    ):
        yield from checks(config)


def _tried(level: str, place: str, attempt: Callable[[], object]) -> Iterator[Remark]:
    try:
        attempt()
    except (GuardError, ValueError) as error:
        yield Remark(level, place, str(error))


def _files(config: "Config") -> Iterator[Remark]:
    store, ledger = Path(config.store.url), config.ledger.path
    if store.resolve() == ledger.resolve():
        text = _("it is the store's file {path} too; give the ledger a file of its own")
        yield Remark(ERROR, "ledger.path", text.format(path=ledger))


def _key(config: "Config") -> Iterator[Remark]:
    """See that the daemon would take the gate's key."""
    from agi.commands import check_key
    from tollguard.secret_files import read_secret

    gate = config.gate
    return _tried(
        ERROR,
        "gate.key_file",
        lambda: check_key(read_secret(gate.key_file), str(gate.asterisk_key_file)),
    )


def _secrets(config: "Config") -> Iterator[Remark]:
    from tollguard.secret_files import read_secret

    for place, path in (
        ("ami.eyes_secret_file", config.ami.eyes_secret_file),
        ("ami.hands_secret_file", config.ami.hands_secret_file),
    ):
        yield from _tried(ERROR, place, partial(read_secret, path))


def _folders(config: "Config") -> Iterator[Remark]:
    for place, folder in (
        ("store.url", Path(config.store.url).parent),
        ("ledger.path", config.ledger.path.parent),
        ("snapshot.path", config.snapshot.path.parent),
        ("run.directory", config.run.directory),
    ):
        # systemd makes the run directory at the start of the service
        is_run = place == "run.directory"
        text = _fault_of(folder, closed=not is_run)
        if text:
            yield Remark(WARNING if is_run else ERROR, place, text)


def _fault_of(folder: Path, *, closed: bool) -> str:
    """Say what is wrong with a folder; empty when nothing is."""
    try:
        there = found(folder)
    except OSError as error:
        text = _("folder {folder} cannot be reached: {reason}")
        return text.format(folder=folder, reason=error.strerror)
    if there is None or not stat.S_ISDIR(there.st_mode):
        return _("folder {folder} does not exist").format(folder=folder)
    if closed and there.st_mode & (stat.S_IROTH | stat.S_IWOTH):
        return _("folder {folder} is open to everybody; run: chmod o-rw {folder}").format(
            folder=folder
        )
    return ""


def _store(config: "Config") -> Iterator[Remark]:
    # The daemon guards without its store too, by the snapshot: no reason not to start.
    return _tried(WARNING, "store.url", lambda: asyncio.run(_load_policy(config)))


def _snapshot(config: "Config") -> Iterator[Remark]:
    """The fallback judges by it, also while the daemon does not need it."""
    from tollguard.snapshot_file import look_at_snapshot

    path = config.snapshot.path
    fault = look_at_snapshot(path).fault
    if fault and not _fault_of(path.parent, closed=False):
        yield Remark(WARNING, "snapshot.path", fault)


async def _load_policy(config: "Config") -> None:
    from tollguard.cli.actor import become_owner
    from tollguard.store import Store

    become_owner(Path(config.store.url).parent)
    store = await Store.open(config.store.url)
    try:
        await store.load_policy(config.to_site())
    finally:
        await store.close()


def _print(shell: Shell, remarks: list[Remark], errors: int) -> None:
    if shell.form is not Form.TABLE:
        rows = [{"level": r.level, "place": r.place, "text": r.text} for r in remarks]
        columns = tuple(Column(key, key) for key in ("level", "place", "text"))
        print_report(shell, Report(columns, rows, rows, ""))
        return
    for remark in remarks:
        say(f"{_level_text(remark.level)}  {remark.place}: {remark.text}")
    if errors:
        text = ngettext("{count} error", "{count} errors", errors)
        click.echo(text.format(count=errors))
    else:
        say(_("{path} is good").format(path=shell.config_path))


def _level_text(level: str) -> str:
    return _("error") if level == ERROR else _("warning")
