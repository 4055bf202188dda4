"""The command line: one file a command group, loaded when it is asked for."""


def main() -> None:
    """Run the `tollguard` command and exit with its sysexits code."""
    from tollguard.cli.root import run

    raise SystemExit(run())
