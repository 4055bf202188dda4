"""Which trunk a leg is toward, and the number it carries, in every form that Asterisk dials."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.policy import Trunk
from policies.trunks import Template, TemplateError, number_in, trunk_leg, uri_user

TRUNKS = (
    Trunk("trunk-a"),
    Trunk("old", dial="SIP/old/{number}"),
    Trunk("far", dial="IAX2/far/{number}"),
    Trunk("isdn", dial="DAHDI/g1/{number}"),
    Trunk("prefixed", dial="PJSIP/9{number}@carrier"),
)
ABROAD = "01037793123456"


@pytest.mark.parametrize(
    ("channel", "dial_string", "expected"),
    [
        ("PJSIP/trunk-a-0000002a", f"{ABROAD}@trunk-a", ("trunk-a", ABROAD)),
        ("PJSIP/trunk-a-0000002a", f"trunk-a/sip:{ABROAD}@192.0.2.1", ("trunk-a", ABROAD)),
        ("PJSIP/trunk-a-0000002a", f"trunk-a/sip:{ABROAD}@trunk-a", ("trunk-a", ABROAD)),
        ("PJSIP/trunk-a-0000002a", f"trunk-a/SIPS:%3{ABROAD}@x", ("trunk-a", ABROAD)),
        ("PJSIP/trunk-a-0000002a", "trunk-a/sip:110;phone-context=+81@x", ("trunk-a", "110")),
        ("PJSIP/trunk-a-0000002a", "trunk-a/sip:192.0.2.1", ("trunk-a", "")),
        ("PJSIP/trunk-a-0000002a", f"{ABROAD}@trunk-a/sip:7@x", ("trunk-a", ABROAD)),
        ("PJSIP/trunk-a-0000002a", "trunk-a", ("trunk-a", "")),
        ("PJSIP/trunk-a-0000002a", "+81110@trunk-a", ("trunk-a", "+81110")),
        ("PJSIP/6001-0000002a", f"{ABROAD}@trunk-a", ("trunk-a", ABROAD)),
        ("PJSIP/carrier-0000002a", f"9{ABROAD}@carrier", ("prefixed", ABROAD)),
        ("SIP/old-0000002a", f"old/{ABROAD}", ("old", ABROAD)),
        ("SIP/old-0000002a", f"{ABROAD}@old", ("old", ABROAD)),
        ("SIP/old-0000002a", f"{ABROAD}:pw@old", ("old", ABROAD)),
        ("SIP/old-0000002a", "old", ("old", "")),
        ("IAX2/far-7", f"far/{ABROAD}", ("far", ABROAD)),
        ("IAX2/far-7", f"me:secret@far/{ABROAD}@out", ("far", ABROAD)),
        ("IAX2/far-7", f"far/{ABROAD}@out/a", ("far", ABROAD)),
        ("IAX2/far-7", "far", ("far", "")),
        ("DAHDI/i1/0312345678-1", "g1/0312345678", ("isdn", "0312345678")),
        ("DAHDI/1-1", f"G1/{ABROAD}", ("isdn", ABROAD)),
        ("DAHDI/1-1", f"1/{ABROAD}", ("isdn", ABROAD)),
        ("DAHDI/7-1", "7", None),
        ("PJSIP/6002-0000002a", "6002", None),
        ("PJSIP/6002-0000002a", "6002/sip:6002@192.0.2.7:5061", None),
        ("Local/0103@trunk-a-0000002a;1", "0103@trunk-a", None),
        ("SIP/trunk-b-0000002a", "g1/0312345678", None),
        ("PJSIP/evil-0000002a", f"evil/sip:{ABROAD}@trunk-a", None),
    ],
)
def test_a_leg_is_toward_a_trunk_in_whatever_form_it_is_dialled(
    channel: str, dial_string: str, expected: tuple[str, str] | None
) -> None:
    """Template, raw URI, either order of chan_sip, a password and any DAHDI line are read."""
    leg = trunk_leg(channel, dial_string, TRUNKS)

    assert (leg and (leg.trunk.endpoint, leg.number)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "PJSIP/trunk", "PJSIP/{number}", "{number}@trunk", "PJSIP/{number}{number}@x",
        "Local/{number}@phones", "PJSIP/{number}@a&PJSIP/x", "PJSIP/{number}@a,30,T",
        "PJSIP/{number}@" + "x" * 128, "PJSIP/{NUMBER}@x", "PJSIP/ {number}@x",
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_is_refused(text: str) -> None:
    """It needs a driver, one place for the number and the trunk beside it, and no options."""
    with pytest.raises(TemplateError, match="is no dial template"):
        Template.parse(text)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sip:0103@x", "0103"),
        ("<sip:0103:pw@x;transport=tcp>", "0103"),
        ('"a" <sip:+81110@x>', "+81110"),
        ("tel:+81110;phone-context=x", "+81110"),
        ("sip:x", ""),
        ("http:0103@x", ""),
        ("", ""),
    ],
)
def test_a_uris_user_is_what_the_far_end_reads(uri: str, expected: str) -> None:
    """Brackets, a password and parameters are no part of the number."""
    assert uri_user(uri) == expected


@given(st.text(), st.text(), st.sampled_from(["PJSIP", "SIP", "IAX2", "DAHDI", "Local", "x"]))
def test_no_dial_string_breaks_the_reading(name: str, dial_string: str, technology: str) -> None:
    """Whatever stands there, it is read as some leg or none."""
    leg = trunk_leg(f"{technology}/{name}-0000002a", dial_string, TRUNKS)

    assert leg is None or isinstance(leg.number, str)
    assert isinstance(number_in(technology, dial_string), str)


@given(st.text("0123456789+*#", min_size=1), st.sampled_from(TRUNKS))
def test_what_a_template_makes_it_reads_again(number: str, trunk: Trunk) -> None:
    """The number that was put into a dial string is the one that is found there."""
    technology, _, rest = (trunk.dial or "PJSIP/{number}@trunk-a").partition("/")
    channel = "DAHDI/1-1" if technology == "DAHDI" else f"{technology}/other-0000002a"
    leg = trunk_leg(channel, rest.replace("{number}", number), TRUNKS)

    assert leg is not None
    assert (leg.trunk, leg.number) == (trunk, number)


@pytest.mark.parametrize(
    ("dialled", "number"),
    [
        ("110;phone-context=+81@trunk", "110"),
        ("110;USER=phone;phone-context=x@trunk", "110"),
        ("110;01037793123456@trunk", "110;01037793123456"),
        ("110;rn=01037793123456@trunk", "110;rn=01037793123456"),
        ("01037793123456;x=1@trunk", "01037793123456"),
        ("trunk/sip:110;01037793123456@far", "110;01037793123456"),
        ('trunk/"<sip:110@h>" <sip:01037793123456@far>', "01037793123456"),
        ("trunk/sip:01037793123456@far?x=<sip:110@h>", "01037793123456"),
        ("trunk/sip:110@x<sip:01037793123456@far>", "01037793123456"),
        ('trunk/"the police" <sip:110@far>', "110"),
    ],
)
def test_nothing_dresses_a_number_abroad_as_an_emergency(dialled: str, number: str) -> None:
    """An emergency is the whole user part that is sent, but for parameters that change nothing."""
    assert number_in("PJSIP", dialled) == number
