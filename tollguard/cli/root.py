"""The root of the command line."""


def run() -> int:
    """Run the command that the arguments name."""
    return 0
