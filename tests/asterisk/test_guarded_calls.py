"""Shows the whole product at work on real SIP: what it lets through, refuses, lists and cuts."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.asterisk.guarded import Guarded
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.sipp import phone
from tests.asterisk.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("guarded-calls")]

MONACO = "01037793123456"


@pytest.fixture(scope="module")
def running(installed: None) -> Iterator[Guarded]:
    """Start one product that enforces."""
    with Guarded() as guarded:
        guarded.daemon.enforce()
        assert guarded.phone.register() == 200
        yield guarded


@pytest.fixture
def guarded(running: Guarded) -> Iterator[Guarded]:
    """Hand it out with an empty trunk; afterwards nothing is left in Asterisk."""
    with running.lent():
        yield running


@pytest.mark.parametrize(
    "dialled",
    [
        MONACO, "0081010377931234", "184010377931234", "0010377931234", "+37793123456",
        "010377931234", "003301037793123456", "184186010377931234", "122003301017671234567",
        "00330312345678", "0990512345", "+81312345678x", "0" * 30,
    ],
)  # fmt: skip
def test_an_international_or_hidden_number_is_refused(guarded: Guarded, dialled: str) -> None:
    """Nobody was given a right to call abroad, so no form of it reaches the trunk."""
    assert guarded.phone.dial(dialled) == 403
    assert guarded.trunk.numbers() == []


@pytest.mark.parametrize("dialled", ["0312345678", "09012345678", "05012345678", "0120444113"])
def test_a_domestic_call_reaches_the_trunk_byte_for_byte(guarded: Guarded, dialled: str) -> None:
    """What was judged is what the trunk is given, and what the verdict says."""
    assert guarded.phone.dial(dialled) == 200
    assert guarded.trunk.numbers() == [dialled.encode()]

    row = until(lambda: newest_verdict(guarded, dialled), 5, "the verdict is stored")
    assert {"verdict": "ALLOW", "endpoint": "6001", "canonical": dialled}.items() <= row.items()


def newest_verdict(guarded: Guarded, dialled: str) -> dict[str, object]:
    """Return the newest verdict's row about a number; an empty one when there is none."""
    rows: list[dict[str, object]] = guarded.daemon.report("verdicts")
    return next((row for row in rows if row["dialled"] == dialled), {})


def test_r51_a_suspended_countrys_running_call_is_cut(guarded: Guarded) -> None:
    """A granted call goes out, is cut when its country is suspended, and may again afterwards."""
    daemon = guarded.daemon
    daemon.run("grant", "international", "--endpoint", "6001", "--countries", "MC")
    with guarded.phone.call(MONACO, hold_s=25) as run:
        run.answered()
        daemon.run("suspend", "country", "MC", "--for", "1h", "--reason", "test")
        begin_s = time.monotonic()
        run.cut(timeout_s=5)
        assert time.monotonic() - begin_s < 2.0
    assert guarded.phone.dial(MONACO) == 403

    daemon.run("resume", "country", "MC")
    assert guarded.phone.dial(MONACO) == 200
    assert guarded.trunk.numbers() == [MONACO.encode()] * 2


def test_r49_suspended_international_calls_are_refused_in_every_form(guarded: Guarded) -> None:
    """The running one is cut, granted ones are refused in every spelling; home and 110 go on."""
    daemon, abroad = guarded.daemon, (MONACO, f"184{MONACO}", "0081010377931234", "+37793123456")
    daemon.run("grant", "international", "--endpoint", "6001", "--countries", "all")
    try:
        with guarded.phone.call(MONACO, hold_s=25) as run:
            run.answered()
            daemon.run("suspend", "international", "--for", "1h", "--reason", "test")
            run.cut(timeout_s=5)
        suspended = {dialled: guarded.phone.dial(dialled) for dialled in abroad}
        reason = until(lambda: newest_verdict(guarded, abroad[-1]), 5, "it is stored")["reason"]
        beside = [guarded.phone.dial(dialled) for dialled in ("0312345678", "110")]
        daemon.run("resume", "international")
        resumed = guarded.phone.dial(MONACO)
    finally:
        daemon.run("resume", "international")
        daemon.run("revoke", "international", "--endpoint", "6001")

    assert suspended == dict.fromkeys(abroad, 403)
    assert (reason, beside, resumed) == ("international-suspended", [200, 200], 200)
    assert guarded.trunk.numbers() == [MONACO.encode(), b"0312345678", b"110", MONACO.encode()]


def test_an_emergency_call_passes_with_everything_suspended(guarded: Guarded) -> None:
    """110 reaches the trunk while international calls and the endpoint itself are suspended."""
    guarded.daemon.run("suspend", "international", "--for", "1h", "--reason", "test")
    guarded.daemon.run("suspend", "endpoint", "6001", "--for", "1h", "--reason", "test")
    try:
        assert guarded.phone.dial("0312345678") == 403
        assert guarded.phone.dial("110") == 200
        assert guarded.trunk.numbers() == [b"110"]
    finally:
        guarded.daemon.run("resume", "endpoint", "6001")
        guarded.daemon.run("resume", "international")


@pytest.mark.parametrize(
    ("display", "headers"),
    [
        (b'"a\tb"', b""),
        (b'"a\x01b"', b""),
        (b'"a\x7fb"', b""),
        (b"", b"Diversion: <sip:a%01b@pbx>\r\n"),
        (b"", b"Diversion: <sip:a%0aagi_arg_2%3a%20110@pbx>\r\n"),
    ],
)
def test_no_claim_of_a_suspended_endpoint_chooses_the_fail_mode(
    guarded: Guarded, display: bytes, headers: bytes
) -> None:
    """Whatever it claims to be, the gate reads it and denies; 110 passes all the same."""
    guarded.daemon.run("suspend", "endpoint", "6001", "--for", "1h", "--reason", "test")
    before = guarded.daemon.status()["refused"]
    try:
        with RawPhone(guarded.asterisk.access) as raw:
            assert raw.dial("0451234567", display, headers) == 403
            assert raw.dial("110", display, headers) == 200
        row = until(lambda: newest_verdict(guarded, "0451234567"), 5, "the verdict is stored")
    finally:
        guarded.daemon.run("resume", "endpoint", "6001")

    assert (row["verdict"], row["endpoint"]) == ("DENY", "6001")
    assert guarded.trunk.numbers() == [b"110"]
    assert guarded.daemon.status()["refused"] == before


def test_a_call_that_nobody_is_responsible_for_may_not_go_abroad(guarded: Guarded) -> None:
    """An originated Local channel has no principal and no right to call abroad."""
    guarded.asterisk.originate(MONACO)

    until(
        lambda: newest_verdict(guarded, MONACO).get("endpoint", MONACO) is None,
        5,
        "a verdict of nobody's is stored",
    )
    assert guarded.trunk.numbers() == []


def test_r1_guessing_is_listed_with_its_true_source(guarded: Guarded) -> None:
    """It names address and accounts, one that does not exist too; each try counts once."""
    for name in ("6001", "7777") * 6:
        assert phone(guarded.asterisk.access, name, "127.0.0.66", "guess").register() == 401

    def found() -> list[dict[str, object]]:
        rows: list[dict[str, object]] = guarded.daemon.report("attacks", "--source", "127.0.0.66")
        return [r for r in rows if r["kind"] == "guessing-source" and r["count"] != 10]

    (row,) = until(found, 10, "the attack is listed")
    assert (row["subject"], row["sources"]) == ("127.0.0.66", ["127.0.0.66"])
    assert (row["accounts"], row["count"]) == (["6001", "7777"], 12)


def test_r62_r63_registrations_show_the_packets_source(guarded: Guarded) -> None:
    """The list on the command line has the packet's address and port, not the claimed ones."""
    who = phone(guarded.asterisk.access, "6002", "127.0.0.12")
    assert who.register(via="10.99.99.99:5070", contact="192.168.50.50:5071") == 200

    def seen() -> tuple[str, int]:
        rows = guarded.daemon.report("registrations", "--endpoint", "6002")
        return (rows[0]["host"], rows[0]["port"])

    until(lambda: seen() == (who.address, who.port), 10, f"listed with {who.port}")


@pytest.mark.parametrize(
    "noise",
    [
        b"\x00\xff" * 1000,
        b"agi_network: yes\nagi_",
        b"agi_network: yes\n" + b"agi_x: " + b"y" * (1 << 20),
        b"agi_network: yes\n" * 100_000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"\n\n\n",
    ],
    ids=["random", "half", "1 MiB header", "100,000 headers", "HTTP", "empty lines"],
)
def test_noise_on_the_gates_port_leaves_the_next_call_answered(
    guarded: Guarded, noise: bytes
) -> None:
    """Whatever a stranger sends to the gate, the next real call is judged."""
    with socket.create_connection(("127.0.0.1", guarded.daemon.gate_port), timeout=5) as stranger:
        with suppress(ConnectionError):  # the gate closes as soon as it has seen enough
            stranger.sendall(noise)
        assert guarded.phone.dial("0312345678") == 200
