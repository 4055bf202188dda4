"""What the wheel check finds, and that it finds it."""

import zipfile
from pathlib import Path

from tests.packaging.contents import ROOT, actual, complaints, expected, main


def test_a_wheel_carries_code_queries_asterisk_files_and_units() -> None:
    """The expected set holds one file of each kind that has to be shipped, and no test."""
    wanted = expected(ROOT)

    assert {
        "policies/situation.py",
        "agi/server.py",
        "tollguard/py.typed",
        "tollguard/_asterisk_conf/extensions.d/tollguard.conf",
        "tollguard/_deploy/tollguard.service",
    } <= wanted
    assert not [name for name in wanted if name.startswith("tests/")]


def test_each_kind_of_difference_is_told(tmp_path: Path) -> None:
    """A missing file, a foreign file and a test inside the wheel each have a line, and exit 1."""
    wheel = tmp_path / "tollguard-0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tests/test_x.py", "")
        archive.writestr("tollguard-0.dist-info/METADATA", "")

    told = complaints(actual(wheel), frozenset({"tollguard/ledger.py"}))

    assert told[:3] == [
        "missing: tollguard/ledger.py",
        "not in the checkout: tests/test_x.py",
        "never to be shipped: tests/test_x.py",
    ]
    assert "nothing of tollguard/_deploy" in told
    assert main(wheel) == 1


def test_a_whole_wheel_has_no_complaint() -> None:
    """The set of the checkout itself passes."""
    assert complaints(expected(ROOT), expected(ROOT)) == []
