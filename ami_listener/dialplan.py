"""Asks Asterisk for its whole dialplan, as it is loaded now.

On a connection of its own, because the eyes hear nothing while Asterisk writes a long list.
ListDialplan holds Context, Extension, ExtensionLabel, Priority, Application, AppData and Registrar
of a line, or IncludeContext, Switch or IgnorePattern of a context (pbx.c
manager_show_dialplan_helper; the same on 22.10 and 16.28). It holds neither file nor line, and of
an extension with a caller-ID match only the extension.
"""

from collections.abc import Callable
from typing import Final

from ami_listener.connection import Connection
from ami_listener.errors import AmiActionError, AmiError, AmiLostError
from ami_listener.framing import Frame
from ami_listener.lists import DIALPLAN, QUEUE_MEMBERS
from ami_listener.redirects import read_redirecting
from ami_listener.settings import AmiSettings
from policies.coverage.dialplan import Dialplan, Line, Place
from policies.events import Event

# A large FreePBX has some 20,000; a list that goes on is cut off and not half believed.
ENTRIES_MAX: Final = 200_000
MEMBERS_MAX: Final = 20_000


async def read_dialplan(settings: AmiSettings) -> Dialplan:
    """Read the dialplan, who stands in the queues, and who redirects calls out of sight.

    Args:
        settings: The eyes user: ShowDialPlan wants class config or reporting.

    Raises:
        AmiError: Asterisk cannot be asked, refuses, or tells more than `ENTRIES_MAX` entries or
            one that cannot be read: then nothing is known, because the rest may hold the hole.
    """
    connection = Connection(settings, _unheard, events=False)
    try:
        await connection.open()
        entries = _Entries(connection.close)
        try:
            await connection.ask_list(DIALPLAN, entries.take)
        except AmiLostError as error:
            raise AmiActionError(entries.fault) if entries.fault else error from error
        if entries.fault:
            raise AmiActionError(entries.fault)
        queues = await _queues(connection)
        return entries.dialplan(queues, await read_redirecting(connection))
    finally:
        connection.close()


async def _queues(connection: Connection) -> dict[str, tuple[str, ...]] | None:
    """Who is rung by each queue; empty without app_queue, None when Asterisk does not say."""
    found: dict[str, list[str]] = {}
    told = 0

    def take(frame: Frame, _at_s: float) -> None:
        nonlocal told
        told += 1
        if told <= MEMBERS_MAX and not frame.fault:
            members = found.setdefault(frame.fields.get("Queue", ""), [])
            members.append(frame.fields.get("Location", frame.fields.get("Interface", "")))

    try:
        await connection.ask_list(QUEUE_MEMBERS, take)
    except AmiError as error:
        return {} if str(error).startswith("Invalid/unknown command") else None
    if told > MEMBERS_MAX:
        return None
    return {queue: tuple(members) for queue, members in found.items()}


class _Entries:
    """Collects the items of the list.

    Attributes:
        fault: Why the list cannot be believed; empty while it can.
    """

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.fault = ""
        self._give_up = give_up
        self._told = 0
        self._lines: list[Line] = []
        self._includes: list[tuple[str, str]] = []
        self._switches: list[tuple[str, str]] = []

    def take(self, frame: Frame, _at_s: float) -> None:
        """Take one entry; after a fault none."""
        self._told += 1
        if self.fault:
            return
        if self._told > ENTRIES_MAX:
            self.fault = f"the dialplan has more than {ENTRIES_MAX} entries"
        elif frame.fault:
            self.fault = f"an entry of the dialplan cannot be read: {frame.excerpt}"
        else:
            self._keep(frame.fields)
        if self.fault:
            self._give_up()

    def _keep(self, fields: dict[str, str]) -> None:
        context = fields.get("Context", "")
        if "IncludeContext" in fields:
            # Behind the name stand the times at which it is included: at any of them it is.
            name = fields["IncludeContext"].partition("|")[0].partition(",")[0]
            self._includes.append((context, name.strip()))
        elif "Switch" in fields:
            self._switches.append((context, fields["Switch"]))
        elif fields.get("Priority", "hint").isdigit():
            self._lines.append(_line(context, fields))

    def dialplan(
        self, queues: dict[str, tuple[str, ...]] | None, redirecting: tuple[str, ...] | None
    ) -> Dialplan:
        """Put together what was told."""
        lines, includes, switches = self._lines, self._includes, self._switches
        return Dialplan(tuple(lines), tuple(includes), tuple(switches), queues, redirecting)


def _line(context: str, fields: dict[str, str]) -> Line:
    return Line(
        Place(context, fields.get("Extension", ""), int(fields["Priority"])),
        app=fields.get("Application", ""),
        data=fields.get("AppData", ""),
        label=fields.get("ExtensionLabel", ""),
        registrar=fields.get("Registrar", ""),
    )


def _unheard(_event: Event) -> None:
    """A connection without events hears none."""
