"""`tollguard serve`: the daemon, in the foreground; systemd starts it."""

import gc
import os

import click

from tollguard.cli.lazy import examples
from tollguard.cli.shell import Shell, pass_shell
from tollguard.i18n import _


@click.command(
    help=_(
        "Run the daemon in the foreground, until SIGTERM or SIGINT. systemd starts it as the"
        " service's user; root is refused on files of that user, and a second daemon of a ledger"
        " always."
    ),
    epilog=examples("tollguard serve", "tollguard --config ./tollguard.toml serve"),
)
@pass_shell
def serve(shell: Shell) -> int:
    """Serve until told to stop; the exit code is the daemon's."""
    gc.disable()  # loading makes no garbage, and a restart shall be short; the daemon enables it
    from tollguard.daemon import serve as run_daemon

    os.environ.pop("COLUMNS", None)  # a journal keeps each sentence on one line
    return run_daemon(shell.config)
