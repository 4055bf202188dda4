"""`tollguard attacks`: who is guessing passwords, against whom, with the evidence."""

import asyncio
import time

import click

from tollguard.cli.lazy import examples
from tollguard.cli.opened import opened_store
from tollguard.cli.options import report_options
from tollguard.cli.output import (
    Column,
    Report,
    Value,
    nothing,
    print_fields,
    print_json,
    print_report,
)
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.cli.spans import parse_since, show_minute, show_short
from tollguard.errors import InputError, NotFoundError
from tollguard.i18n import _
from tollguard.store import FindingRow
from tollguard.store.times import to_text

MOST_ROWS = 1_000


def kind_text(kind: str) -> str:
    """Name a kind of finding; one of another version keeps its code."""
    names = {
        "guessing-source": _("guessing from"),
        "guessing-account": _("guessing at"),
    }
    return names.get(kind, kind)


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
    since_at = None if since is None else to_text(parse_since(since, zone, time.time()))
    wanted = None if source is None else _address(source)
    rows = [
        row
        for row in asyncio.run(_findings(shell, since_at))
        if (wanted is None or wanted in _sources(row))
        and (account is None or account in _accounts(row))
    ]
    empty = nothing(_("no attack was found"), source, account, since)
    print_report(shell, _report(rows, zone, empty))


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


async def _findings(shell: Shell, since_at: str | None) -> tuple[FindingRow, ...]:
    async with opened_store(shell) as store:
        return await store.findings(node=shell.node, since_at=since_at, count=MOST_ROWS)


def _report(rows: list[FindingRow], zone: str, empty: str = "") -> Report:
    return Report(
        columns=(
            Column("id", _("id"), numeric=True),
            Column("kind", _("what")),
            Column("subject", _("whom"), most=39),
            Column("count", _("tries"), numeric=True),
            Column("first", _("first")),
            Column("last", _("last")),
            Column("with", _("accounts or sources"), gives=True),
        ),
        rows=[_values(row) for row in rows],
        shown=[_texts(row, zone) for row in rows],
        empty=empty,
    )


def _values(row: FindingRow) -> dict[str, Value]:
    return {
        "id": row.id,
        "node": row.node,
        "kind": row.kind,
        "subject": row.subject,
        "severity": row.severity,
        "count": row.count,
        "first_at": row.first_at,
        "last_at": row.last_at,
        "accounts": row.accounts,
        "sources": row.sources,
    }


def _texts(row: FindingRow, zone: str) -> dict[str, str]:
    others = row.accounts if row.kind == "guessing-source" else row.sources
    return {
        "id": str(row.id),
        "kind": kind_text(row.kind),
        "subject": row.subject,
        "count": str(row.count),
        "first": show_minute(row.first_at, zone),
        "last": show_minute(row.last_at, zone),
        "with": " ".join(others) or "-",
    }


@attacks.command(
    help=_("Show one attack with all its evidence."),
    epilog=examples("tollguard attacks show 3", "tollguard attacks show 3 --json"),
)
@click.argument("finding_id", metavar="ID", type=click.IntRange(min=1))
@report_options
@pass_shell
def show(shell: Shell, finding_id: int) -> None:
    """Print one finding."""
    row = asyncio.run(_finding(shell, finding_id))
    if row is None:
        msg = _("there is no attack {id}; list them: tollguard attacks")
        raise NotFoundError(msg.format(id=finding_id))
    if shell.form is Form.TABLE:
        _print_one(row, shell.config.site.time_zone)
    elif shell.form is Form.JSON:
        print_json(_values(row))
    else:
        print_report(shell, _report([row], shell.config.site.time_zone))


async def _finding(shell: Shell, finding_id: int) -> FindingRow | None:
    async with opened_store(shell) as store:
        return await store.finding(finding_id)


def _print_one(row: FindingRow, zone: str) -> None:
    print_fields(
        [
            (_("what"), f"{kind_text(row.kind)} {row.subject}"),
            (_("severity"), row.severity),
            (_("tries"), str(row.count)),
            (_("first"), show_short(row.first_at, zone)),
            (_("last"), show_short(row.last_at, zone)),
            (_("accounts"), " ".join(row.accounts)),
            (_("sources"), " ".join(row.sources)),
            (_("node"), row.node),
        ]
    )
