"""`tollguard store`: making the store and bringing it up to date."""

import click

from tollguard.cli.actor import become_owner
from tollguard.cli.lazy import examples
from tollguard.cli.shell import Shell, pass_shell
from tollguard.i18n import _, ngettext
from tollguard.store.schema import migrate as migrate_store
from tollguard.store.schema import store_path


@click.group(
    help=_("Make the store and bring it up to date."),
    epilog=examples("tollguard store migrate"),
)
def store() -> None:
    """Group the store's commands."""


@store.command(
    help=_("Make the store, or bring it up to this version. Safe to repeat."),
    epilog=examples("tollguard store migrate"),
)
@pass_shell
def migrate(shell: Shell) -> None:
    """Apply the migrations that are not applied yet."""
    url = shell.config.store.url
    become_owner(store_path(url).parent)
    applied = migrate_store(url)
    if not applied:
        click.echo(_("the store {path} is up to date").format(path=store_path(url)))
        return
    text = ngettext(
        "the store {path} was brought up to date by {count} migration",
        "the store {path} was brought up to date by {count} migrations",
        len(applied),
    )
    click.echo(text.format(path=store_path(url), count=len(applied)))
