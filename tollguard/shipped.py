"""Where the files that the package carries are: in the wheel, or in a checkout beside it."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def asterisk_conf() -> Path:
    """Find the folder of complete, loadable Asterisk files.

    Raises:
        FileNotFoundError: Neither the wheel's copy nor a checkout's is there.
    """
    return _shipped("_asterisk_conf", "asterisk-conf")


def deploy() -> Path:
    """Find the folder of systemd, sysusers and tmpfiles fragments.

    Raises:
        FileNotFoundError: Neither the wheel's copy nor a checkout's is there.
    """
    return _shipped("_deploy", "deploy")


def _shipped(in_wheel: str, in_checkout: str) -> Path:
    # The checkout comes first where both are: an editable install's copy would go stale.
    for folder in (PACKAGE.parent / in_checkout, PACKAGE / in_wheel):
        if folder.is_dir() and (
            in_wheel == folder.name or (PACKAGE.parent / "pyproject.toml").is_file()
        ):
            return folder
    message = f"tollguard is installed without its {in_checkout} folder"
    raise FileNotFoundError(message)
