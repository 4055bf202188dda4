"""`tollguard verdicts`: what was judged, why, and every step that led there."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace

import click

from tollguard.cli.lazy import examples
from tollguard.cli.opened import opened_store
from tollguard.cli.options import Whole, check_country, check_endpoint, report_options
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
from tollguard.cli.spans import show_short, since_text
from tollguard.cli.steps import print_steps, sent_field, step_values
from tollguard.errors import NotFoundError
from tollguard.i18n import _
from tollguard.store import Store, VerdictFilter, VerdictRow

FOLLOW_LOOK_S = 0.2
MOST_ROWS = 100_000
# So wide must a column be that no word of a verdict is broken.
LONGEST_REASON = 27
LONGEST_SHORT = 9


@click.group(
    invoke_without_command=True,
    help=_("List judged calls, the newest first, and show one with all its steps."),
    epilog=examples(
        "tollguard verdicts --deny --since 1h",
        "tollguard verdicts --endpoint 6001 --country MC --csv",
        "tollguard verdicts show 1795500000.42",
    ),
)
@click.option("--deny", is_flag=True, help=_("Only calls that were refused."))
@click.option("--endpoint", metavar="ENDPOINT", help=_("Only calls of this endpoint."))
@click.option("--country", metavar="CC", help=_("Only calls to this country."))
@click.option("--since", metavar="TIME", help=_("Not before: a duration back (2h) or a time."))
@click.option(
    "--limit",
    type=Whole(1, MOST_ROWS),
    default=100,
    show_default=True,
    help=_("At most so many."),
)
@click.option("--follow", is_flag=True, help=_("Go on printing new ones, a line each."))
@report_options
@click.pass_context
def verdicts(  # noqa: PLR0913 - one a command-line option
    ctx: click.Context,
    endpoint: str | None,
    country: str | None,
    since: str | None,
    limit: int,
    *,
    deny: bool,
    follow: bool,
) -> None:
    """List verdicts by the options, or follow them."""
    if ctx.invoked_subcommand is not None:
        return
    shell = ctx.ensure_object(Shell)
    zone = shell.config.site.time_zone
    wanted = VerdictFilter(
        node=shell.node,
        denied=deny,
        endpoint=None if endpoint is None else check_endpoint(endpoint),
        country=None if country is None else check_country(country),
        since_at=since_text(since, zone),
        count=limit,
    )
    if follow:
        asyncio.run(_follow(shell, wanted))
    else:
        rows = asyncio.run(_verdicts(shell, wanted))
        empty = nothing(_("no call was judged"), deny, endpoint, country, since)
        print_report(shell, _report(rows, zone, empty))


async def _verdicts(shell: Shell, wanted: VerdictFilter) -> tuple[VerdictRow, ...]:
    async with opened_store(shell) as store:
        return await store.verdicts(wanted)


async def _follow(shell: Shell, wanted: VerdictFilter) -> None:
    async with opened_store(shell) as store:
        last = await store.verdicts(replace(wanted, count=1))
        after = last[0].id if last else 0
        while True:
            after = await _print_newer(shell, store, replace(wanted, after_id=after))
            await asyncio.sleep(FOLLOW_LOOK_S)


async def _print_newer(shell: Shell, store: Store, wanted: VerdictFilter) -> int:
    rows = await store.verdicts(wanted)
    for row in reversed(rows):
        if shell.form is Form.JSON:
            click.echo(json.dumps(_values(row), ensure_ascii=False))
        else:
            texts = _texts(row, shell.config.site.time_zone)
            click.echo("  ".join(texts[key] for key in ("at", "endpoint", "dialled", "verdict")))
    return max((row.id for row in rows), default=wanted.after_id)


def _report(rows: tuple[VerdictRow, ...], zone: str, empty: str = "") -> Report:
    return Report(
        columns=(
            Column("at", _("at")),
            Column("endpoint", _("endpoint")),
            Column("dialled", _("dialled")),
            Column("country", _("to")),
            Column("verdict", _("verdict"), folds=True, gives=True, least=LONGEST_REASON),
            Column("call", _("call")),
        ),
        rows=[_values(row) for row in rows],
        shown=[_texts(row, zone) for row in rows],
        empty=empty,
    )


def _values(row: VerdictRow) -> dict[str, Value]:
    return {
        "at": row.at,
        "node": row.node,
        "call": row.linkedid,
        "uniqueid": row.uniqueid,
        "channel": row.channel,
        "endpoint": row.endpoint,
        "source": row.source,
        "trunk": row.trunk,
        "dialled": row.dialled,
        "verdict": row.verdict,
        "reason": row.reason,
        "would": row.would,
        "would_reason": row.would_reason,
        "class": row.number_class,
        "e164": row.e164,
        "country": row.country,
        "canonical": row.canonical,
        "removed": row.removed,
        "chargeable": row.chargeable,
        "limit_ms": row.limit_ms,
        "mode": row.mode,
        "policy_revision": row.policy_revision,
        "took_us": row.took_us,
    }


def _short(number_class: str) -> str:
    """Name a class where it is short; a long one stands in the reason anyway."""
    return number_class if len(number_class) <= LONGEST_SHORT else "-"


def _texts(row: VerdictRow, zone: str) -> dict[str, str]:
    verdict = f"{row.verdict} {row.reason}"
    if row.would != row.verdict:
        verdict = _("{verdict}, enforcing: {would} {reason}").format(
            verdict=row.verdict, would=row.would, reason=row.would_reason
        )
    return {
        "at": show_short(row.at, zone),
        "endpoint": row.endpoint or _("nobody"),
        "dialled": row.dialled,
        "country": row.country or _short(row.number_class),
        "verdict": verdict,
        "call": row.linkedid,
    }


@verdicts.command(
    help=_("Show every verdict of one call with all its steps; CALL is its linkedid or uniqueid."),
    epilog=examples(
        "tollguard verdicts show 1795500000.42", "tollguard verdicts show 1795500000.42 --json"
    ),
)
@click.argument("call", metavar="CALL")
@report_options
@pass_shell
def show(shell: Shell, call: str) -> None:
    """Print one call's verdicts."""
    rows = asyncio.run(_verdicts_of(shell, call))
    if not rows:
        msg = _("no verdict about call {call!r} is stored; list them: tollguard verdicts")
        raise NotFoundError(msg.format(call=call))
    zone = shell.config.site.time_zone
    if shell.form is Form.JSON:
        print_json([{**_values(row), "steps": step_values(row.steps, zone)} for row in rows])
    elif shell.form is Form.CSV:
        print_report(shell, _steps_report(rows, zone))
    else:
        for row in rows:
            _print_one(row, zone)


def _steps_report(rows: tuple[VerdictRow, ...], zone: str) -> Report:
    """Make the report for CSV: a row for each step, and one where there is none."""
    values: list[dict[str, Value]] = []
    for row in rows:
        steps = step_values(row.steps, zone)
        values.extend({**_values(row), **_flat(step)} for step in steps or [{}])
    return Report((), values, [], "")


def _flat(step: Mapping[str, object]) -> dict[str, Value]:
    observed = step.get("observed")
    return {
        "judge": str(step.get("judge", "")),
        "says": str(step.get("verdict", "")),
        "because": str(step.get("reason", "")),
        "step_text": str(step.get("text", "")),
        "observed": observed if isinstance(observed, bool) else None,
    }


async def _verdicts_of(shell: Shell, call: str) -> tuple[VerdictRow, ...]:
    async with opened_store(shell) as store:
        return await store.verdicts_of(call)


def _print_one(row: VerdictRow, zone: str) -> None:
    texts = _texts(row, zone)
    print_fields(
        [
            (_("verdict"), texts["verdict"]),
            (_("at"), texts["at"]),
            (_("endpoint"), texts["endpoint"]),
            (_("source"), row.source or ""),
            (_("dialled"), row.dialled),
            (_("number"), row.e164 or ""),
            (_("class"), row.number_class),
            (_("country"), row.country or ""),
            (_("removed"), " ".join(row.removed)),
            sent_field(row.verdict, row.canonical, row.trunk),
            (_("limit"), f"{row.limit_ms / 1000:g} s" if row.limit_ms else ""),
            (_("judged"), f"{row.mode}, revision {row.policy_revision}, {row.took_us} us"),
        ]
    )
    print_steps(step_values(row.steps, zone))
