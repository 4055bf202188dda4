"""Log lines cannot be forged, and no secret is ever in one."""

import base64
import hashlib
import logging
from pathlib import Path

import pytest
import structlog

from tests.tollguard.node import make_node
from tests.until import until_sync
from tollguard import logs


def test_wire_text_cannot_begin_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """CR, LF and an escape in a value stay inside their quotes, on one line."""
    logs.configure()

    structlog.get_logger("x").info("verdict", dialled="1\r\nlevel=info event=forged\x1b[31m", n=1)
    line = capsys.readouterr().err

    assert line == (
        "level=info event=verdict dialled='1\\r\\nlevel=info event=forged\\x1b[31m' n=1\n"
    )


def test_a_traceback_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """An exception's traceback, with whatever text its message holds, does not break the line."""
    logs.configure()
    try:
        raise ValueError("wire\nlevel=info event=forged")  # noqa: EM101 - what is tested
    except ValueError:
        structlog.get_logger("x").exception("gate-error")
    told = capsys.readouterr().err

    assert told.count("\n") == 1
    assert "ValueError" in told


def test_long_values_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """A value of a megabyte costs at most some hundred characters."""
    logs.configure()

    structlog.get_logger("x").info("verdict", dialled="9" * 1_000_000)

    assert len(capsys.readouterr().err) < 400


async def test_no_secret_is_in_the_daemon_s_log(tmp_path: Path) -> None:
    """A daemon that judged a call and tried to log in wrote no secret in any of its forms."""
    node = make_node(tmp_path / "n")
    await node.set_policy()
    with node.running():
        await node.call("0312345678")
        until_sync(lambda: "standing=" in node.log, 10)

    for secret in ("gate-key", "ami-eyes", "ami-hands"):
        text = (node.folder / secret).read_text().strip()
        forms = (
            text,
            base64.b64encode(text.encode()).decode(),
            hashlib.md5(text.encode()).hexdigest(),  # noqa: S324 - AMI's own challenge
        )
        assert not [form for form in forms if form in node.log]


def test_a_library_s_line_has_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    """Its level is written like ours, and its traceback stays on its line."""
    logging.root.handlers.clear()
    logs.configure()
    try:
        raise ValueError("wire\nlevel=info event=forged")  # noqa: EM101 - what is tested
    except ValueError:
        logging.getLogger("library").exception("broken\nline")
    logging.getLogger("library").warning("ami user=%s", "eyes")
    told = capsys.readouterr().err.splitlines()

    assert len(told) == 2
    assert told[0].startswith("level=error event=broken\\nline exception='Traceback")
    assert told[1] == "level=warning event=ami user=eyes"
