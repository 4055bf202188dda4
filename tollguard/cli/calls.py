"""`tollguard calls`: calls toward trunks that are up now; the daemon is asked."""

import asyncio
from typing import Any

import click

from tollguard.cli.actor import current_actor
from tollguard.cli.asking import Answer, ask, sight_fault
from tollguard.cli.lazy import examples
from tollguard.cli.opened import check_running, opened_store
from tollguard.cli.options import check_country, check_endpoint, report_options
from tollguard.cli.output import Column, Report, Value, print_report
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.cli.spans import show_short
from tollguard.errors import AsteriskError, NotFoundError
from tollguard.i18n import _, ngettext
from tollguard.store import CALLS_HANGUP, CALLS_LIST, Actor

ANSWER_WAIT_S = 3.0


@click.group(
    invoke_without_command=True,
    help=_("List the calls toward trunks that are up now, and hang them up."),
    epilog=examples("tollguard calls", "tollguard calls hangup --country MC"),
)
@report_options
@click.pass_context
def calls(ctx: click.Context) -> None:
    """List the live calls when no other word follows."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Shell))


@calls.command(
    "list",
    help=_("List the calls toward trunks that are up now."),
    epilog=examples("tollguard calls list", "tollguard calls list --json"),
)
@report_options
@pass_shell
def list_calls(shell: Shell) -> None:
    """List the live calls."""
    _list(shell)


def _list(shell: Shell) -> None:
    answer = ask_daemon(shell, CALLS_LIST, {})
    stale = bool(answer.get("blind"))
    rows = [_values(row, stale=stale) for row in answer.get("calls", ())]
    if rows or not stale or shell.form is not Form.TABLE:
        print_report(shell, _report(rows, shell.config.site.time_zone))
    _refuse_blindness(shell, answer)


def _values(row: dict[str, Any], *, stale: bool) -> dict[str, Value]:
    """Keep what this version knows of a row that a daemon of another version may have made."""
    keys = (
        "uniqueid",
        "channel",
        "endpoint",
        "trunk",
        "dialled",
        "country",
        "emergency",
        "state",
        "since_at",
    )
    return {**{key: row.get(key) for key in keys}, "stale": stale}


def _report(rows: list[dict[str, Value]], zone: str) -> Report:
    return Report(
        columns=(
            Column("endpoint", _("endpoint")),
            Column("dialled", _("dialled")),
            Column("country", _("to")),
            Column("state", _("state")),
            Column("since", _("since")),
            Column("trunk", _("trunk"), gives=True),
            Column("uniqueid", _("uniqueid")),
        ),
        rows=rows,
        shown=[
            {
                **{key: str(value or "-") for key, value in row.items()},
                "since": show_short(str(row["since_at"] or ""), zone),
                "state": f"{row['state']} ({_('stale')})" if row["stale"] else str(row["state"]),
            }
            for row in rows
        ],
        empty=_("no call is up"),
    )


@calls.command(
    help=_("Hang up one call, or all of an endpoint, to a country, or abroad. Never emergencies."),
    epilog=examples(
        "tollguard calls hangup 1795500000.42",
        "tollguard calls hangup --endpoint 6001",
        "tollguard calls hangup --international",
    ),
)
@click.argument("uniqueid", required=False)
@click.option("--endpoint", metavar="ENDPOINT", help=_("Every call of this endpoint."))
@click.option("--country", metavar="CC", help=_("Every call to this country."))
@click.option("--international", is_flag=True, help=_("Every call abroad."))
@report_options
@pass_shell
def hangup(
    shell: Shell,
    uniqueid: str | None,
    endpoint: str | None,
    country: str | None,
    *,
    international: bool,
) -> None:
    """Ask the daemon to hang up, and say how many calls it did."""
    wanted = {
        "uniqueid": uniqueid,
        "endpoint": None if endpoint is None else check_endpoint(endpoint),
        "country": None if country is None else check_country(country),
        "all": "international" if international else None,
    }
    given = {key: value for key, value in wanted.items() if value is not None}
    if len(given) != 1:
        raise click.UsageError(
            _("name one thing: a UNIQUEID, --endpoint, --country or --international")
        )
    answer = ask_daemon(shell, CALLS_HANGUP, given)
    ended = answer.get("ended", [])
    if not ended:
        _refuse_blindness(shell, answer)
    if uniqueid is not None and not ended:
        msg = _("no call {uniqueid!r} is up; list them: tollguard calls")
        raise NotFoundError(msg.format(uniqueid=uniqueid))
    _print_hung_up(shell, ended)
    _refuse_blindness(shell, answer)


def _print_hung_up(shell: Shell, ended: list[Any]) -> None:
    if shell.form is not Form.TABLE:
        rows: list[dict[str, Value]] = [{"uniqueid": str(uniqueid)} for uniqueid in ended]
        print_report(shell, Report((Column("uniqueid", ""),), rows, [], ""))
        return
    text = ngettext("{count} call was hung up", "{count} calls were hung up", len(ended))
    click.echo(text.format(count=len(ended)))


def ask_daemon(shell: Shell, kind: str, arguments: dict[str, str]) -> Answer:
    """Put a question to the node's daemon and wait for its answer.

    Raises:
        NoAnswerError: The daemon is down, or stalled: no answer came in `ANSWER_WAIT_S`.
        AsteriskError: The daemon answered that it could not.
    """
    return asyncio.run(_ask(shell, (kind, arguments), current_actor()))


async def _ask(shell: Shell, question: tuple[str, dict[str, str]], actor: Actor) -> Answer:
    async with opened_store(shell) as store:
        await check_running(shell, store)
        return await ask(store, shell.node_name, question, actor, ANSWER_WAIT_S)


def _refuse_blindness(shell: Shell, answer: Answer) -> None:
    """End with exit code 69 when there may be calls that the daemon cannot see."""
    fault = sight_fault(answer, shell.config.site.time_zone)
    if fault:
        raise AsteriskError(fault)
