"""`serve`: the daemon's exit code is the command's."""

from tests.tollguard.cli.conftest import Bench


def test_a_daemon_without_its_secrets_does_not_start(bench: Bench) -> None:
    """One sentence and the configuration's exit code, no traceback."""
    result = bench.run("serve")

    assert (result.code, result.out) == (78, "")
    assert result.err.splitlines()[-1].startswith("tollguard: secret file ")
