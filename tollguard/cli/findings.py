"""`tollguard findings`: everything that was found, calls around the gate and guessing alike."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict

import click

from policies.detection.finding import LegEvidence
from tollguard.cli.lazy import examples
from tollguard.cli.opened import opened_store
from tollguard.cli.options import Whole, report_options
from tollguard.cli.output import (
    Column,
    Report,
    Value,
    nothing,
    print_fields,
    print_json,
    print_report,
    print_table,
)
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.cli.spans import show_minute, show_short, since_text
from tollguard.errors import NotFoundError
from tollguard.i18n import _
from tollguard.reasons import explain
from tollguard.store import FindingRow

MOST_ROWS = 1_000
LEG_KINDS = ("unaccounted-leg", "undeclared-leg")
KINDS = ("guessing-source", "guessing-account", *LEG_KINDS)


def kind_text(kind: str) -> str:
    """Name a kind of finding; one of another version keeps its code."""
    names = {
        "guessing-source": _("guessing from"),
        "guessing-account": _("guessing at"),
        "unaccounted-leg": _("around the gate to"),
        "undeclared-leg": _("to an undeclared"),
    }
    return names.get(kind, kind)


@click.group(
    invoke_without_command=True,
    help=_("List findings: calls around the gate, undeclared trunks, and guessing of passwords."),
    epilog=examples(
        "tollguard findings",
        "tollguard findings list --kind unaccounted-leg --since 1d",
        "tollguard findings show 3",
    ),
)
@report_options
@click.pass_context
def findings(ctx: click.Context) -> None:
    """List all findings when no other word follows."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Shell), None, None)


@findings.command(
    "list",
    help=_("List findings, the latest first."),
    epilog=examples(
        "tollguard findings list",
        "tollguard findings list --kind undeclared-leg",
        "tollguard findings list --since 2h --json",
    ),
)
@click.option("--kind", type=click.Choice(KINDS), help=_("Only findings of this kind."))
@click.option("--since", metavar="TIME", help=_("Not before: a duration back (2h) or a time."))
@report_options
@pass_shell
def list_findings(shell: Shell, kind: str | None, since: str | None) -> None:
    """List findings by the options."""
    _list(shell, kind, since)


def _list(shell: Shell, kind: str | None, since: str | None) -> None:
    zone = shell.config.site.time_zone
    since_at = since_text(since, zone)
    rows = [
        row for row in asyncio.run(stored_findings(shell, since_at)) if kind in (None, row.kind)
    ]
    if shell.form is Form.JSON:
        print_json([with_legs(row) for row in rows])
    else:
        print_report(shell, report(rows, zone, nothing(_("nothing was found"), kind, since)))


async def stored_findings(shell: Shell, since_at: str | None) -> tuple[FindingRow, ...]:
    """Read the findings of the asked node, the latest first."""
    async with opened_store(shell) as store:
        return await store.findings(node=shell.node, since_at=since_at, count=MOST_ROWS)


def report(
    rows: list[FindingRow], zone: str, empty: str = "", titles: tuple[str, str] | None = None
) -> Report:
    """Make the table of findings.

    Args:
        rows: In the order of the table.
        zone: Of the times.
        empty: The sentence that stands for an empty table.
        titles: Of the columns for how often and with whom, where they can be more exact.
    """
    times, beside = titles or (_("times"), _("with"))
    return Report(
        columns=(
            Column("id", _("id"), numeric=True),
            Column("kind", _("what")),
            Column("subject", _("whom"), most=39),
            Column("count", times, numeric=True),
            Column("first", _("first")),
            Column("last", _("last")),
            Column("with", beside, gives=True),
        ),
        rows=[values(row) for row in rows],
        shown=[texts(row, zone) for row in rows],
        empty=empty,
    )


def values(row: FindingRow) -> dict[str, Value]:
    """Give a finding as programs read it."""
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


def texts(row: FindingRow, zone: str) -> dict[str, str]:
    """Give a finding as people read it in a table."""
    return {
        "id": str(row.id),
        "kind": kind_text(row.kind),
        "subject": row.subject,
        "count": str(row.count),
        "first": show_minute(row.first_at, zone),
        "last": show_minute(row.last_at, zone),
        "with": " ".join(_with(row)) or "-",
    }


def _with(row: FindingRow) -> tuple[str, ...]:
    """Name what stands beside the subject: numbers, accounts or sources."""
    if row.legs:
        return tuple(dict.fromkeys(leg.number for leg in row.legs))
    return row.accounts if row.kind == "guessing-source" else row.sources


@findings.command(
    help=_("Show one finding with all its evidence."),
    epilog=examples("tollguard findings show 3", "tollguard findings show 3 --json"),
)
@click.argument("finding_id", metavar="ID", type=Whole(min=1))
@report_options
@pass_shell
def show(shell: Shell, finding_id: int) -> None:
    """Print one finding."""
    missing = _("there is no finding {id}; list them: tollguard findings")
    show_one(shell, finding_id, lambda _row: True, missing)


def show_one(
    shell: Shell, finding_id: int, wanted: Callable[[FindingRow], bool], missing: str
) -> None:
    """Print one finding in the form that was asked for.

    Args:
        shell: The global options.
        finding_id: Which.
        wanted: Whether the command is about such a finding.
        missing: What is said when there is none; ``{id}`` stands for its number.

    Raises:
        NotFoundError: There is none, or it is of another kind.
    """
    row = asyncio.run(_finding(shell, finding_id))
    if row is None or not wanted(row):
        raise NotFoundError(missing.format(id=finding_id))
    zone = shell.config.site.time_zone
    if shell.form is Form.TABLE:
        _print_one(row, zone)
    elif shell.form is Form.JSON:
        print_json(with_legs(row))
    else:
        print_report(shell, report([row], zone))


def with_legs(row: FindingRow) -> dict[str, object]:
    """Give a finding with its legs, where it is about legs: each an object of its own."""
    legs = {"legs": [asdict(leg) for leg in row.legs]} if row.kind in LEG_KINDS else {}
    return {**values(row), **legs}


async def _finding(shell: Shell, finding_id: int) -> FindingRow | None:
    async with opened_store(shell) as store:
        return await store.finding(finding_id)


def _print_one(row: FindingRow, zone: str) -> None:
    times = _("legs") if row.kind in LEG_KINDS else _("tries")
    print_fields(
        [
            (_("what"), f"{kind_text(row.kind)} {row.subject}"),
            (_("severity"), row.severity),
            (times, str(row.count)),
            (_("first"), show_short(row.first_at, zone)),
            (_("last"), show_short(row.last_at, zone)),
            (_("accounts"), " ".join(row.accounts)),
            (_("sources"), " ".join(row.sources)),
            (_("node"), row.node),
        ]
    )
    if row.legs:
        _print_legs(row.legs)


def _print_legs(legs: tuple[LegEvidence, ...]) -> None:
    rows = [
        {
            "number": leg.number,
            "done": _done(leg),
            "way": " ".join(filter(None, (leg.application or leg.way, leg.context, leg.manager))),
            "why": explain(leg.reason, (("way", leg.way), ("context", leg.context))),
            "call": leg.linkedid,
        }
        for leg in legs
    ]
    columns = (
        Column("number", _("number"), most=24),
        Column("done", _("done")),
        Column("way", _("came by")),
        Column("why", _("because"), folds=True, gives=True),
        Column("call", _("call")),
    )
    print_table(Report(columns, rows, rows, ""))


def _done(leg: LegEvidence) -> str:
    names = {
        "hung-up": _("hung up"),
        "not-hung-up": _("not hung up"),
        "recorded": _("recorded only"),
    }
    return names.get(leg.done.value, leg.done.value)
