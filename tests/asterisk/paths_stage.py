"""Plays every path of a file at once on one guarded PBX, and keeps what the trunk saw of each.

A path is played once with exactly those phones granted that are to be held responsible, and once
more for each of them, where all phones but that one are granted. Each play has a number abroad
of its own, by which the trunk's record and the verdicts are told apart.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.asterisk.guarded import Guarded
from tests.asterisk.paths_site import INBOUND_FROM, OPERATOR, SETTINGS, paths_site
from tests.asterisk.rawami import Message, RawAmi
from tests.asterisk.rawphone import RawPhone
from tests.asterisk.sipp import Phone, phone
from tests.asterisk.sippeer import ReceivedCall, SipPeer
from tests.asterisk.waiting import until

MONACO = "0103779312"  # a country that is far from Japan, and six digits short of a number
STAY_S = 5.0
PLACED_WITHIN_S = 8.0
AT_ONCE = 6
FIRST_HOST = 20  # of 127.0.0.N; below are other phones and the trunk


T = TypeVar("T")
Drive = Callable[["Play"], None]


@dataclass(frozen=True, slots=True)
class Path:
    """One way on which a call can leave the PBX.

    Attributes:
        name: Short, for test names and the table.
        phones: How many it takes.
        held: Which of them are held responsible, the actor first if there is one; ``trunk``
            where a call came in and nobody but the dialplan sends it on.
        via: How the verdict says that the actor is known; ``nobody`` where nobody asks.
        drive: Plays it.
    """

    name: str
    phones: int
    held: tuple[int | str, ...]
    via: str
    drive: Drive

    @property
    def phones_held(self) -> tuple[int, ...]:
        """List those held that are phones."""
        return tuple(one for one in self.held if isinstance(one, int))

    @property
    def may_stand(self) -> bool:
        """Tell whether a phone asks for the call: nobody and a trunk have no right to it."""
        return self.via != "nobody" and self.held == self.phones_held

    @property
    def variants(self) -> tuple[int | None, ...]:
        """List the plays: everybody held may (None), then each one of them may not."""
        return (None, *self.phones_held) if self.may_stand else (None,)


@dataclass(slots=True)
class Play:
    """One path, played by phones of its own.

    Attributes:
        path: What is played.
        without: Which phone may not call abroad though the others may; None where the held may.
        number: What is to be dialled.
        names: Its phones' endpoints.
        stage: The PBX.
        error: What went wrong on the phones' side, which is the test's own fault.
        call: What reached the trunk.
        seen_at_s: When that was looked at.
        verdicts: What was stored about the number, each with its steps, the newest first.
    """

    path: Path
    without: int | None
    number: str
    names: tuple[str, ...]
    stage: "Stage"
    error: str = ""
    call: ReceivedCall | None = None
    seen_at_s: float = 0.0
    verdicts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_to_stand(self) -> bool:
        """Tell whether all who are held responsible may."""
        return self.without is None and self.path.may_stand

    @property
    def other_number(self) -> str:
        """Return a second number abroad, for a call that is sent from one to the other."""
        return f"{MONACO}9{self.number[-3:]}"

    @property
    def granted(self) -> tuple[str, ...]:
        """Name the phones that may call abroad."""
        if self.without is None:
            held = tuple(self.names[index] for index in self.path.phones_held)
            return held if self.path.may_stand else self.names
        return tuple(name for name in self.names if name != self.names[self.without])

    @property
    def lived_s(self) -> float:
        """Tell how long the trunk's leg stood, until now if it still does; 0 without one."""
        if self.call is None or self.call.answered_at_s is None:
            return 0.0
        return (self.call.ended_at_s or self.seen_at_s) - self.call.answered_at_s

    def sip(self, index: int) -> Phone:
        """Return one of its phones as SIPp plays it."""
        return self.stage.phones[self.names[index]]

    def raw(self, index: int) -> RawPhone:
        """Return one of its phones as our own code plays it; it is closed with the stage."""
        who = self.sip(index)
        phone = RawPhone(who.access, who.name, who.address, who.port)
        return self.keep(phone)

    def keep(self, running: AbstractContextManager[T]) -> T:
        """Leave something running until the stage is left."""
        return self.stage.kept.enter_context(running)

    def channels(self, name: str) -> list[str]:
        """List the channels of an endpoint."""
        return [channel for channel in self.stage.channels() if is_of(channel, name)]

    def wait_gone(self, name: str) -> None:
        """Wait until an endpoint is in no call any more: the others talk without it."""
        until(lambda: not self.channels(name), 10, f"{name} is out")

    def wait_bridged(self, name: str, calls: int = 1) -> None:
        """Wait until an endpoint talks in so many calls: only then can it send one on."""
        until(lambda: len(self._bridges(name)) == calls, 10, f"{name} in {calls} bridges")

    def wait_attended(self, channel: str) -> None:
        """Wait until a channel's call is at the attendant, who waits for keys."""
        until(lambda: self.stage.is_asked_for_keys(channel), 10, f"{channel} may press keys")

    def partner(self, name: str) -> str:
        """Name the channel that an endpoint talks with."""
        (bridge,) = self._bridges(name)
        talking = [channel for channel, own in self.stage.channels().items() if own == bridge]
        (partner,) = [channel for channel in talking if not is_of(channel, name)]
        return partner

    def _bridges(self, name: str) -> list[str]:
        return [
            own for channel, own in self.stage.channels().items() if own and is_of(channel, name)
        ]

    def act(self, **headers: str) -> Message:
        """Do what the switchboard's AMI user may."""
        with self.stage.operator() as ami:
            return ami.act(**headers)


def is_of(channel: str, endpoint: str) -> bool:
    """Tell whether a channel is an endpoint's."""
    return channel.startswith(f"PJSIP/{endpoint}-")


class Stage:
    """The PBX with all phones of some paths.

    Attributes:
        plays: Every play, by its path's name and which phone may not.
        guarded: Asterisk, the trunk and the product.
        trunk_b: Far end of the trunk that fails.
        phones: By their endpoints.
        kept: What runs until the stage is left.
    """

    def __init__(self, paths: Iterable[Path], *, refused: bool = True) -> None:
        """Start everything, and give each play its phones; nothing is played yet.

        Args:
            paths: What is to be played.
            refused: Whether the plays with one who may not are wanted too.
        """
        self.kept = ExitStack()
        self.plays: dict[tuple[str, int | None], Play] = {}
        for path in paths:
            for without in path.variants if refused else (None,):
                self._cast(path, without)
        names = [name for play in self.plays.values() for name in play.names]
        self.trunk_b = SipPeer(status=b"503 Service Unavailable")
        self.kept.callback(self.trunk_b.stop)
        numbers = [play.number for play in self.plays.values()]
        site = paths_site(names, numbers, self.trunk_b.contact)
        self.guarded = self.kept.enter_context(Guarded(site, SETTINGS))
        access = self.guarded.asterisk.access
        self.phones = {
            name: phone(access, name, f"127.0.0.{FIRST_HOST + place}")
            for place, name in enumerate(names)
        }

    def _cast(self, path: Path, without: int | None) -> None:
        place = len(self.plays)
        names = tuple(f"7{place:02}{index}" for index in range(path.phones))
        number = f"{MONACO}{place:04}"
        self.plays[path.name, without] = Play(path, without, number, names, self)

    def __enter__(self) -> Self:
        """Grant what is to be granted, register all phones, and enforce."""
        daemon = self.guarded.daemon
        granted = [name for play in self.plays.values() for name in play.granted]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for name in granted:
                pool.submit(
                    daemon.run, "grant", "international", "--endpoint", name, "--countries", "MC"
                )
            list(pool.map(self._register, self.phones.values()))
        daemon.run("limits", "set", "--calls-per-endpoint", "9", "--calls-per-site", "500")
        daemon.run("mode", "enforce")
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None
    ) -> None:
        """Stop everything."""
        self.kept.close()

    def _register(self, who: Phone) -> None:
        with RawPhone(who.access, who.name, who.address, who.port) as raw:
            assert raw.register() == 200, who.name

    def channels(self) -> dict[str, str]:
        """List the channels' names, each with the bridge it is in, or empty."""
        return {told["Channel"]: told.get("BridgeId", "") for told in self._channels()}

    def is_asked_for_keys(self, channel: str) -> bool:
        """Tell whether the dialplan waits for keys in a channel's call."""
        told = self._channels()
        calls = {one["Linkedid"] for one in told if one["Channel"] == channel}
        return any(one["Application"] == "WaitExten" and one["Linkedid"] in calls for one in told)

    def _channels(self) -> list[Message]:
        told = self._list("CoreShowChannels")
        return [one for one in told if one.get("Event") == "CoreShowChannel"]

    def _list(self, action: str) -> list[Message]:
        # over AMI: a console command costs a process, and many plays wait at once
        with self.operator() as ami:
            ami.act(Action=action)
            while ami.read().get("EventList") != "Complete":
                pass
            return ami.messages

    def inbound(self) -> Phone:
        """Return the trunk's far end as one that calls."""
        return phone(self.guarded.asterisk.access, "trunk", INBOUND_FROM)

    def outsider(self) -> RawPhone:
        """Return the trunk's far end as one that calls and presses keys."""
        return RawPhone(self.guarded.asterisk.access, "trunk", INBOUND_FROM)

    def place_parked_by(self, name: str) -> str:
        """Return the place where an endpoint has parked a call; empty when there is none."""
        for told in self._list("ParkedCalls"):
            if told.get("ParkerDialString") == f"PJSIP/{name}":
                return told["ParkingSpace"]
        return ""

    def operator(self) -> RawAmi:
        """Log in as the switchboard's AMI user."""
        return RawAmi(self.guarded.asterisk.access, *OPERATOR)

    def play(self, stay_s: float = STAY_S) -> None:
        """Play everything, let what stands stand for 5 s, and look at the trunk and the store."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._drive, self.plays.values()))
        expected = [play for play in self.plays.values() if play.is_to_stand]
        begin_s = time.monotonic()
        until(lambda: _are_placed(expected) or time.monotonic() > begin_s + PLACED_WITHIN_S, 20)
        placed_at_s = time.monotonic()
        until(lambda: time.monotonic() > placed_at_s + stay_s, stay_s + 5)
        for play in self.plays.values():
            play.call, play.seen_at_s = self.find(play), time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._read_verdicts, self.plays.values()))

    def _drive(self, play: Play) -> None:
        try:
            play.path.drive(play)
        except (AssertionError, OSError) as error:
            play.error = repr(error)
        play.call = self.find(play)

    def find(self, play: Play) -> ReceivedCall | None:
        """Return what reached the trunk with a play's number, byte for byte."""
        return next(iter(self.found(play)), None)

    def found(self, play: Play) -> list[ReceivedCall]:
        """List everything that reached the trunk with a play's number."""
        number = play.number.encode()
        return [call for call in self.guarded.trunk.calls if call.number == number]

    def _read_verdicts(self, play: Play) -> None:
        rows = self.guarded.daemon.report("verdicts", "--limit", "100000")
        for row in rows:
            if row["dialled"] == play.number:
                shown = self.guarded.daemon.report("verdicts", "show", row["call"])
                play.verdicts = [one for one in shown if one["dialled"] == play.number]
                break


def _are_placed(plays: Iterable[Play]) -> bool:
    """Tell whether each one's call was answered."""
    for play in plays:
        play.call = play.call or play.stage.find(play)
    return all(play.call is not None and play.call.answered_at_s for play in plays)
