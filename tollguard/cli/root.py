"""The root of the command line: global options, errors as one sentence, exit codes."""

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import click

from tollguard.cli.lazy import LazyGroup, examples
from tollguard.cli.options import report_options
from tollguard.cli.output import warn
from tollguard.cli.shell import Shell
from tollguard.errors import GuardError
from tollguard.i18n import LANGUAGES, _, language_of, use_language

EX_USAGE = 64
OUTPUT_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
EX_INTERRUPTED = 130
HELP_OPTIONS = ["-h", "--help"]
HELP_WIDTH = 100


class Root(LazyGroup):
    """Every command of `tollguard`, in the order in which an operator meets them."""

    places: Mapping[str, str] = {
        "status": "tollguard.cli.status:status",
        "registrations": "tollguard.cli.registrations:registrations",
        "attacks": "tollguard.cli.attacks:attacks",
        "findings": "tollguard.cli.findings:findings",
        "verdicts": "tollguard.cli.verdicts:verdicts",
        "explain": "tollguard.cli.explain:explain",
        "calls": "tollguard.cli.calls:calls",
        "suspend": "tollguard.cli.suspensions:suspend",
        "resume": "tollguard.cli.suspensions:resume",
        "grant": "tollguard.cli.grants:grant",
        "revoke": "tollguard.cli.grants:revoke",
        "coverage": "tollguard.cli.coverage:coverage",
        "limits": "tollguard.cli.limits:limits",
        "mode": "tollguard.cli.mode:mode",
        "check": "tollguard.cli.check:check",
        "config": "tollguard.cli.configs:config",
        "store": "tollguard.cli.stores:store",
        "ledger": "tollguard.cli.ledgers:ledger",
        "serve": "tollguard.cli.serve:serve",
    }
    aliases: Mapping[str, str] = {"devices": "registrations"}


def make_root() -> click.Group:
    """Make the root group; after the language is known, because its texts are translated."""

    @click.group(
        cls=Root,
        name="tollguard",
        help=_("Guard an Asterisk against toll fraud: see and control what may be dialled."),
        epilog=examples(
            "tollguard status",
            "tollguard explain 01037793123456 --endpoint 6001",
            'tollguard suspend country MC --for 2h --reason "bill alarm"',
        ),
        context_settings={"help_option_names": HELP_OPTIONS, "max_content_width": HELP_WIDTH},
    )
    @click.option(
        "--config",
        "config_file",
        metavar="FILE",
        help=_("Configuration; else $TOLLGUARD_CONFIG, else /etc/tollguard/tollguard.toml."),
    )
    @click.option("--node", metavar="NODE", help=_("Only this node; else all, or this machine."))
    @click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        help=_("Language; else the system's. There are no Japanese texts yet: ja prints English."),
    )
    @report_options
    @click.version_option(package_name="tollguard", message="%(prog)s %(version)s")
    @click.pass_context
    def root(
        ctx: click.Context, config_file: str | None, node: str | None, lang: str | None
    ) -> None:
        shell = ctx.ensure_object(Shell)
        shell.config_file, shell.node = config_file, node
        if lang:
            use_language(lang)

    return root


def asked_language(arguments: Sequence[str]) -> str:
    """Find ``--lang`` before click does: help texts are made when a command is imported."""
    for index, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
        if argument == "--lang" and index + 1 < len(arguments):
            return arguments[index + 1]
    return language_of()


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; None takes the process's own.

    Returns:
        The exit code: 0, what the command says, or a sysexits code after one sentence on stderr.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = asked_language(given)
    use_language(language if language in LANGUAGES else "en")
    try:
        return _exit_code(make_root().main(given, "tollguard", standalone_mode=False))
    except click.UsageError as error:
        error.show()
        return EX_USAGE
    except click.Abort:
        return EX_INTERRUPTED
    except GuardError as error:
        warn(str(error))
        return error.exit_code
    except OSError as error:
        if error.errno not in OUTPUT_FAULTS or error.filename is not None:
            raise
        return _output_failed(error)


def _output_failed(error: OSError) -> int:
    """Say that the output is not whole; Python would try again at the end, so it goes nowhere."""
    with suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    with suppress(OSError):  # standard error may be the same disk
        warn(_("the output could not be written: {reason}").format(reason=error.strerror))
    return os.EX_IOERR


def _exit_code(result: object) -> int:
    return result if isinstance(result, int) else 0
