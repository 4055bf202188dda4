"""Lets a run leave something out only by name, and says so in its last lines.

A test that cannot run fails. ``--without asterisk16:REASON`` takes the tests with that marker
out, for a machine that cannot run them; CI gives the flag only with a reason.
"""

import pytest
from hypothesis import HealthCheck, settings

from tests.asterisk import matrix_report

# No test asserts a speed, so a busy machine must not fail a property either.
settings.register_profile("tollguard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tollguard")

NO_REASON = "no reason given"
REPORT = "tollguard_without"

WITHOUT = pytest.StashKey[dict[str, str]]()
LEFT_OUT = pytest.StashKey[dict[str, int]]()

pytest_terminal_summary = matrix_report.pytest_terminal_summary


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--without NAME[:REASON]``, which may be given several times."""
    parser.addoption(
        "--without",
        action="append",
        default=[],
        metavar="NAME[:REASON]",
        help="leave out the tests with this marker, and say so at the end",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the names, and refuse one that no marker has."""
    asked = [entry.partition(":") for entry in config.getoption("--without")]
    markers = {line.partition(":")[0].strip() for line in config.getini("markers")}
    for name, _, _ in asked:
        if name not in markers:
            msg = f"--without {name}: no such marker; there are {', '.join(sorted(markers))}"
            raise pytest.UsageError(msg)
    reasons = {name: reason.strip() or NO_REASON for name, _, reason in asked}
    config.stash[WITHOUT] = reasons
    config.stash[LEFT_OUT] = dict.fromkeys(reasons, 0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect by marker, and count what was left out under each name."""
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        name = next((n for n in config.stash[WITHOUT] if item.get_closest_marker(n)), None)
        if name is None:
            kept.append(item)
        else:
            config.stash[LEFT_OUT][name] += 1
            dropped.append(item)
    items[:] = kept
    if dropped:
        config.hook.pytest_deselected(items=dropped)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's counts to the run that started it."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[REPORT] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take a worker's counts: each worker collects everything, so they are all equal."""
    config = getattr(node, "config", None)
    output = getattr(node, "workeroutput", {})
    if isinstance(config, pytest.Config) and REPORT in output:
        config.stash[LEFT_OUT] = output[REPORT]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the very last lines what did not run."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None:
        return
    for name, count in config.stash.get(LEFT_OUT, {}).items():
        reason = config.stash[WITHOUT][name]
        terminal.write_line(f"NOT RUN: {name} ({count} tests): {reason}")
