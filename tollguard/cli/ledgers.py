"""`tollguard ledger`: the durable rows of chargeable calls, and accepting a replaced ledger."""

import asyncio
import os
from dataclasses import asdict

import click

from tollguard.cli.actor import become_owner, current_actor
from tollguard.cli.lazy import examples
from tollguard.cli.opened import change_policy, opened_store
from tollguard.cli.options import Whole, check_reason, report_options
from tollguard.cli.output import Column, Report, Value, print_fields, print_json, print_report
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.cli.spans import show_short
from tollguard.errors import AccessError, StoreError
from tollguard.i18n import _
from tollguard.ledger_file import LedgerReport
from tollguard.ledger_file import read as read_ledger
from tollguard.reach import way_in
from tollguard.store import Actor, Change, LedgerIdentity, Store


@click.group(
    invoke_without_command=True,
    help=_("Show the ledger of chargeable calls, and accept one that was replaced or restored."),
    epilog=examples(
        "tollguard ledger", 'tollguard ledger accept --reason "disk replaced, new ledger"'
    ),
)
@report_options
@click.pass_context
def ledger(ctx: click.Context) -> None:
    """Show the ledger when no other word follows."""
    if ctx.invoked_subcommand is None:
        _show(ctx.ensure_object(Shell), 20)


@ledger.command(
    help=_("Show this machine's ledger: identity, newest rows, and whether it is the known one."),
    epilog=examples("tollguard ledger show --limit 5", "tollguard ledger show --json"),
)
@click.option(
    "--limit",
    type=Whole(1, 10_000),
    default=20,
    show_default=True,
    help=_("At most so many rows."),
)
@report_options
@pass_shell
def show(shell: Shell, limit: int) -> None:
    """Show the ledger."""
    _show(shell, limit)


def _show(shell: Shell, limit: int) -> None:
    found = _read(shell, limit)
    known, fault = _known(shell)
    rows: list[dict[str, Value]] = [asdict(entry) for entry in found.entries]
    head = {
        "ledger_id": found.ledger_id,
        "last_seq": found.last_seq,
        "state": fault or _state(found, known),
        "accepted_by": known.accepted_by if known else None,
    }
    if shell.form is Form.JSON:
        print_json({**head, "entries": rows})
        return
    if shell.form is Form.TABLE:
        names = {
            "ledger_id": _("ledger"),
            "last_seq": _("last row"),
            "state": _("state"),
            "accepted_by": _("accepted by"),
        }
        print_fields(
            (names[key], "" if value is None else str(value)) for key, value in head.items()
        )
    print_report(shell, _report(rows, shell.config.site.time_zone))


def _read(shell: Shell, limit: int) -> LedgerReport:
    path = shell.config.ledger.path
    become_owner(path.parent)  # even a reader may make SQLite's -shm file
    if os.access(path, os.F_OK) and not os.access(path, os.R_OK, effective_ids=True):
        msg = _("the ledger {path} is closed to this user; {remedy}")
        raise AccessError(msg.format(path=path, remedy=way_in(path)))
    return read_ledger(path, limit)


def _known(shell: Shell) -> tuple[LedgerIdentity | None, str]:
    """Ask the store which ledger it knows; a store at fault must not hide the rows."""
    try:
        return asyncio.run(_identity(shell)), ""
    except StoreError as error:
        return None, str(error)


async def _identity(shell: Shell) -> LedgerIdentity | None:
    async with opened_store(shell) as store:
        return await store.ledger_identity(shell.node_name)


def _state(found: LedgerReport, known: LedgerIdentity | None) -> str:
    if known is None:
        return _("new: no daemon used it yet")
    if known.ledger_id != found.ledger_id:
        return _("unknown: the store knows another one; chargeable calls are denied")
    if known.last_seq > found.last_seq:
        return _("older than the store knows it; chargeable calls are denied")
    return _("ok")


def _report(rows: list[dict[str, Value]], zone: str) -> Report:
    shown = [
        {
            **{key: str(value or "-") for key, value in row.items()},
            "at": show_short(str(row["at"]), zone),
            "limit": f"{int(str(row['limit_ms'])) / 1000:g}",
        }
        for row in rows
    ]
    return Report(
        columns=(
            Column("seq", _("row"), numeric=True),
            Column("kind", _("kind")),
            Column("at", _("at")),
            Column("endpoint", _("endpoint")),
            Column("number", _("number")),
            Column("country", _("to")),
            Column("trunk", _("trunk"), gives=True),
            Column("limit", _("limit s"), numeric=True),
        ),
        rows=rows,
        shown=shown,
        empty=_("the ledger has no row yet"),
    )


@ledger.command(
    help=_(
        "Accept this machine's ledger although it is not the one that the store knows, so that"
        " chargeable calls are allowed again. What the lost rows held is not counted any more."
    ),
    epilog=examples('tollguard ledger accept --reason "disk replaced, new ledger"'),
)
@click.option("--reason", required=True, metavar="TEXT", help=_("Why; goes to the audit."))
@report_options
@pass_shell
def accept(shell: Shell, reason: str) -> None:
    """Accept the ledger that is there."""
    words, asking = check_reason(reason), current_actor()  # who it is, before _read changes it
    found = _read(shell, 1)

    async def make(store: Store, actor: Actor, now_s: float) -> Change:
        known = await store.ledger_identity(shell.node_name)
        if known is not None and _is_known(shell, known):
            return Change(await store.revision(), count=0)
        return await store.accept_ledger(
            shell.node_name, found.ledger_id, found.last_seq, words, actor, now_s=now_s
        )

    def sentence(change: Change) -> str:
        done = _("accepted: ledger {ledger} of {node} at row {row} (revision {revision})")
        nothing = _("nothing to accept: ledger {ledger} of {node} is the one that the store knows")
        return (done if change.count else nothing).format(
            ledger=found.ledger_id,
            node=shell.node_name,
            row=found.last_seq,
            revision=change.revision,
        )

    change_policy(shell, make, sentence, actor=asking)


def _is_known(shell: Shell, known: LedgerIdentity) -> bool:
    """Tell whether the ledger is as the store knows it; read after it, as a daemon goes on."""
    now = _read(shell, 1)
    return known.ledger_id == now.ledger_id and known.last_seq <= now.last_seq
