"""Makes the reservation of a call of 6001 to Monaco, for tests of the ledger."""

from tests.tollguard.judging import MONACO
from tollguard.ledger_file import Reservation


def reservation(name: str = "t1") -> Reservation:
    """Make one; its token is its name."""
    return Reservation(
        token=name,
        endpoint="6001",
        number=MONACO,
        country="MC",
        trunk="trunk",
        uniqueid="1.1",
        linkedid="1.1",
        limit_ms=14_400_000,
        policy_revision=3,
    )
