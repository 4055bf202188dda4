"""The full picture that a reconciliation takes, kept right while events go on beside it.

Asterisk writes list items and events to one stream: whoever speaks last about a contact or a
channel is right, so both are observed in wire order.
"""

from policies.events import (
    ChannelGone,
    ChannelSeen,
    ContactGone,
    ContactSeen,
    Event,
    LegDialled,
    Reconciled,
    Technology,
)


class Picture:
    """Which contacts and channels exist."""

    def __init__(self) -> None:
        self._contacts: set[tuple[Technology, str, str]] = set()
        self._channels: set[str] = set()
        self._uris: dict[str, tuple[str, ...]] = {}

    def observe(self, event: Event) -> None:
        """Take a list item or a live event into account."""
        match event:
            case ContactSeen():
                self._contacts.add((event.technology, event.endpoint, event.contact))
            case ContactGone():
                self._contacts.discard((event.technology, event.endpoint, event.contact))
            case ChannelSeen() | LegDialled():
                self._channels.add(event.uniqueid)
            case ChannelGone():
                self._channels.discard(event.uniqueid)
            case _:
                pass

    def note_uris(self, endpoint: str, uris: tuple[str, ...]) -> None:
        """Remember which contacts an endpoint's own listing names."""
        if endpoint.isprintable():  # it goes into an action
            self._uris[endpoint] = uris

    def static_endpoints(self) -> tuple[str, ...]:
        """Endpoints with a contact that the list of registered contacts did not show."""
        known = {contact for _, _, contact in self._contacts}
        return tuple(name for name, uris in self._uris.items() if not known.issuperset(uris))

    def reconciled(self, at_s: float) -> Reconciled:
        """Close the picture."""
        return Reconciled(at_s, frozenset(self._contacts), frozenset(self._channels))
