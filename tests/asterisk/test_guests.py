"""Shows on a real Asterisk 16 that a chan_sip guest is nobody, whatever name he gives himself."""

from collections.abc import Iterator

import pytest

from tests.asterisk.etc import Site
from tests.asterisk.guarded import Guarded
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.asterisk16, pytest.mark.xdist_group("guests")]

MONACO = "01037793123456"
HOME = "0312345678"
# Dials on over a Local channel, which has no name of the caller's.
PHONES = """exten => _91.,1,Dial(Local/${EXTEN:2}@phones,30)
include => tollguard-outbound
"""
GUESTS = "[general](+)\nallowguest=yes\n"


@pytest.fixture(scope="module")
def guarded(installed: None) -> Iterator[Guarded]:
    """Start one that lets guests in, and where phone 6002 may call abroad."""
    site = Site(flavour="16", phones=PHONES, more={"sip.conf": GUESTS})
    with Guarded(site) as guarded:
        guarded.daemon.enforce("6002")
        yield guarded


def verdict(guarded: Guarded, number: str) -> dict[str, str | None]:
    """Return the newest verdict on a number."""

    def stored() -> dict[str, str | None] | None:
        rows = guarded.daemon.report("verdicts")
        return next((row for row in rows if row["dialled"] == number), None)

    row = until(stored, 10, f"a verdict on {number}")
    assert row is not None
    return row


@pytest.mark.parametrize("prefix", ["", "91"], ids=["himself", "over a Local channel"])
def test_a_guest_has_no_right_of_the_phone_whose_name_he_bears(
    guarded: Guarded, prefix: str
) -> None:
    """From: <sip:x@6002> names his channel SIP/6002-…; the call abroad is nobody's and refused."""
    number = f"{MONACO[:-2]}{prefix or '56'}"
    with RawPhone(guarded.asterisk.access, "x", "127.0.0.77", domain="6002") as guest:
        assert guest.call(f"{prefix}{number}").code >= 400

    row = verdict(guarded, number)
    assert (row["channel"] or "").startswith("Local/" if prefix else "SIP/6002-")
    assert (row["verdict"], row["endpoint"]) == ("DENY", None)
    assert guarded.trunk.numbers() == []


@pytest.mark.parametrize("prefix", ["", "91"], ids=["himself", "over a Local channel"])
def test_the_phone_itself_keeps_its_right(guarded: Guarded, prefix: str) -> None:
    """Whoever proved himself as 6002 calls abroad as before."""
    number = f"{MONACO[:-2]}{prefix or '56'}7"
    with RawPhone(guarded.asterisk.access, "6002", "127.0.0.52") as phone:
        phone.dial(f"{prefix}{number}")

    row = verdict(guarded, number)
    assert (row["verdict"], row["endpoint"]) == ("ALLOW", "6002")
