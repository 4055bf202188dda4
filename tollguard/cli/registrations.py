"""`tollguard registrations`: every endpoint, where its packets come from, and its state."""

import asyncio
import time

import click

from tollguard.cli.lazy import examples
from tollguard.cli.opened import alive, opened_store
from tollguard.cli.options import check_endpoint, report_options
from tollguard.cli.output import Column, Report, nothing, print_report, printable
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.cli.spans import show_minute
from tollguard.errors import AsteriskError
from tollguard.i18n import _
from tollguard.store import DeviceRow, NodeRow

STATES = ("ok", "lagged", "unreachable", "unmonitored", "unknown")


@click.command(
    help=_(
        "List endpoints with the address and port their packets really come from, state,"
        " round trip and since when they are connected. Also called devices."
    ),
    epilog=examples(
        "tollguard registrations",
        "tollguard registrations --state unreachable",
        "tollguard registrations --endpoint desk-1001 --json",
    ),
)
@click.option("--state", type=click.Choice(STATES), help=_("Only this state."))
@click.option("--endpoint", metavar="ENDPOINT", help=_("Only this endpoint."))
@report_options
@pass_shell
def registrations(shell: Shell, state: str | None, endpoint: str | None) -> None:
    """Print the devices that the daemons see."""
    if endpoint is not None:
        check_endpoint(endpoint)
    rows, fault = asyncio.run(_devices(shell, endpoint, state))
    empty = nothing(
        _("no endpoint is known; is the daemon connected to Asterisk? see tollguard status"),
        state,
        endpoint,
    )
    if not fault or shell.form is not Form.TABLE:
        print_report(shell, _report(rows, shell.config.site.time_zone, empty))
    if fault:
        raise AsteriskError(fault)


async def _devices(
    shell: Shell, endpoint: str | None, state: str | None
) -> tuple[tuple[DeviceRow, ...], str]:
    """Read the devices; when there is none, also say which daemon sees nothing and why."""
    async with opened_store(shell) as store:
        rows = await store.devices(node=shell.node, endpoint=endpoint, state=state)
        return rows, "" if rows else _sight_fault(shell, await store.nodes())


def _sight_fault(shell: Shell, nodes: tuple[NodeRow, ...]) -> str:
    text = _("registrations cannot be seen on {node}: {reason}; see tollguard status")
    return "\n".join(
        text.format(node=row.node, reason=printable(row.blind))
        for row in nodes
        if row.blind and alive(row, time.time()) and shell.node in (None, row.node)
    )


def _report(rows: tuple[DeviceRow, ...], zone: str, empty: str) -> Report:
    return Report(
        columns=(
            Column("endpoint", _("endpoint")),
            Column("host", _("host"), most=39),
            Column("port", _("port"), numeric=True),
            Column("transport", _("via")),
            Column("state", _("state")),
            Column("rtt", _("RTT ms"), numeric=True),
            Column("since", _("connected since")),
            Column("user_agent", _("user agent"), gives=True),
        ),
        rows=[_values(row) for row in rows],
        shown=[_texts(row, zone) for row in rows],
        empty=empty,
    )


def _values(row: DeviceRow) -> dict[str, str | int | float | bool | None]:
    return {
        "node": row.node,
        "endpoint": row.endpoint,
        "technology": row.technology,
        "contact": row.contact,
        "host": row.host,
        "port": row.port,
        "transport": row.transport,
        "state": row.state,
        "rtt_us": row.rtt_us,
        "since_at": row.since_at,
        "user_agent": row.user_agent,
        "stale": row.stale,
    }


def _texts(row: DeviceRow, zone: str) -> dict[str, str]:
    return {
        "endpoint": row.endpoint,
        "host": row.host or "-",
        "port": str(row.port) if row.port else "-",
        "transport": row.transport.lower() or "-",
        "state": f"{row.state} ({_('stale')})" if row.stale else row.state,
        "rtt": "-" if row.rtt_us is None else f"{row.rtt_us / 1000:.1f}",
        "since": show_minute(row.since_at, zone) or "-",
        "user_agent": row.user_agent or "-",
    }
