"""`tollguard attacks`: who is guessing passwords, against whom, with the evidence."""

import asyncio

import click

from tollguard.cli.findings import LEG_KINDS, report, show_one, stored_findings
from tollguard.cli.lazy import examples
from tollguard.cli.options import Whole, report_options
from tollguard.cli.output import nothing, print_report
from tollguard.cli.shell import Shell, pass_shell
from tollguard.cli.spans import since_text
from tollguard.errors import InputError
from tollguard.i18n import _
from tollguard.store import FindingRow


@click.group(
    invoke_without_command=True,
    help=_("List attacks: addresses that guess passwords and accounts that are guessed at."),
    epilog=examples(
        "tollguard attacks",
        "tollguard attacks --source 192.0.2.66 --since 1d",
        "tollguard attacks show 3",
    ),
)
@click.option("--source", metavar="ADDRESS", help=_("Only what comes from this address."))
@click.option("--account", metavar="ACCOUNT", help=_("Only what tries this account."))
@click.option("--since", metavar="TIME", help=_("Not before: a duration back (2h) or a time."))
@report_options
@click.pass_context
def attacks(ctx: click.Context, source: str | None, account: str | None, since: str | None) -> None:
    """List findings, the latest first."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Shell), source, account, since)


def _list(shell: Shell, source: str | None, account: str | None, since: str | None) -> None:
    zone = shell.config.site.time_zone
    since_at = since_text(since, zone)
    wanted = None if source is None else _address(source)
    rows = [
        row
        for row in asyncio.run(stored_findings(shell, since_at))
        if _is_attack(row)
        and (wanted is None or wanted in _sources(row))
        and (account is None or account in _accounts(row))
    ]
    empty = nothing(_("no attack was found"), source, account, since)
    print_report(shell, report(rows, zone, empty, (_("tries"), _("accounts or sources"))))


def _address(text: str) -> str:
    """Take an address in any spelling; the rows hold the canonical one, IPv4-mapped unmapped."""
    from ami_listener.address import ip_of

    address = ip_of(text)
    if address is None:
        msg = _("{text!r} is no IPv4 or IPv6 address")
        raise InputError(msg.format(text=text))
    return address


def _sources(row: FindingRow) -> set[str]:
    return {*row.sources, *({row.subject} if row.kind == "guessing-source" else ())}


def _accounts(row: FindingRow) -> set[str]:
    return {*row.accounts, *({row.subject} if row.kind == "guessing-account" else ())}


def _is_attack(row: FindingRow) -> bool:
    """Tell whether it is about passwords; calls around the gate are listed by `findings`."""
    return row.kind not in LEG_KINDS


@attacks.command(
    help=_("Show one attack with all its evidence."),
    epilog=examples("tollguard attacks show 3", "tollguard attacks show 3 --json"),
)
@click.argument("finding_id", metavar="ID", type=Whole(min=1))
@report_options
@pass_shell
def show(shell: Shell, finding_id: int) -> None:
    """Print one attack."""
    missing = _("there is no attack {id}; list them: tollguard attacks")
    show_one(shell, finding_id, _is_attack, missing)
