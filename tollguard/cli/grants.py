"""`tollguard grant` and `revoke`: who may call abroad, and where to; originated calls as well."""

import asyncio
import re
import time

import click

from policies.policy import Grant, OriginateGrant
from tollguard.cli.lazy import examples
from tollguard.cli.opened import change_policy, opened_store, warn_of_unknown
from tollguard.cli.options import check_countries, check_endpoint, check_reason, report_options
from tollguard.cli.output import Column, Report, Value, print_report
from tollguard.cli.shell import Shell, pass_shell
from tollguard.cli.spans import parse_end, show_time
from tollguard.config_patterns import NAME
from tollguard.errors import InputError
from tollguard.i18n import _, ngettext
from tollguard.store import Actor, Change, NewOriginateGrant, Store
from tollguard.store.times import to_text

# A name has 79 characters; the table cuts it all the same where there is no room.
WIDEST_NAME = 100


@click.group(
    invoke_without_command=True,
    help=_("Give an endpoint the right to call abroad. Alone, it lists the rights."),
    epilog=examples(
        "tollguard grant",
        "tollguard grant international --endpoint 6001 --countries MC,FR",
        'tollguard grant international --endpoint 6001 --countries all --until "2026-12-31"',
        'tollguard grant originate --context fax-out --countries MC --for 30d --reason "fax"',
    ),
)
@report_options
@click.pass_context
def grant(ctx: click.Context) -> None:
    """List rights when no other word follows."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Shell))


@click.group(
    invoke_without_command=True,
    help=_("Take back an endpoint's right to call abroad. Alone, it lists the rights."),
    epilog=examples(
        "tollguard revoke international --endpoint 6001",
        "tollguard revoke international --endpoint 6001 --countries MC",
        "tollguard revoke originate --context fax-out",
    ),
)
@report_options
@click.pass_context
def revoke(ctx: click.Context) -> None:
    """List rights when no other word follows."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Shell))


def _list(shell: Shell) -> None:
    zone = shell.config.site.time_zone
    rows = asyncio.run(_grants(shell, time.time()))
    print_report(
        shell,
        Report(
            columns=(
                Column("endpoint", _("endpoint"), most=WIDEST_NAME),
                Column("countries", _("may call"), folds=True, gives=True),
                Column("until", _("until")),
            ),
            rows=[_values(row) for row in rows],
            shown=[
                {
                    "endpoint": _who(row),
                    "countries": _names(row.countries),
                    "until": _("until revoked")
                    if row.until_s is None
                    else show_time(row.until_s, zone),
                }
                for row in rows
            ],
            empty=_("no endpoint may call abroad"),
        ),
    )


async def _grants(shell: Shell, now_s: float) -> tuple[Grant | OriginateGrant, ...]:
    async with opened_store(shell) as store:
        policy = await store.load_policy(shell.config.to_site())
    rows: tuple[Grant | OriginateGrant, ...] = (*policy.grants, *policy.originate_grants)
    return tuple(row for row in rows if row.holds(now_s))


def _who(row: Grant | OriginateGrant) -> str:
    """Name who may; a context stands for whoever originates there."""
    if isinstance(row, Grant):
        return row.endpoint
    return _("originated in {context}").format(context=row.context)


def _values(row: Grant | OriginateGrant) -> dict[str, Value]:
    endpoint, context = (row.endpoint, None) if isinstance(row, Grant) else (None, row.context)
    return {
        "id": row.id,
        "endpoint": endpoint,
        "context": context,
        "countries": ["all"] if row.countries is None else sorted(row.countries),
        "until_at": None if row.until_s is None else to_text(row.until_s),
    }


def _names(countries: frozenset[str] | None) -> str:
    return _("every country") if countries is None else " ".join(sorted(countries))


@grant.command(
    "international",
    help=_("Let an endpoint call some countries, or all."),
    epilog=examples(
        "tollguard grant international --endpoint 6001 --countries MC,FR",
        "tollguard grant international --endpoint 6001 --countries all --for 8h",
    ),
)
@click.option("--endpoint", required=True, metavar="ENDPOINT", help=_("Who may."))
@click.option(
    "--countries",
    required=True,
    metavar="CC,CC|all",
    help=_("Where to: two letters of ISO 3166 each, with commas; or all."),
)
@click.option("--until", metavar="TIME", help=_("End, in the site's zone; else until revoked."))
@click.option("--for", "for_text", metavar="DURATION", help=_("How long: 30m, 2h, 1d."))
@report_options
@pass_shell
def grant_international(
    shell: Shell, endpoint: str, countries: str, until: str | None, for_text: str | None
) -> None:
    """Grant the right to call abroad."""
    who, where = check_endpoint(endpoint), check_countries(countries)
    home = shell.config.site.country
    if where is not None and home in where:
        msg = _("{country} is this site's own country: calls at home need no right; leave it out")
        raise InputError(msg.format(country=home))
    zone = shell.config.site.time_zone
    until_s = parse_end(for_text, until, zone, time.time())

    async def make(store: Store, actor: Actor, now_s: float) -> Change:
        await warn_of_unknown(store, who)
        return await store.grant(who, where, actor, now_s=now_s, until_s=until_s)

    def sentence(change: Change) -> str:
        end = _("revoked") if until_s is None else show_time(until_s, zone)
        text = _("granted: {endpoint} may call {countries} until {end} (revision {revision})")
        return text.format(endpoint=who, countries=_names(where), end=end, revision=change.revision)

    change_policy(shell, make, sentence)


@revoke.command(
    "international",
    help=_("Take back an endpoint's right to call abroad, or only some countries of it."),
    epilog=examples(
        "tollguard revoke international --endpoint 6001",
        "tollguard revoke international --endpoint 6001 --countries MC",
    ),
)
@click.option("--endpoint", required=True, metavar="ENDPOINT", help=_("Whose right."))
@click.option(
    "--countries", default="all", metavar="CC,CC|all", help=_("Only these countries; else all.")
)
@report_options
@pass_shell
def revoke_international(shell: Shell, endpoint: str, countries: str) -> None:
    """Revoke the right to call abroad."""
    who, where = check_endpoint(endpoint), check_countries(countries)

    async def make(store: Store, actor: Actor, now_s: float) -> Change:
        return await store.revoke(who, where, actor, now_s=now_s)

    def sentence(change: Change) -> str:
        if not change.count:
            text = _("{endpoint} has no such right")
            return text.format(endpoint=who)
        text = ngettext(
            "revoked: {endpoint} may not call {countries} ({count} right, revision {revision})",
            "revoked: {endpoint} may not call {countries} ({count} rights, revision {revision})",
            change.count,
        )
        names = _("any country") if where is None else _names(where)
        return text.format(
            endpoint=who, countries=names, count=change.count, revision=change.revision
        )

    change_policy(shell, make, sentence)


@grant.command(
    "originate",
    help=_("Let calls that begin in a context without anybody, a fax server's, call abroad."),
    epilog=examples(
        'tollguard grant originate --context fax-out --for 30d --reason "fax server"',
        "tollguard grant originate --context fax --countries MC --until 2026-12-31 --reason fax",
    ),
)
@click.option("--context", required=True, metavar="CONTEXT", help=_("Where such calls begin."))
@click.option(
    "--countries",
    default="all",
    show_default=True,
    metavar="CC,CC|all",
    help=_("Where to: two letters of ISO 3166 each, with commas; or all."),
)
@click.option("--until", metavar="TIME", help=_("End, in the site's zone."))
@click.option("--for", "for_text", metavar="DURATION", help=_("How long: 30m, 2h, 1d."))
@click.option("--reason", required=True, metavar="TEXT", help=_("Why; kept with it."))
@report_options
@pass_shell
def grant_originate(
    shell: Shell,
    context: str,
    countries: str,
    until: str | None,
    for_text: str | None,
    reason: str,
) -> None:
    """Grant originated calls the right to call abroad."""
    zone = shell.config.site.time_zone
    until_s = parse_end(for_text, until, zone, time.time())
    if until_s is None:
        raise click.UsageError(_("such a right must end: give --for or --until"))
    new = NewOriginateGrant(
        _check_context(context), check_countries(countries), until_s, check_reason(reason)
    )

    async def make(store: Store, actor: Actor, now_s: float) -> Change:
        return await store.grant_originate(new, actor, now_s=now_s)

    def sentence(change: Change) -> str:
        text = _(
            "granted: calls originated in {context} may call {countries} until {end}"
            " (revision {revision})"
        )
        return text.format(
            context=new.context,
            countries=_names(new.countries),
            end=show_time(new.until_s, zone),
            revision=change.revision,
        )

    change_policy(shell, make, sentence)


@revoke.command(
    "originate",
    help=_("Take back the right of calls that begin in a context without anybody."),
    epilog=examples("tollguard revoke originate --context fax-out"),
)
@click.option("--context", required=True, metavar="CONTEXT", help=_("Whose right."))
@report_options
@pass_shell
def revoke_originate(shell: Shell, context: str) -> None:
    """Revoke the right of originated calls."""
    where = _check_context(context)

    async def make(store: Store, actor: Actor, now_s: float) -> Change:
        return await store.revoke_originate(where, actor, now_s=now_s)

    def sentence(change: Change) -> str:
        if not change.count:
            return _("calls originated in {context} have no such right").format(context=where)
        text = _("revoked: calls originated in {context} may not call abroad (revision {revision})")
        return text.format(context=where, revision=change.revision)

    change_policy(shell, make, sentence)


def _check_context(text: str) -> str:
    """Take a context's name as the dialplan spells it.

    Raises:
        InputError: No context can be called so.
    """
    if re.fullmatch(NAME, text):
        return text
    msg = _("{text!r} is no context: up to 79 letters, digits, dots, dashes and underscores")
    raise InputError(msg.format(text=text))
