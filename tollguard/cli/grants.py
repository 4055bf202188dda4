"""`tollguard grant` and `revoke`: who may call abroad, and where to."""

import asyncio
import time

import click

from policies.policy import Grant
from tollguard.cli.lazy import examples
from tollguard.cli.opened import change_policy, opened_store, warn_of_unknown
from tollguard.cli.options import check_countries, check_endpoint, report_options
from tollguard.cli.output import Column, Report, Value, print_report
from tollguard.cli.shell import Shell, pass_shell
from tollguard.cli.spans import parse_end, show_time
from tollguard.errors import InputError
from tollguard.i18n import _, ngettext
from tollguard.store import Actor, Change, Store
from tollguard.store.times import to_text


@click.group(
    invoke_without_command=True,
    help=_("Give an endpoint the right to call abroad. Alone, it lists the rights."),
    epilog=examples(
        "tollguard grant",
        "tollguard grant international --endpoint 6001 --countries MC,FR",
        'tollguard grant international --endpoint 6001 --countries all --until "2026-12-31"',
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
                Column("endpoint", _("endpoint")),
                Column("countries", _("may call"), folds=True, gives=True),
                Column("until", _("until")),
            ),
            rows=[_values(row) for row in rows],
            shown=[
                {
                    "endpoint": row.endpoint,
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


async def _grants(shell: Shell, now_s: float) -> tuple[Grant, ...]:
    async with opened_store(shell) as store:
        policy = await store.load_policy(shell.config.to_site())
    return tuple(row for row in policy.grants if row.holds(now_s))


def _values(row: Grant) -> dict[str, Value]:
    return {
        "id": row.id,
        "endpoint": row.endpoint,
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
