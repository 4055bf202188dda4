"""What every command is given: the global options, the configuration when it is needed."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

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


pass_shell = click.make_pass_decorator(Shell)
