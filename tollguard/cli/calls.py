"""`tollguard calls`: calls toward trunks that are up now; the daemon is asked."""

import asyncio
import json
import time
from typing import Any

import click

from tollguard.cli.actor import current_actor
from tollguard.cli.lazy import examples
from tollguard.cli.opened import opened_store
from tollguard.cli.options import check_country, check_endpoint, report_options
from tollguard.cli.output import Column, Report, Value, print_report
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.cli.spans import show_short
from tollguard.errors import AsteriskError, NoAnswerError, NotFoundError
from tollguard.i18n import _, ngettext
from tollguard.store import CALLS_HANGUP, CALLS_LIST, Actor

ANSWER_WAIT_S = 3.0
LOOK_S = 0.02


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
    rows = ask_daemon(shell, CALLS_LIST, {})
    zone = shell.config.site.time_zone
    print_report(shell, _report([_values(row) for row in rows], zone))


def _values(row: dict[str, Any]) -> dict[str, Value]:
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
    return {key: row.get(key) for key in keys}


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
    ended = ask_daemon(shell, CALLS_HANGUP, given)
    if uniqueid is not None and not ended:
        msg = _("no call {uniqueid!r} is up; list them: tollguard calls")
        raise NotFoundError(msg.format(uniqueid=uniqueid))
    _print_hung_up(shell, ended)


def _print_hung_up(shell: Shell, ended: list[Any]) -> None:
    if shell.form is not Form.TABLE:
        rows: list[dict[str, Value]] = [{"uniqueid": str(uniqueid)} for uniqueid in ended]
        print_report(shell, Report((Column("uniqueid", ""),), rows, [], ""))
        return
    text = ngettext("{count} call was hung up", "{count} calls were hung up", len(ended))
    click.echo(text.format(count=len(ended)))


def ask_daemon(shell: Shell, kind: str, arguments: dict[str, str]) -> list[Any]:
    """Put a question to the node's daemon and wait for its answer.

    Raises:
        NoAnswerError: None came in `ANSWER_WAIT_S`: the daemon is down or stalled.
        AsteriskError: The daemon answered that it could not.
    """
    actor = current_actor()
    return asyncio.run(_ask(shell, kind, json.dumps(arguments), actor))


async def _ask(shell: Shell, kind: str, arguments: str, actor: Actor) -> list[Any]:
    async with opened_store(shell) as store:
        node = shell.node_name
        request_id = await store.ask(
            node, kind, arguments, actor, now_s=time.time(), for_s=ANSWER_WAIT_S
        )
        deadline = time.monotonic() + ANSWER_WAIT_S
        while time.monotonic() < deadline:
            answered = await store.request(request_id)
            if answered is not None and answered.answered_at is not None:
                return _result(answered.result, ok=bool(answered.ok))
            await asyncio.sleep(LOOK_S)
    msg = _(
        "the daemon of {node} did not answer in {seconds:g} s; is it running? see tollguard status"
    )
    raise NoAnswerError(msg.format(node=node, seconds=ANSWER_WAIT_S))


def _result(result: str | None, *, ok: bool) -> list[Any]:
    if not ok:
        raise AsteriskError(result or _("the daemon could not do it"))
    value = json.loads(result or "[]")
    return value if isinstance(value, list) else [value]
