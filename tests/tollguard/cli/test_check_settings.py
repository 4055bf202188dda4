"""`check`: settings that are each well formed and do not go together."""

from pathlib import Path

import pytest

from tollguard.cli.check_settings import check_settings
from tollguard.config import parse


def _told(**sections: object) -> list[tuple[str, str, str]]:
    data = {"trunk": [{"endpoint": "trunk"}], **sections}
    return [(r.level, r.place, r.text) for r in check_settings(parse(data, Path("t.toml")))]


def _dialled(dial: str) -> list[tuple[str, str, str]]:
    return _told(trunk=[{"endpoint": "trunk-a", "dial": dial}])


@pytest.mark.parametrize(
    "dial",
    [
        "",
        "PJSIP/{number}@trunk-a",
        "PJSIP/trunk-a/sip:{number}@192.0.2.1:5060",
        "SIP/trunk-a/{number}",
        "SIP/{number}@trunk-a",
        "IAX2/trunk-a/{number}",
        "IAX2/user:secret@trunk-a:4569/{number}@context",
        "DAHDI/g1/{number}",
    ],
)
def test_a_template_of_the_trunks_endpoint_is_good(dial: str) -> None:
    """In each way in which its driver writes it; DAHDI names lines."""
    assert _dialled(dial) == []


@pytest.mark.parametrize(
    ("dial", "told", "example"),
    [
        ("PJSIP/{number}@other", "other", "PJSIP/{number}@trunk-a"),
        ("PJSIP/other/sip:{number}@trunk-a", "other", "PJSIP/{number}@trunk-a"),
        ("SIP/other/{number}", "other", "SIP/trunk-a/{number}"),
        ("IAX2/trunk-a@other/{number}", "other", "IAX2/trunk-a/{number}"),
    ],
)
def test_a_template_of_another_endpoint_is_an_error(dial: str, told: str, example: str) -> None:
    """Its calls would be those of another trunk; the right one is shown."""
    assert _dialled(dial) == [
        (
            "error",
            "trunk[1].dial",
            f"dials {told!r}, and the trunk's endpoint is 'trunk-a'; make them equal, such as"
            f" {example}",
        )
    ]


def test_a_driver_is_spelled_as_its_channels_are() -> None:
    """Asterisk dials in either case, and the names of channels have one."""
    assert _dialled("pjsip/{number}@trunk-a") == [
        ("error", "trunk[1].dial", "pjsip is called PJSIP in the names of channels; write it so")
    ]


def test_a_driver_that_is_not_known_is_a_warning() -> None:
    """It may exist."""
    (remark,) = _dialled("Motif/x/{number}")

    assert remark[:2] == ("warning", "trunk[1].dial")
    assert remark[2].startswith("Motif is none of PJSIP, SIP, IAX2, DAHDI;")


@pytest.mark.parametrize(
    ("gate", "ami", "wrong"),
    [
        ({"port": 5038}, {}, True),
        ({"port": 5038}, {"host": "localhost"}, True),
        ({"port": 5038}, {"host": "192.0.2.7"}, False),
        ({"port": 5038, "host": "192.0.2.7"}, {"host": "192.0.2.7"}, True),
        ({"port": 573}, {}, False),
    ],
)
def test_a_port_that_asterisk_has_is_an_error(
    gate: dict[str, object], ami: dict[str, object], *, wrong: bool
) -> None:
    """Where both listen on one machine."""
    told = (
        "error",
        "gate.port",
        "5038 is the port of Asterisk's manager too (ami.port); choose another",
    )

    assert (told in _told(gate=gate, ami=ami)) is wrong


@pytest.mark.parametrize(
    ("site", "wrong"),
    [
        ({"emergency": ["010"]}, ["010"]),
        ({"emergency": ["0033010", "112"]}, ["0033010"]),
        ({"emergency": ["112", "119", "0", "9110"], "outside_line": "9"}, []),
        ({"emergency": ["00", "011"], "plan": "generic", "country": "DE"}, ["00", "011"]),
        ({"emergency": ["00", "112"], "plan": "generic", "country": "MC"}, ["00"]),
        ({"emergency": []}, []),
    ],
)
def test_an_emergency_number_that_leads_abroad_is_an_error(
    site: dict[str, object], wrong: list[str]
) -> None:
    """Emergency wins over every rule, so it would open the world."""
    assert _told(site=site) == [
        (
            "error",
            "site.emergency",
            f"{number!r} is how calls abroad begin, and no emergency number; take it out",
        )
        for number in wrong
    ]
