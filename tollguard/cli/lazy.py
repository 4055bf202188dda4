"""A command group that imports a command's file when it is asked for: start-up time counts."""

from collections.abc import Mapping
from importlib import import_module

import click


class LazyGroup(click.Group):
    """A group whose commands are named by place, ``package.module:attribute``.

    Attributes:
        places: Command name to place, in the order of the help.
        aliases: Other names that lead to the same commands and are not listed.
    """

    places: Mapping[str, str] = {}
    aliases: Mapping[str, str] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands in the order of the table."""
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command; None when there is no such name."""
        place = self.places.get(self.aliases.get(cmd_name, cmd_name))
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


def examples(*lines: str) -> str:
    """Make the epilog that shows a command's use, one line each, not re-wrapped by click."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
