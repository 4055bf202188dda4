"""Every device of the PBX and how it is connected, as the server and not the phone tells it."""

from dataclasses import dataclass, replace

from policies.events import (
    Address,
    Authentication,
    AuthOutcome,
    ContactGone,
    ContactSeen,
    ContactStatus,
    EndpointListed,
    Technology,
)

# Asterisk bounds both by its configuration; these only bound a fault of ours or of its.
MAX_ENDPOINTS = 100_000
MAX_CONTACTS_PER_ENDPOINT = 32

# A REGISTER's SuccessfulAuth comes just before its contact's event: what is older is another's.
LEARNT_FOR_S = 5.0

_SERVICES = {technology.value: technology for technology in Technology}
_ANSWERING = (ContactStatus.REACHABLE, ContactStatus.LAGGED)

EndpointKey = tuple[Technology, str]


@dataclass(frozen=True, slots=True)
class Device:
    """One row of the registration list: a contact, or an endpoint without any.

    Attributes:
        technology: Its channel driver.
        endpoint: Configured endpoint or peer.
        contact: Its contact's key; empty when it has none.
        address: The packet's source; None when not known.
        status: The contact's wire status; None without a contact. A contact
            that was only created anew keeps what it had.
        rtt_us: Round trip in microseconds; None when not measured.
        user_agent: What the phone calls itself; untrusted, may be empty.
        first_seen_s: Monotonic seconds since when it is connected without a
            gap; None without a contact.
        last_ok_s: Monotonic seconds when it last answered; None for never.
    """

    technology: Technology
    endpoint: str
    contact: str = ""
    address: Address | None = None
    status: ContactStatus | None = None
    rtt_us: int | None = None
    user_agent: str = ""
    first_seen_s: float | None = None
    last_ok_s: float | None = None


class Devices:
    """Devices by configured endpoint."""

    __slots__ = ("_contacts", "_learnt", "_listed")

    def __init__(self) -> None:
        self._contacts: dict[EndpointKey, dict[str, Device]] = {}
        self._learnt: dict[EndpointKey, tuple[Address, float]] = {}
        self._listed: set[EndpointKey] = set()

    def rows(self) -> tuple[Device, ...]:
        """Return a row for each contact and each endpoint without one, sorted."""
        rows: list[Device] = []
        for (technology, endpoint), contacts in self._contacts.items():
            rows.extend(contacts.values() or (Device(technology, endpoint),))
        return tuple(sorted(rows, key=lambda row: (row.endpoint, row.technology, row.contact)))

    def contacts(self, technology: Technology, endpoint: str) -> tuple[str, ...] | None:
        """Return the contacts of an endpoint; None for one that is not known."""
        contacts = self._contacts.get((technology, endpoint))
        return None if contacts is None else tuple(contacts)

    def list_endpoint(self, event: EndpointListed) -> None:
        """Know an endpoint, registered or not."""
        key = (event.technology, event.endpoint)
        if self._room(key) is not None:
            self._listed.add(key)

    def see(self, event: ContactSeen) -> None:
        """Take a contact's new state."""
        key = (event.technology, event.endpoint)
        contacts = self._room(key)
        if contacts is None:
            return
        old = contacts.get(event.contact)
        if old is None and len(contacts) >= MAX_CONTACTS_PER_ENDPOINT:
            return
        if old is None:
            old = Device(*key, event.contact, first_seen_s=event.at_s)
        alone = len(contacts.keys() - {event.contact}) == 0
        learnt = self._recently_learnt(key, event.at_s) if alone else None
        fresh = event.status is ContactStatus.UNKNOWN and old.status is not None
        contacts[event.contact] = replace(
            old,
            address=event.address or learnt or old.address,
            status=old.status if fresh else event.status,
            rtt_us=old.rtt_us if fresh else event.rtt_us,
            user_agent=event.user_agent or old.user_agent,
            last_ok_s=event.at_s if event.status in _ANSWERING else old.last_ok_s,
        )

    def lose(self, event: ContactGone) -> None:
        """Forget a contact; its endpoint stays."""
        contacts = self._contacts.get((event.technology, event.endpoint))
        if contacts is not None:
            contacts.pop(event.contact, None)

    def authenticate(self, event: Authentication) -> None:
        """Learn the source of an endpoint whose contact does not tell it.

        Only a success counts, only of a known endpoint, and only where a
        single contact can be meant.
        """
        technology = _SERVICES.get(event.service)
        if technology is None or event.outcome is not AuthOutcome.SUCCEEDED:
            return
        key = (technology, event.account)
        contacts = self._contacts.get(key)
        if contacts is None:
            return
        self._learnt[key] = (event.source, event.at_s)
        if len(contacts) == 1:
            (contact, device), *_ = contacts.items()
            contacts[contact] = replace(device, address=device.address or event.source)

    def reconcile(self, contacts: frozenset[tuple[Technology, str, str]]) -> None:
        """Forget contacts that are not in the picture, and endpoints that left the configuration.

        An endpoint left when others were listed since the last picture and it was not.
        """
        for (technology, endpoint), known in self._contacts.items():
            for contact in [c for c in known if (technology, endpoint, c) not in contacts]:
                del known[contact]
        if self._listed:
            for key in [k for k, known in self._contacts.items() if not known]:
                if key not in self._listed:
                    del self._contacts[key]
                    self._learnt.pop(key, None)
        self._listed.clear()

    def _room(self, key: EndpointKey) -> dict[str, Device] | None:
        """Return the contacts of an endpoint, new or known; None when there are too many."""
        contacts = self._contacts.get(key)
        if contacts is None and len(self._contacts) < MAX_ENDPOINTS:
            contacts = self._contacts[key] = {}
        return contacts

    def _recently_learnt(self, key: EndpointKey, at_s: float) -> Address | None:
        """Return the source of a success just before ``at_s``."""
        address, learnt_at_s = self._learnt.get(key, (None, 0.0))
        return address if at_s - learnt_at_s <= LEARNT_FOR_S else None
