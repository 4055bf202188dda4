"""What the gate asks, what it believes of the answer, and what it never puts on the wire."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.commands import (
    Variables,
    ask_variables,
    check_key,
    is_verdict_set,
    read_variables,
    tell_verdict,
)
from agi.protocol import AgiProtocolError, Environment, Refusal, Reply
from policies.decision import Answer, Verdict
from policies.principal import NO_CLAIM, Claim

KEY = "gate-key_0123456789"
PJSIP = Environment("gate", "PJSIP/6001-0000002a", "PJSIP", "1.1", ("trunk", "0312345678"))
LOCAL = PJSIP._replace(channel="Local/1@x-00000000;2", technology="Local")
ALLOW = Answer(Verdict.ALLOW, "0312345678", 14_400_000, "tok-1_A", "allowed")
DENY = Answer(Verdict.DENY, "", 0, "", "country-suspended")


SIP = PJSIP._replace(channel="SIP/6002-0000002a", technology="SIP")


def read(value: str | None, environment: Environment = PJSIP) -> Variables | Refusal:
    try:
        return read_variables(environment, Reply(200, "1", value), check_key(KEY))
    except AgiProtocolError as error:
        return error.reason


@pytest.mark.parametrize(
    "key", ["", "short", "x" * 129, "a|b" * 10, "a)b" * 10, "あ" * 20, "k" * 20 + "\n"]
)
def test_a_key_that_could_be_mistaken_is_refused(key: str) -> None:
    """A key outside its alphabet or length is refused, and the message does not show it."""
    with pytest.raises(ValueError, match="16 to 128 characters") as refused:
        check_key(key)

    assert not key or repr(key) not in str(refused.value)


def test_one_question_asks_all_and_the_key_last() -> None:
    """The compound ends with the key; the packet's source is asked of PJSIP only."""
    asked = (
        b'GET FULL VARIABLE "${CHANNEL(linkedid)}|${FORWARDERNAME}|${BLINDTRANSFER}'
        b"|${MASTER_CHANNEL(CHANNEL(name))}"
    )
    key = check_key(KEY, "/etc/key")
    assert ask_variables(LOCAL, key) == asked + b'|${FILE(/etc/key,0,19)}"\n'
    assert ask_variables(PJSIP, key) == (
        asked + b'|${CHANNEL(pjsip,remote_addr)}|${FILE(/etc/key,0,19)}"\n'
    )
    assert ask_variables(SIP, key) == asked + b'|${CHANNEL(peername)}|${FILE(/etc/key,0,19)}"\n'
    assert KEY not in repr(key)


@pytest.mark.parametrize(
    ("peer", "claim"), [("6002", Claim(peer="6002")), ("", NO_CLAIM)], ids=["peer", "guest"]
)
def test_chan_sip_tells_its_peer_and_of_a_guest_none(peer: str, claim: Claim) -> None:
    """What stands for PJSIP's source is a name here, and no address is looked for in it."""
    assert read(f"1.0|||{SIP.channel}|{peer}|{KEY}", SIP) == Variables("1.0", claim, None)


@pytest.mark.parametrize("path", ["", "key", "/", "/a b", "/a,1", "/a)", '/a"', "/" + "a" * 201])
def test_a_path_that_would_need_quoting_is_refused(path: str) -> None:
    """It stands in a question to Asterisk, where nothing can be quoted."""
    with pytest.raises(ValueError, match="must be plain and absolute"):
        check_key(KEY, path)


OWN = PJSIP.channel
SOURCE = "192.0.2.7:5060"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"1.0|||{OWN}|{SOURCE}|{KEY}", Variables("1.0", NO_CLAIM, SOURCE)),
        (f"1.0||||[2001:db8::7]:5060|{KEY}", Variables("1.0", NO_CLAIM, "[2001:db8::7]:5060")),
        (f"1.0||||[fe80::1%eth0]:5060|{KEY}", Variables("1.0", NO_CLAIM, "[fe80::1%eth0]:5060")),
        (f"1.0|||||{KEY}", Variables("1.0", NO_CLAIM, None)),
        (f"1.0|PJSIP/6002-1||{OWN}||{KEY}", Variables("1.0", Claim("PJSIP/6002-1"), None)),
        (f"1.0||PJSIP/6002-1|{OWN}||{KEY}", Variables("1.0", Claim("", "PJSIP/6002-1"), None)),
        (f"1.0|||PJSIP/6002-1||{KEY}", Variables("1.0", Claim("", "", "PJSIP/6002-1"), None)),
        (None, Refusal.COMMAND_REFUSED),
        ("", Refusal.WRONG_KEY),
        (KEY, Refusal.AMBIGUOUS_VARIABLE),
        ("1.0|||||", Refusal.WRONG_KEY),
        (f"1.0|||||{KEY[:-1]}", Refusal.WRONG_KEY),
        (f"1.0|||||{KEY}x", Refusal.WRONG_KEY),
        (f"1.0|||||{KEY}あ", Refusal.WRONG_KEY),
        (f"{KEY}|1.0||||", Refusal.WRONG_KEY),
        (f"1.0||||{KEY}", Refusal.AMBIGUOUS_VARIABLE),
        (f"1.0|a|b||||{KEY}", Refusal.AMBIGUOUS_VARIABLE),
        (f"|||||{KEY}", Refusal.EMPTY_VALUE),
        (f"1.0||||192.0.2.7|{KEY}", Refusal.BAD_SOURCE),
        (f"1.0||||evil:5060|{KEY}", Refusal.BAD_SOURCE),
    ],
)
def test_the_answer_is_taken_apart_or_refused(
    value: str | None, expected: Variables | Refusal
) -> None:
    """Fields are believed only when their count is exact and the key stands last."""
    assert read(value) == expected


def test_a_direct_call_s_claim_is_one_for_all() -> None:
    """The common case makes no object of its own."""
    heard = read(f"1.0|||{OWN}|{SOURCE}|{KEY}")

    assert isinstance(heard, Variables)
    assert heard.claim is NO_CLAIM


def test_other_drivers_have_one_field_less() -> None:
    """A Local channel's answer has no source, and one with it is ambiguous."""
    master = "PJSIP/6001-0000002b"
    assert read(f"1.0|||{master}|{KEY}", LOCAL) == Variables("1.0", Claim("", "", master), None)
    assert read(f"1.0|||||{KEY}", LOCAL) == Refusal.AMBIGUOUS_VARIABLE


@pytest.mark.parametrize("reply", [Reply(510), Reply(520), Reply(200, "0"), Reply(200, "0", "x")])
def test_a_question_that_failed_is_refused(reply: Reply) -> None:
    """Only result 1 with a value answers the question."""
    with pytest.raises(AgiProtocolError, match="command-refused"):
        read_variables(PJSIP, reply, check_key(KEY))


@given(
    st.lists(st.text(st.characters(exclude_characters="\n"), max_size=12), min_size=4, max_size=4)
)
def test_no_field_forges_its_neighbours(fields: list[str]) -> None:
    """Whatever a field holds, it is read back as it was or the answer is refused."""
    heard = read("|".join(["1.0", *fields, KEY]))

    if isinstance(heard, Variables):
        claim = heard.claim
        own = PJSIP.channel if fields[2] == PJSIP.channel else claim.master
        assert fields == [claim.forwarder, claim.transferer, own, heard.source or ""]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            ALLOW,
            b'EXEC MSet "_TOLLGUARD_TOKEN=tok-1_A,TOLLGUARD_NUMBER=0312345678,'
            b"TOLLGUARD_LIMIT_MS=14400000,TOLLGUARD_REASON=allowed,"
            b'TOLLGUARD_VERDICT=ALLOW"\n',
        ),
        (
            DENY,
            b'EXEC MSet "_TOLLGUARD_TOKEN=,TOLLGUARD_NUMBER=,TOLLGUARD_LIMIT_MS=0,'
            b'TOLLGUARD_REASON=country-suspended,TOLLGUARD_VERDICT=DENY"\n',
        ),
    ],
)
def test_the_verdict_is_one_command_and_comes_last(answer: Answer, expected: bytes) -> None:
    """All variables go out in one write, the verdict after everything it needs."""
    assert tell_verdict(answer) == expected


@pytest.mark.parametrize("verdict", [Verdict.DENY, Verdict.CHALLENGE, Verdict.ABSTAIN])
def test_all_but_allow_is_told_as_deny(verdict: Verdict) -> None:
    """Nothing but ALLOW ever reaches the dialplan as ALLOW."""
    assert b'VERDICT=DENY"\n' in tell_verdict(dataclasses.replace(DENY, verdict=verdict))


@pytest.mark.parametrize(
    "answer",
    [
        dataclasses.replace(ALLOW, number=""),
        dataclasses.replace(ALLOW, number="0312345678&PJSIP"),
        dataclasses.replace(ALLOW, number="1,TOLLGUARD_VERDICT=ALLOW"),
        dataclasses.replace(ALLOW, number="03\n"),
        dataclasses.replace(ALLOW, number="０３"),
        dataclasses.replace(ALLOW, number="1" * 65),
        dataclasses.replace(ALLOW, token=""),
        dataclasses.replace(ALLOW, token='a"b'),
        dataclasses.replace(ALLOW, token="${SHELL(x)}"),
        dataclasses.replace(ALLOW, limit_ms=0),
        dataclasses.replace(ALLOW, limit_ms=-1),
        dataclasses.replace(ALLOW, limit_ms=86_400_001),
        dataclasses.replace(ALLOW, reason=""),
        dataclasses.replace(ALLOW, reason="Not allowed"),
        dataclasses.replace(DENY, number="0312345678"),
        dataclasses.replace(DENY, token="tok"),
        dataclasses.replace(DENY, limit_ms=1),
    ],
)
def test_a_value_outside_its_alphabet_is_not_sent(answer: Answer) -> None:
    """No answer with a foreign character, a missing part or a wild limit is composed."""
    with pytest.raises(AgiProtocolError, match="unsafe-answer"):
        tell_verdict(answer)


def test_the_fallback_s_verdict_has_no_token() -> None:
    """It is told without one, and with one it is not told."""
    told = tell_verdict(dataclasses.replace(ALLOW, token=""), tokenless=True)

    assert b'"_TOLLGUARD_TOKEN=,TOLLGUARD_NUMBER=0312345678,' in told
    with pytest.raises(AgiProtocolError, match="unsafe-answer"):
        tell_verdict(ALLOW, tokenless=True)


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_composed_command_has_one_line_and_five_variables(
    number: str, token: str, reason: str
) -> None:
    """Whatever the core answers, a command that is composed holds just its own parts."""
    try:
        command = tell_verdict(Answer(Verdict.ALLOW, number, 1000, token, reason))
    except AgiProtocolError:
        return
    assert command.count(b"\n") == command.count(b"\n", -1) == 1
    assert (command.count(b","), command.count(b"="), command.count(b'"')) == (4, 5, 2)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(200, "0"), True),
        (Reply(200, "-2"), False),
        (Reply(200, "-1"), False),
        (Reply(510), False),
        (Reply(511), False),
        (Reply(520), False),
    ],
)
def test_only_result_0_says_that_the_verdict_is_set(reply: Reply, *, expected: bool) -> None:
    """MSet ran only when Asterisk says 0; an application that is missing says -2."""
    assert is_verdict_set(reply) is expected
