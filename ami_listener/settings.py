"""How one AMI user is reached and how patient we are with it: values only, read by every part."""

from dataclasses import dataclass, field

from policies.events import Technology


@dataclass(frozen=True, slots=True)
class Patience:
    """Every deadline and interval of a connection, in seconds.

    Attributes:
        connect_s: From the first SYN to the answered login.
        action_s: For one action that answers at once.
        list_s: For a whole list reply.
        ping_s: Interval of pings. A peer that sent nothing for two of them is gone,
            so a dead one is told within 10 s (guarantee 8).
        reconcile_s: Interval of full pictures, because a lost event cannot be seen.
        look_again_s: When a picture shows a channel that no event announced: pause before the
            next picture, which tells whether calls are heard at all (guarantee 8: 10 s).
        retry_first_s: First pause of the back-off; it doubles up to ``retry_most_s``.
        retry_most_s: Longest pause of the back-off.
        refused_s: Pause after a refused login. Long, because each try is a security event
            that makes Asterisk report our own address; a minute, because an operator
            who mended the secret waits for it.
    """

    connect_s: float = 5.0
    action_s: float = 2.0
    list_s: float = 20.0
    ping_s: float = 3.0
    reconcile_s: float = 60.0
    look_again_s: float = 8.0
    retry_first_s: float = 0.25
    retry_most_s: float = 10.0
    refused_s: float = 60.0


@dataclass(frozen=True, slots=True)
class AmiSettings:
    """One AMI user.

    Attributes:
        host: Where Asterisk's manager listens.
        port: Its TCP port.
        username: The ``manager.conf`` section.
        secret: Its secret; never shown by ``repr``.
        technologies: Channel drivers to ask about. An absent module is tolerated.
        rewrite_contact: The operator says that every PJSIP endpoint has
            ``rewrite_contact=yes``. Only then is the host in a contact's URI the
            packet's source; otherwise it is the phone's own claim and is not used.
        timestamps: ``timestampevents=yes`` is set, so an event without is hostile.
        patience: Deadlines and intervals.
    """

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    technologies: tuple[Technology, ...] = (Technology.PJSIP, Technology.SIP, Technology.IAX2)
    rewrite_contact: bool = True
    timestamps: bool = True
    patience: Patience = Patience()
