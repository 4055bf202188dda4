"""What every command is given: the global options, the configuration when it is needed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tollguard.errors import NotFoundError
from tollguard.i18n import _

if TYPE_CHECKING:
    from tollguard.config import Config


class Form(StrEnum):
    """How a report is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(slots=True)
class Shell:
    """The global options of one run.

    Attributes:
        config_file: ``--config``, or None.
        node: ``--node``, or None.
        form: ``--json`` and ``--csv``, given globally or on the command.
    """

    config_file: str | None = None
    node: str | None = None
    form: Form = Form.TABLE
    _config: "Config | None" = field(default=None, repr=False)

    @property
    def config_path(self) -> Path:
        """Where the configuration is looked for."""
        from tollguard.config import config_path

        return config_path(self.config_file)

    @property
    def config(self) -> "Config":
        """The configuration, read once.

        Raises:
            ConfigError: It is missing or off.
        """
        from tollguard.config import load

        if self._config is None:
            self._config = load(self.config_path)
        return self._config

    @property
    def node_name(self) -> str:
        """The node that is meant: ``--node``, else this machine."""
        return self.node or self.config.site.node

    def check_node(self, known: Iterable[str]) -> None:
        """Refuse a ``--node`` that is neither this machine nor one of ``known``.

        Raises:
            NotFoundError: There is no such node; it names those that there are.
        """
        names = {self.config.site.node, *known}
        if self.node is not None and self.node not in names:
            msg = _("there is no node {node!r}; known: {names}")
            raise NotFoundError(msg.format(node=self.node, names=", ".join(sorted(names))))


pass_shell = click.make_pass_decorator(Shell)
