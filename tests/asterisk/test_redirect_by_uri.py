"""Shows where a phone can send a call that chan_pjsip redirects by itself; coverage lists it."""

import json
from collections.abc import Iterator

import pytest

from tests.asterisk.etc import Site
from tests.asterisk.guarded import Guarded
from tests.asterisk.sippeer import REDIRECTED_TO, SipPeer

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("redirect-by-uri")]

WATCHING = 300  # endpoints beside it: each is asked


def endpoints(contact: str) -> str:
    """Write the phone at a contact, and many others that have the default."""
    text = f"""
[hidden](!)
type=endpoint
context=phones
disallow=all
allow=ulaw
[6050](hidden)
aors=6050
redirect_method=uri_pjsip
[6050]
type=aor
contact=sip:6050@{contact}
"""
    return text + "".join(f"[other-{n}](hidden)\n" for n in range(WATCHING))


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[SipPeer]:
    """Have a far end that the site knows nothing of."""
    peer = SipPeer()
    yield peer
    peer.stop()


@pytest.fixture(scope="module")
def redirecting(elsewhere: SipPeer) -> Iterator[SipPeer]:
    """Have a phone that sends each call on to a number abroad, at an address of its choice."""
    peer = SipPeer(status=b"302 Moved Temporarily")
    peer.sends_to = elsewhere.address
    yield peer
    peer.stop()


@pytest.fixture(scope="module")
def guarded(installed: None, redirecting: SipPeer) -> Iterator[Guarded]:
    """Start a product that enforces, beside such a phone."""
    site = Site(
        phones="exten => 6050,1,Dial(PJSIP/6050,10)\n",
        more={"pjsip.conf": endpoints(redirecting.contact)},
    )
    with Guarded(site) as running:
        running.daemon.enforce()
        assert running.phone.register() == 200
        yield running


def test_such_a_redirection_is_followed_and_nothing_tells_of_it(
    guarded: Guarded, elsewhere: SipPeer
) -> None:
    """The second INVITE goes to the URI; the product sees a call to a phone, and no leg more."""
    guarded.asterisk.mark_descriptors()
    with guarded.phone.call("6050", hold_s=60) as run:
        run.answered()
        assert elsewhere.numbers() == [REDIRECTED_TO.encode()]
        assert [name[:10] for name in guarded.asterisk.channels()] == ["PJSIP/6050", "PJSIP/6001"]
    guarded.asterisk.cli("channel request hangup all")
    guarded.asterisk.assert_clean()

    assert guarded.daemon.report("findings") == []
    assert guarded.daemon.report("verdicts") == []


def test_coverage_lists_the_endpoint_and_no_password(guarded: Guarded) -> None:
    """By its setting, of some hundred endpoints, and with words that say what to do."""
    done = guarded.daemon.command("coverage", "--json")
    shown = guarded.daemon.command("coverage")
    found = json.loads(done.stdout)["findings"]

    assert done.returncode == 1
    assert [(one["why"], one["way"]) for one in found] == [
        ("redirect-by-uri", "PJSIP/6050 redirect_method=uri_pjsip")
    ]
    assert "use redirect_method=user" in " ".join(shown.stdout.split())
    assert "Kt7-" not in done.stdout + shown.stdout + guarded.daemon.journal()
