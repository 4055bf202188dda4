"""`tollguard store`: making the store, bringing it up to date, accepting a restored one."""

from pathlib import Path

import click

from tollguard.cli.actor import become_owner, current_actor
from tollguard.cli.lazy import examples
from tollguard.cli.opened import change_policy
from tollguard.cli.options import check_reason, report_options
from tollguard.cli.output import print_object, warn
from tollguard.cli.shell import Form, Shell, pass_shell
from tollguard.i18n import _, ngettext
from tollguard.policy_trust import floor_of, memory_of, refusal
from tollguard.snapshot_file import look_at_snapshot
from tollguard.store import Actor, Change, Store
from tollguard.store.schema import migrate as migrate_store
from tollguard.store.schema import store_path


@click.group(
    help=_("Make the store, bring it up to date, and accept one that was replaced or restored."),
    epilog=examples(
        "tollguard store migrate", 'tollguard store accept --reason "restored from the backup"'
    ),
)
def store() -> None:
    """Group the store's commands."""


@store.command(
    help=_("Make the store, or bring it up to this version. Safe to repeat."),
    epilog=examples("tollguard store migrate"),
)
@report_options
@pass_shell
def migrate(shell: Shell) -> None:
    """Apply the migrations that are not applied yet."""
    url = shell.config.store.url
    become_owner(store_path(url).parent)
    applied = migrate_store(url)
    if shell.form is not Form.TABLE:
        print_object(shell, {"store": str(store_path(url)), "applied": len(applied)})
        return
    if not applied:
        click.echo(_("the store {path} is up to date").format(path=store_path(url)))
        return
    text = ngettext(
        "the store {path} was brought up to date by {count} migration",
        "the store {path} was brought up to date by {count} migrations",
        len(applied),
    )
    click.echo(text.format(path=store_path(url), count=len(applied)))


@store.command(
    help=_(
        "Accept this store's policy although it is older than the one that this node judged by,"
        " or was not this node's, so that the daemon judges by it. What was changed since it was"
        " saved is not in force any more."
    ),
    epilog=examples('tollguard store accept --reason "restored from the backup"'),
)
@click.option("--reason", required=True, metavar="TEXT", help=_("Why; goes to the audit."))
@report_options
@pass_shell
def accept(shell: Shell, reason: str) -> None:
    """Make the store's policy newer than the one that the daemon kept."""
    words, asking = check_reason(reason), current_actor()  # who it is, before it changes below
    path = shell.config.snapshot.path
    become_owner(path.parent)
    look, memory = look_at_snapshot(path), memory_of(shell.config.ledger.path)
    if look.fault:
        warn(look.fault)
    floor = floor_of(look, memory)

    async def make(store: Store, actor: Actor, now_s: float) -> Change:
        standing = await store.standing(shell.config.site.node)
        if not refusal(look, memory, standing):
            return Change(standing.revision, count=0)
        above = max(floor, standing.revision)
        change = await store.accept_store(above, words, actor, now_s=now_s)
        if look.fault:
            _move_aside(path)
        return change

    def sentence(change: Change) -> str:
        done = _("accepted: the store's policy is revision {revision}, above {kept} of this node")
        nothing = _(
            "nothing to accept: the store's policy is revision {revision}, this node's was {kept}"
        )
        text = done if change.count else nothing
        return text.format(revision=change.revision, kept=floor)

    change_policy(shell, make, sentence, actor=asking)


def _move_aside(path: Path) -> None:
    """Keep a snapshot that cannot be read for a look, and out of the daemon's way."""
    aside = path.with_name(f"{path.name}.unreadable")
    try:
        path.replace(aside)
    except OSError as error:
        warn(f"{path}: {error.strerror}")
    else:
        warn(_("the snapshot that cannot be read is now {path}").format(path=aside))
