"""The command line: one file a command group, loaded when it is asked for."""

import os


def main() -> None:
    """Run the `tollguard` command and exit with its sysexits code."""
    # pydantic would look through every installed distribution for plug-ins: 12 ms, and
    # nothing foreign has to run inside a guard.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from tollguard.cli.root import run

    raise SystemExit(run())
