# ruff: noqa: E501 - whole tables stand here as they are printed
"""`registrations`: where each phone's packets come from, and its state."""

import json
import time
from dataclasses import replace

import pytest

from tests.tollguard.cli.conftest import Bench
from tests.tollguard.store.samples import DEVICE, NODE
from tollguard.store import DeviceRow
from tollguard.store.times import to_text

ABSENT = replace(
    DEVICE,
    endpoint="6002",
    contact="",
    state="unknown",
    host="",
    port=0,
    transport="",
    rtt_us=None,
    since_at="",
    user_agent="",
)
LAGGED = replace(
    DEVICE,
    endpoint="6003",
    state="lagged",
    host="2001:db8::7",
    transport="TLS",
    rtt_us=2_500_000,
    user_agent="\x1b[2J" + "evil " * 30,
    stale=True,
)


def _write(bench: Bench, *rows: DeviceRow) -> None:
    bench.with_store(lambda store: store.write_devices("pbx1", rows))


def test_the_table_shows_every_endpoint(bench: Bench) -> None:
    """Host, port, transport, state, round trip in ms, since when, and the user agent."""
    _write(bench, DEVICE, ABSENT, LAGGED)

    result = bench.run("registrations")

    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "endpoint  host         port  via  state           RTT ms  connected since   user agent",
        "────────────────────────────────────────────────────────────────────────────────────────────────────",
        "6001      192.0.2.7    5060  udp  ok                12.3  2026-11-24 11:00  Phone 1.0",
        "6002      -               -  -    unknown              -  -                 -",
        "6003      2001:db8::7  5060  tls  lagged (stale)  2500.0  2026-11-24 11:00  \\x1b[2Jevil evil evil e…",
    ]


def test_the_other_name_is_the_same_command(bench: Bench) -> None:
    """`devices` prints what `registrations` prints."""
    _write(bench, DEVICE)

    assert bench.run("devices") == bench.run("registrations")


def test_filters_choose_rows(bench: Bench) -> None:
    """By state and by endpoint."""
    _write(bench, DEVICE, ABSENT, LAGGED)

    def endpoints(*options: str) -> list[str]:
        out = bench.run("registrations", "--json", *options).out
        return [row["endpoint"] for row in json.loads(out)]

    assert endpoints("--state", "lagged") == ["6003"]
    assert endpoints("--endpoint", "6001") == ["6001"]
    assert bench.run("registrations", "--state", "gone").code == 64
    assert bench.run("registrations", "--endpoint", "a b").code == 65


def test_programs_get_the_wire_values(bench: Bench) -> None:
    """JSON has microseconds and UTC; CSV one head and one line."""
    _write(bench, DEVICE)

    (row,) = json.loads(bench.run("registrations", "--json").out)

    assert row == {
        "node": "pbx1",
        "endpoint": "6001",
        "technology": "PJSIP",
        "contact": "sip:6001@192.0.2.7:5060",
        "host": "192.0.2.7",
        "port": 5060,
        "transport": "UDP",
        "state": "ok",
        "rtt_us": 12_345,
        "since_at": "2026-11-24T02:00:00.000Z",
        "user_agent": "Phone 1.0",
        "stale": False,
    }
    assert bench.run("registrations", "--csv").out == (
        "node,endpoint,technology,contact,host,port,transport,state,rtt_us,since_at,user_agent,"
        "stale\n"
        "pbx1,6001,PJSIP,sip:6001@192.0.2.7:5060,192.0.2.7,5060,UDP,ok,12345,"
        "2026-11-24T02:00:00.000Z,Phone 1.0,false\n"
    )


def test_nothing_known_is_told(bench: Bench) -> None:
    """An empty list points at the likely cause."""
    assert bench.run("registrations").out == (
        "no endpoint is known; is the daemon connected to Asterisk? see tollguard status\n"
    )


def test_a_filter_that_matches_nothing_says_so(bench: Bench) -> None:
    """The daemon is not at fault."""
    _write(bench, DEVICE)

    for options in (("--endpoint", "nobody"), ("--state", "lagged")):
        assert bench.run("registrations", *options).out == "nothing matches the filter\n"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_rows_of_a_blind_daemon_say_why(bench: Bench, form: tuple[str, ...]) -> None:
    """Nothing known is not nothing there: the reason, and exit code 69."""
    row = replace(NODE, at=to_text(time.time()), blind="ami-refused: no\x1b[2J")
    bench.with_store(lambda store: store.beat(row))

    result = bench.run("registrations", *form)

    assert (result.code, result.out) == (69, "[]\n" if form else "")
    assert result.err == (
        "tollguard: registrations cannot be seen on pbx1: ami-refused: no\\x1b[2J;"
        " see tollguard status\n"
    )
