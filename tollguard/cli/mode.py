"""`tollguard mode`: whether rules refuse calls or only record that they would have."""

import asyncio

import click

from policies.policy import Mode
from tollguard.cli.lazy import examples
from tollguard.cli.opened import change_policy, opened_store
from tollguard.cli.options import report_options
from tollguard.cli.output import Column, Report, Value, print_report
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.i18n import _
from tollguard.store import Actor, Change, Store


@click.group(
    invoke_without_command=True,
    help=_(
        "Show or switch the mode. Observing refuses only malformed numbers and what you suspended"
        " yourself, and records what enforcing would have refused."
    ),
    epilog=examples("tollguard mode", "tollguard mode enforce", "tollguard mode observe"),
)
@report_options
@click.pass_context
def mode(ctx: click.Context) -> None:
    """Show the mode when no other word follows."""
    if ctx.invoked_subcommand is None:
        _show(ctx.ensure_object(Shell))


def explanation(value: str) -> str:
    """Say what a mode does."""
    if value == Mode.ENFORCE:
        return _("enforce: calls that the policy refuses are stopped")
    return _("observe: nothing is stopped but malformed numbers and what you suspended yourself")


def _show(shell: Shell) -> None:
    value, revision = asyncio.run(_mode(shell))
    if shell.form is Form.TABLE:
        click.echo(explanation(value))
        return
    rows: list[dict[str, Value]] = [{"mode": value, "policy_revision": revision}]
    print_report(shell, Report((Column("mode", ""),), rows, [], ""))


async def _mode(shell: Shell) -> tuple[str, int]:
    async with opened_store(shell) as store:
        policy = await store.load_policy(shell.config.to_site())
    return policy.mode.value, policy.revision


def _switch(shell: Shell, wanted: Mode) -> None:
    async def make(store: Store, actor: Actor, now_s: float) -> Change:
        return await store.set_mode(wanted, actor, now_s=now_s)

    def sentence(change: Change) -> str:
        text = _("{explanation} (revision {revision})")
        return text.format(explanation=explanation(wanted.value), revision=change.revision)

    change_policy(shell, make, sentence)


@mode.command(
    help=_("Show the mode."), epilog=examples("tollguard mode show", "tollguard mode show --json")
)
@report_options
@pass_shell
def show(shell: Shell) -> None:
    """Show the mode."""
    _show(shell)


@mode.command(
    help=_("Record what rules would refuse, and let it pass."),
    epilog=examples("tollguard mode observe"),
)
@report_options
@pass_shell
def observe(shell: Shell) -> None:
    """Switch to observing."""
    _switch(shell, Mode.OBSERVE)


@mode.command(help=_("Refuse what rules refuse."), epilog=examples("tollguard mode enforce"))
@report_options
@pass_shell
def enforce(shell: Shell) -> None:
    """Switch to enforcing."""
    _switch(shell, Mode.ENFORCE)
