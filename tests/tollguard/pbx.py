"""What a PBX tells about calls and phones, as AMI events of the scripted peer."""

from dataclasses import dataclass, field

from tests.fakes.asterisk import FakeAsterisk


@dataclass
class Pbx:
    """A scripted Asterisk with live calls.

    Attributes:
        fake: The AMI peer; `Hangup` is answered with success.
        up: Uniqueids of the outgoing legs that are up.
    """

    fake: FakeAsterisk
    up: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Allow what the hands do."""
        self.fake.answers["Hangup"] = {"Response": "Success", "Message": "Channel Hungup"}

    def dial(self, uniqueid: str, number: str, token: str = "") -> None:
        """Begin an outgoing leg and have it answered."""
        leg = {
            "DestUniqueid": uniqueid,
            "DestLinkedid": "1795519878.0",
            "DestChannel": f"PJSIP/trunk-{len(self.up):08x}",
        }
        token_field = {"DestChanVariable": f"TOLLGUARD_TOKEN={token}"} if token else {}
        self.fake.event(
            "DialBegin", **leg, Uniqueid="1795519878.1", DialString=f"{number}@trunk", **token_field
        )
        self.fake.event("DialEnd", **leg, DialStatus="ANSWER")
        self.up.append(uniqueid)

    @property
    def hung_up(self) -> list[str]:
        """Uniqueids that somebody wanted hung up, in order."""
        return [one["Channel"] for one in self.fake.actions if one["Action"] == "Hangup"]

    def fail_login(self, account: str, source: str, session: str) -> None:
        """Tell of one wrong password."""
        self.fake.event(
            "ChallengeResponseFailed",
            "security,all",
            AccountID=account,
            RemoteAddress=f"IPV4/UDP/{source}/5060",
            LocalAddress="IPV4/UDP/192.0.2.1/5060",
            SessionID=session,
            Service="PJSIP",
            Severity="Error",
            EventVersion="1",
            EventTV="2026-11-24T11:00:00.000+0900",
        )

    def register(self, endpoint: str, rtt_us: int) -> None:
        """Tell of a reachable phone."""
        self.fake.event(
            "ContactStatus",
            "system,all",
            URI=f"sip:{endpoint}@192.0.2.7:5061",
            ContactStatus="Reachable",
            AOR=endpoint,
            EndpointName=endpoint,
            RoundtripUsec=str(rtt_us),
        )
