"""`tollguard limits`: how long a call may last and how many chargeable ones may be up."""

import asyncio

import click

from policies.policy import Limits
from tollguard.cli.lazy import examples
from tollguard.cli.opened import change_policy, opened_store
from tollguard.cli.options import Whole, report_options
from tollguard.cli.output import Column, Report, Value, print_report
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.cli.spans import parse_duration, show_duration
from tollguard.i18n import _, ngettext
from tollguard.store import Actor, Change, Store
from tollguard.store.policy_rows import LIMITS

MAX_CALL, PER_ENDPOINT, PER_SITE = "max_call_s", "chargeable_per_endpoint", "chargeable_per_site"


@click.group(
    invoke_without_command=True,
    help=_(
        "Show or set how long a call may last, and how many chargeable calls may be up at once."
        " Emergency calls are never counted nor cut."
    ),
    epilog=examples(
        "tollguard limits",
        "tollguard limits set --max-call 2h",
        "tollguard limits set --calls-per-endpoint 1 --calls-per-site 5",
    ),
)
@report_options
@click.pass_context
def limits(ctx: click.Context) -> None:
    """Show the limits when no other word follows."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Shell))


def _list(shell: Shell) -> None:
    now, revision = asyncio.run(_limits(shell))
    values = {name: int(getattr(now, name)) for name in LIMITS}
    columns: tuple[Column, ...] = tuple(Column(name, name) for name in LIMITS)
    rows: list[dict[str, Value]] = [{**values, "policy_revision": revision}]
    shown: list[dict[str, str]] = []
    if shell.form is Form.TABLE:
        columns = (
            Column("limit", _("limit"), most=60),
            *(
                Column(key, title, numeric=True)
                for key, title in (("now", _("now")), ("least", _("least")), ("most", _("most")))
            ),
        )
        shown = [_texts(name, value) for name, value in values.items()]
        rows = rows * len(shown)
    print_report(shell, Report(columns, rows, shown, ""))


async def _limits(shell: Shell) -> tuple[Limits, int]:
    async with opened_store(shell) as store:
        policy = await store.load_policy(shell.config.to_site())
    return policy.limits, policy.revision


def _texts(name: str, value: int) -> dict[str, str]:
    titles = {
        MAX_CALL: _("length of a call"),
        PER_ENDPOINT: _("chargeable calls of one endpoint at once"),
        PER_SITE: _("chargeable calls of the site at once"),
    }
    least, most = LIMITS[name]
    numbers = {"now": value, "least": least, "most": most}
    show = show_duration if name == MAX_CALL else str
    return {"limit": titles[name], **{key: show(number) for key, number in numbers.items()}}


@limits.command(
    "set",
    help=_("Set one limit or several; those that are not named stay."),
    epilog=examples(
        "tollguard limits set --max-call 4h --calls-per-endpoint 2 --calls-per-site 10",
    ),
)
@click.option(
    "--max-call",
    metavar="DURATION",
    help=_("Longest an allowed call may last: 45m, 4h; at most 1d."),
)
@click.option(
    "--calls-per-endpoint",
    type=Whole(*LIMITS[PER_ENDPOINT]),
    help=_("Chargeable calls that one endpoint may have at once; 0 closes them."),
)
@click.option(
    "--calls-per-site",
    type=Whole(*LIMITS[PER_SITE]),
    help=_("Chargeable calls that the whole site may have at once; 0 closes them."),
)
@report_options
@pass_shell
def set_limits(
    shell: Shell,
    max_call: str | None,
    calls_per_endpoint: int | None,
    calls_per_site: int | None,
) -> None:
    """Set the limits that were named."""
    wanted = {
        MAX_CALL: None
        if max_call is None
        else parse_duration(max_call, "--max-call", LIMITS[MAX_CALL][1]),
        PER_ENDPOINT: calls_per_endpoint,
        PER_SITE: calls_per_site,
    }
    values = {name: value for name, value in wanted.items() if value is not None}
    if not values:
        raise click.UsageError(
            _("name a limit: --max-call, --calls-per-endpoint or --calls-per-site")
        )
    now = Limits()

    async def make(store: Store, actor: Actor, now_s: float) -> Change:
        nonlocal now
        change = await store.set_limits(values, actor, now_s=now_s)
        now = (await store.load_policy(shell.config.to_site())).limits
        return change

    change_policy(shell, make, lambda change: _sentence(now, change.revision))


def _sentence(now: Limits, revision: int) -> str:
    text = ngettext(
        "set: a call lasts {length} at most, an endpoint has {calls} chargeable call at once,"
        " the site {all} (revision {revision})",
        "set: a call lasts {length} at most, an endpoint has {calls} chargeable calls at once,"
        " the site {all} (revision {revision})",
        now.chargeable_per_endpoint,
    )
    return text.format(
        length=show_duration(now.max_call_s),
        calls=now.chargeable_per_endpoint,
        all=now.chargeable_per_site,
        revision=revision,
    )
