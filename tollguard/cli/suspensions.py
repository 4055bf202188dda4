"""`tollguard suspend` and `resume`: closing international calls, a country or an endpoint."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import NamedTuple

import click

from policies.ahead import AheadChange
from policies.policy import Policy, Suspension, SuspensionKind
from tollguard.cli.cuts import tell_cuts
from tollguard.cli.lazy import examples
from tollguard.cli.offline import change_of
from tollguard.cli.opened import change_policy, opened_store, warn_of_unknown
from tollguard.cli.options import check_reason, check_target, report_options
from tollguard.cli.output import Column, Report, Value, print_report, warn
from tollguard.cli.shell import Shell, pass_shell
from tollguard.cli.spans import parse_end, show_time
from tollguard.errors import StoreError
from tollguard.i18n import _, ngettext
from tollguard.snapshot_file import look_at_snapshot
from tollguard.store import Actor, Change, NewSuspension, Store
from tollguard.store.times import to_text


@click.group(
    invoke_without_command=True,
    help=_(
        "Close international calls, a country or an endpoint, in every mode, and cut the running"
        " calls to it. Alone, it lists what is suspended."
    ),
    epilog=examples(
        "tollguard suspend",
        'tollguard suspend international --for 2h --reason "bill alarm"',
        'tollguard suspend country MC --until "2026-12-01 08:00" --reason "IRSF"',
        'tollguard suspend endpoint 6001 --for 1d --reason "stolen password" --keep-calls',
    ),
)
@report_options
@click.pass_context
def suspend(ctx: click.Context) -> None:
    """List suspensions when no other word follows."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Shell))


@click.group(
    invoke_without_command=True,
    help=_("End a suspension. Alone, it lists what is suspended."),
    epilog=examples(
        "tollguard resume international",
        "tollguard resume country MC",
        "tollguard resume endpoint 6001",
    ),
)
@report_options
@click.pass_context
def resume(ctx: click.Context) -> None:
    """List suspensions when no other word follows."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Shell))


def _list(shell: Shell) -> None:
    zone = shell.config.site.time_zone
    rows = asyncio.run(_suspensions(shell, time.time()))
    print_report(
        shell,
        Report(
            columns=(
                Column("what", _("suspended"), folds=True, most=40),
                Column("until", _("until")),
                Column("reason", _("reason"), folds=True, gives=True),
                Column("by", _("by"), folds=True),
            ),
            rows=[_values(row) for row in rows],
            shown=[_texts(row, zone) for row in rows],
            empty=_("nothing is suspended"),
        ),
    )


async def _suspensions(shell: Shell, now_s: float) -> tuple[Suspension, ...]:
    """Read what holds from the store; from the snapshot where that alone has it.

    Raises:
        StoreError: Neither can be read.
    """
    path = shell.config.snapshot.path
    kept = look_at_snapshot(path).kept
    fault = ""
    try:
        policy = await _stored(shell)
        if kept and kept.ahead:
            policy, fault = kept.policy, _("the store does not have all of it yet")
    except StoreError as error:
        if kept is None:
            raise
        policy, fault = kept.policy, str(error)
    if fault:
        warn(_("{fault}; this is what {path} holds").format(fault=fault, path=path))
    return tuple(row for row in policy.suspensions if row.holds(now_s))


async def _stored(shell: Shell) -> Policy:
    async with opened_store(shell) as store:
        return await store.load_policy(shell.config.to_site())


def _values(row: Suspension) -> dict[str, Value]:
    return {
        "id": row.id,
        "kind": row.kind.value,
        "target": row.target,
        "since_at": to_text(row.since_s),
        "until_at": None if row.until_s is None else to_text(row.until_s),
        "reason": row.reason,
        "by": row.by,
        "keep_calls": row.keep_calls,
    }


def _texts(row: Suspension, zone: str) -> dict[str, str]:
    return {
        "what": name(row.kind, row.target),
        "until": _end_text(row.until_s, zone),
        "reason": row.reason,
        "by": row.by,
    }


def name(kind: SuspensionKind, target: str) -> str:
    """Name what is closed: ``international calls``, ``country MC``, ``endpoint 6001``."""
    match kind:
        case SuspensionKind.INTERNATIONAL:
            return _("international calls")
        case SuspensionKind.COUNTRY:
            return _("country {target}").format(target=target)
        case SuspensionKind.ENDPOINT:
            return _("endpoint {target}").format(target=target)


def _end_text(until_s: float | None, zone: str) -> str:
    return _("resumed") if until_s is None else show_time(until_s, zone)


class _Asked(NamedTuple):
    """The options of one suspension, as typed."""

    for_text: str | None
    until: str | None
    reason: str
    keep_calls: bool


def _suspend_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a suspension, and their values as its one ``asked``."""

    @wraps(command)
    def gathered(
        *args: object,
        for_text: str | None,
        until: str | None,
        reason: str,
        keep_calls: bool,
        **values: object,
    ) -> None:
        command(*args, asked=_Asked(for_text, until, reason, keep_calls), **values)

    for option in (
        click.option("--keep-calls", is_flag=True, help=_("Leave calls that are up alone.")),
        click.option("--reason", required=True, metavar="TEXT", help=_("Why; goes to the audit.")),
        click.option("--until", metavar="TIME", help=_("End, in the site's zone; else --for.")),
        click.option(
            "--for", "for_text", metavar="DURATION", help=_("How long: 30m, 2h, 1d; else --until.")
        ),
    ):
        gathered = option(gathered)
    return gathered


def _suspend(shell: Shell, kind: SuspensionKind, target: str | None, asked: _Asked) -> None:
    zone, now_s = shell.config.site.time_zone, time.time()
    until_s = parse_end(asked.for_text, asked.until, zone, now_s)
    if until_s is None:
        raise click.UsageError(_("say when it ends: --for 2h, or --until TIME"))
    new = NewSuspension(
        kind,
        check_target(kind, target),
        until_s,
        check_reason(asked.reason),
        asked.keep_calls,
    )

    if kind is SuspensionKind.COUNTRY and new.target == shell.config.site.country:
        text = _(
            "{country} is this site's own country: every domestic call is closed,"
            " only emergency calls pass"
        )
        warn(text.format(country=new.target))

    async def make(store: Store, actor: Actor, now_s: float) -> Change:
        if kind is SuspensionKind.ENDPOINT:
            await warn_of_unknown(store, new.target)
        return await store.suspend(new, actor, now_s=now_s)

    def sentence(change: Change) -> str:
        text = _("suspended: {what}, until {end} (revision {revision})")
        return text.format(
            what=name(kind, new.target), end=_end_text(until_s, zone), revision=change.revision
        )

    async def after(store: Store, actor: Actor, change: Change, nodes: tuple[str, ...]) -> None:
        await tell_cuts(store, actor, nodes, (change.revision, kind, new.target), zone)

    def offline(actor: Actor, now_s: float) -> AheadChange:
        made = _suspension(new.kind, new.target, now_s)
        words = replace(made, until_s=until_s, reason=new.reason, keep_calls=new.keep_calls)
        return change_of(words, actor, ends=False)

    change_policy(shell, make, sentence, None if asked.keep_calls else after, offline)


def _suspension(kind: SuspensionKind, target: str, at_s: float) -> Suspension:
    """Name what is closed or opened without the store, which would give it an id."""
    return Suspension(0, kind, target, at_s, None, "", "")


@suspend.command(
    "international",
    help=_("Close every call abroad."),
    epilog=examples('tollguard suspend international --for 2h --reason "bill alarm"'),
)
@_suspend_options
@report_options
@pass_shell
def suspend_international(shell: Shell, asked: _Asked) -> None:
    """Suspend international calls."""
    _suspend(shell, SuspensionKind.INTERNATIONAL, None, asked)


@suspend.command(
    "country",
    help=_("Close calls to a country, two letters of ISO 3166."),
    epilog=examples('tollguard suspend country MC --for 2h --reason "bill alarm"'),
)
@click.argument("country", metavar="CC")
@_suspend_options
@report_options
@pass_shell
def suspend_country(shell: Shell, country: str, asked: _Asked) -> None:
    """Suspend a country."""
    _suspend(shell, SuspensionKind.COUNTRY, country, asked)


@suspend.command(
    "endpoint",
    help=_("Close every call of an endpoint but emergencies."),
    epilog=examples('tollguard suspend endpoint 6001 --for 1d --reason "stolen password"'),
)
@click.argument("endpoint", metavar="ENDPOINT")
@_suspend_options
@report_options
@pass_shell
def suspend_endpoint(shell: Shell, endpoint: str, asked: _Asked) -> None:
    """Suspend an endpoint."""
    _suspend(shell, SuspensionKind.ENDPOINT, endpoint, asked)


def _resume(shell: Shell, kind: SuspensionKind, target: str | None) -> None:
    checked = check_target(kind, target)

    async def make(store: Store, actor: Actor, now_s: float) -> Change:
        return await store.resume(kind, checked, actor, now_s=now_s)

    def sentence(change: Change) -> str:
        if not change.count:
            return _("not suspended: {what}").format(what=name(kind, checked))
        text = ngettext(
            "resumed: {what} ({count} suspension ended, revision {revision})",
            "resumed: {what} ({count} suspensions ended, revision {revision})",
            change.count,
        )
        return text.format(what=name(kind, checked), count=change.count, revision=change.revision)

    def offline(actor: Actor, now_s: float) -> AheadChange:
        return change_of(_suspension(kind, checked, now_s), actor, ends=True)

    change_policy(shell, make, sentence, None, offline)


@resume.command(
    "international",
    help=_("End the suspension of international calls."),
    epilog=examples("tollguard resume international"),
)
@report_options
@pass_shell
def resume_international(shell: Shell) -> None:
    """Resume international calls."""
    _resume(shell, SuspensionKind.INTERNATIONAL, None)


@resume.command(
    "country",
    help=_("End the suspension of a country."),
    epilog=examples("tollguard resume country MC"),
)
@click.argument("country", metavar="CC")
@report_options
@pass_shell
def resume_country(shell: Shell, country: str) -> None:
    """Resume a country."""
    _resume(shell, SuspensionKind.COUNTRY, country)


@resume.command(
    "endpoint",
    help=_("End the suspension of an endpoint."),
    epilog=examples("tollguard resume endpoint 6001"),
)
@click.argument("endpoint", metavar="ENDPOINT")
@report_options
@pass_shell
def resume_endpoint(shell: Shell, endpoint: str) -> None:
    """Resume an endpoint."""
    _resume(shell, SuspensionKind.ENDPOINT, endpoint)
