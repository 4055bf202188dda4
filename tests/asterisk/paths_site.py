"""Configures the PBX of the path tests: many phones, and every way on which a call can leave.

The operator's dialplan offers what real ones do (forwarding, FollowMe, a queue, conferences,
parking, feature keys); what reaches a trunk there is tollguard's line and nothing else.
"""

from collections.abc import Iterable

from tests.asterisk.etc import Site, pjsip_phone

ATTENDANT = "960"  # answers, and dials the digits that are keyed there
OPERATOR = ("operator", "Op3-rator")  # an AMI user as a switchboard or a CRM has
INBOUND_FROM = "127.0.0.9"  # where the trunk's own calls come from

# A digit before the number chooses the way; 7XXX are phones.
PHONES = """exten => _7XXX,1,Dial(PJSIP/${EXTEN},20,tT)
exten => _91.,1,Dial(Local/${EXTEN:2}@phones,30)
exten => _92.,1,FollowMe(${EXTEN:2},d)
exten => _93.,1,Queue(${EXTEN:2},,,,15)
exten => _94.,1,Goto(both-trunks,${EXTEN:2},1)
exten => _95.,1,ConfBridge(${EXTEN:2})
exten => 960,1,Answer()
 same => n,Goto(attendant,s,1)
include => parkedcalls
include => tollguard-outbound
"""
DIALPLAN = """[attendant]
exten => s,1,WaitExten(15)
include => phones
[from-trunk](+)
exten => 960,1,Goto(phones,960,1)
exten => _7XXX,1,Dial(PJSIP/${EXTEN},20)
exten => _91.,1,Dial(Local/${EXTEN:2}@phones,30)
[both-trunks]
exten => _[0-9+*#].,1,Gosub(tollguard-dial,s,1(trunk-b))
 same => n,Gosub(tollguard-dial,s,1(trunk))
"""
FEATURES = """[general]
transferdigittimeout=1
featuredigittimeout=2000
transferannouncesound=
transferretrysound=
transferinvalidsound=
[featuremap]
blindxfer=##
atxfer=*2
"""
PARKING = """[default]
parkext=700
parkpos=701-720
context=parkedcalls
parkingtime=60
findslot=first
comebacktoorigin=no
"""
SETTINGS = """
[[trunk]]
endpoint = "trunk-b"
"""


def paths_site(phones: Iterable[str], numbers: Iterable[str], trunk_b: str) -> Site:
    """Lay the PBX out.

    Args:
        phones: Their endpoints, four digits from 7.
        numbers: What FollowMe and the queues lead to: one profile and one queue each.
        trunk_b: ``address:port`` of the trunk that fails.
    """
    wanted = list(numbers)
    return Site(
        trunk_b=trunk_b,
        phones=PHONES,
        dialplan=DIALPLAN,
        more={
            "pjsip.conf": "".join(pjsip_phone(name) for name in phones)
            + f"[trunk]\ntype=identify\nendpoint=trunk\nmatch={INBOUND_FROM}\n",
            "manager.conf": "[{}]\nsecret={}\nread=call\nwrite=call,originate,system\n".format(
                *OPERATOR
            ),
            "features.conf": FEATURES,
            "res_parking.conf": PARKING,
            "confbridge.conf": "[general]\n[default_user]\ntype=user\n[default_bridge]\n"
            "type=bridge\n",
            "followme.conf": "[general]\nenable_callee_prompt=no\n"
            + "".join(f"[{n}]\ncontext=phones\nnumber={n},20\n" for n in wanted),
            "queues.conf": "[general]\n"
            + "".join(f"[{n}]\nmember=Local/{n}@phones/n\n" for n in wanted),
        },
    )
