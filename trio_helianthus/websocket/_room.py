"""One room in one process: who is there, what was said, and the feed that tells of both."""

from __future__ import annotations

import random
from itertools import chain
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus.core import Broadcast, RetryPolicy
from trio_helianthus.errors import ResourceFull
from trio_helianthus.wire.websocket import PreparedMessage

from . import _envelope as envelope
from ._bus import BusLost, Entered, Gone, Position, Published
from ._history import History, HistoryTotal
from ._room_error import RoomError, RoomProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ._bus import Bus, BusEvent, BusSnapshot, Present
    from ._membership import Membership
    from ._room_limits import RoomLimits

__all__ = ["ChatRoom"]

_TRY_AGAIN: Final = RetryPolicy(max_attempts=10**9, initial_delay=0.1, max_delay=10.0)


@attrs.frozen
class RoomEvent:
    """Something that is told to the members in this process: encoded once for all."""

    prepared: PreparedMessage
    by: str | None = None
    """Whose connection it came from, which is not told."""
    position: Position | None = None
    """Where the member is in the row of messages, behind this event."""


class ChatRoom:
    """A room, as one process knows it. It is there while one of its members is.

    Laws:

    1. What happens in it comes from the bus, and nothing else, so that all processes tell the
       same in the same order. One task reads the feed, and gives each event to all members.
    2. A member's join takes effect where the feed tells of it: what came before is in its
       welcome, what comes behind is told to it.
    3. A member is there while one of its connections is. Only the first and the last are told.
    """

    def __init__(
        self,
        name: str,
        bus: Bus,
        limits: RoomLimits,
        history_total: HistoryTotal,
        *,
        tells_presence: bool,
        forsake: Callable[[str, str], object],
        release: Callable[[ChatRoom], object],
    ) -> None:
        self.name: Final = name
        """What it is called."""
        self.limits: Final = limits
        """What it is held to."""
        self._bus = bus
        self._tells_presence = tells_presence
        self._forsake = forsake  # remembers who could not be taken out of the list
        self._release = release
        self._opened = trio.Event()
        self._refusal: RoomProblem | None = None
        self._history_total = history_total
        self._history = self._new_history(Position("none", 0))
        self._said = self._history.position  # of the last message that was sent from here
        self._senders = trio.lowlevel.ParkingLot()  # who wait until the room is less behind
        self._present: dict[str, Present] = {}
        self._members: dict[str, dict[str, Present]] = {}
        self._joining: dict[str, Membership] = {}
        self._joined: dict[str, Membership] = {}
        self._events: Broadcast[RoomEvent] = Broadcast(max_subscribers=limits.max_members)
        self.scope: Final = trio.CancelScope()

    def __repr__(self) -> str:
        return f"<ChatRoom {self.name!r}: {len(self._members)} members>"

    @property
    def members(self) -> tuple[str, ...]:
        """Who is there, in all processes; those first who came first."""
        return tuple(self._members)

    @property
    def connections(self) -> int:
        """How many connections of members there are, in all processes."""
        return len(self._present)

    @property
    def last_id(self) -> str:
        """The id of the last message."""
        return str(self._history.position)

    @property
    def unused(self) -> bool:
        """Whether nobody of this process is there, or about to come."""
        return not self._joining and not self._joined

    # How members of this process come and go.

    async def _join(self, membership: Membership, ref: envelope.Ref) -> None:
        """Enter somebody, and wait until it has been welcomed.

        :raises RoomError: too many are there.
        :raises BusLost: the bus cannot be reached.
        """
        here = max(len(self._present), len(self._joined)) + len(self._joining)
        if here >= self.limits.max_members:
            raise RoomError(problem=RoomProblem.ROOM_FULL)
        membership._welcome_ref = ref
        self._joining[membership.present.ref] = membership
        try:
            with trio.move_on_after(self.limits.join_timeout):
                await self._opened.wait()
                if self._refusal is None:
                    membership._has_entered = True  # as far as anybody can know
                    await self._bus.enter(self.name, membership.present)
                    await membership._welcomed.wait()
            if self._refusal is not None:
                raise RoomError(problem=self._refusal)
            if not membership._welcomed.is_set():
                raise BusLost("the bus did not answer in time")
            if membership._failure is not None:
                raise membership._failure
        except BaseException:
            await membership.leave()  # noqa: ASYNC102 it shields itself, for a limited time
            raise

    async def _leave(self, membership: Membership) -> None:
        ref = membership.present.ref
        self._joining.pop(ref, None)
        if self._joined.pop(ref, None) is not None:
            self._events.detach(membership._take)
        failed = False
        try:
            if membership._has_entered:
                with trio.move_on_after(self.limits.leave_timeout, shield=True) as scope:
                    await self._bus.leave(self.name, ref)
                failed = scope.cancelled_caught
        except BusLost:
            failed = True
        finally:
            self._release(self)
        if failed:
            self._forsake(self.name, ref)

    async def _enter_all_again(self) -> None:
        """Enter all who are here, since the bus has forgotten them."""
        for membership in list(chain(self._joined.values(), self._joining.values())):
            await self._enter_again(membership)

    async def _enter_again(self, membership: Membership) -> None:
        if not membership.left:
            membership._has_entered = True
            await self._bus.enter(self.name, membership.present)
            if membership.left:  # meanwhile
                await self._bus.leave(self.name, membership.present.ref)

    # What members of this process say.

    async def _wait_told(self) -> None:
        """Wait while too much was said from here and not told here; a checkpoint only then.

        Otherwise one who sends without a pause would fill the feed until it is lost, for all.

        :raises BusLost: it tells nothing any more.
        """
        if self._behind() >= self.limits.max_behind:
            with trio.move_on_after(self.limits.send_timeout):
                while self._behind() >= self.limits.max_behind:
                    await self._senders.park()
            if self._behind() >= self.limits.max_behind:
                raise BusLost("the bus has not told in time what was sent before")

    async def _publish(self, data: str) -> Position:
        position = await self._bus.publish(self.name, data)
        if self._said.epoch != position.epoch or self._said.offset < position.offset:
            self._said = position
        return position

    def _behind(self) -> int:
        """How many messages, at most, were sent from here and not told here."""
        if self.scope.cancel_called:
            return 0  # nobody is here
        said, told = self._said, self._history.position
        return said.offset - told.offset if said.epoch == told.epoch else 0

    # The feed.

    async def run(self) -> None:
        """Read the feed, and open another one whenever it is lost, until cancelled."""
        try:
            await self._read_feeds()
        finally:
            self._history.clear()
            self._senders.unpark_all()

    async def _read_feeds(self) -> None:
        failures = 0
        with self.scope:
            while True:
                try:
                    async with self._bus.open_feed(self.name) as feed:
                        await self._take_up(feed.snapshot)
                        failures = 0
                        while True:
                            await self._handle(await feed.receive())
                except BusLost:
                    failures += 1
                except ResourceFull:
                    failures += 1
                    if not self._opened.is_set():
                        self._refusal = RoomProblem.TOO_MANY_ROOMS
                        self._opened.set()
                        return
                chance = random.random()  # noqa: S311 - nobody gains by guessing it
                await trio.sleep(_TRY_AGAIN.delay(failures, chance))

    async def _take_up(self, snapshot: BusSnapshot) -> None:
        """Begin with a feed, and make up for what has happened since the last one."""
        if not self._opened.is_set():
            self._history = self._new_history(snapshot.position, snapshot.history)
        else:
            await self._catch_up(snapshot)
        there = {present.ref for present in snapshot.present}
        for ref in [ref for ref in self._present if ref not in there]:
            await self._note_gone(ref)
        for present in snapshot.present:
            await self._note_entered(present)
        self._opened.set()
        for membership in [other for ref, other in self._joined.items() if ref not in there]:
            await self._enter_again(membership)

    async def _catch_up(self, snapshot: BusSnapshot) -> None:
        kept = History(self._bus.history, snapshot.position, snapshot.history)
        missed, complete = kept.after(self._history.position)
        if not complete:
            lost = Position(kept.position.epoch, kept.position.offset - len(kept))
            self._history.clear()
            self._history = self._new_history(lost)
            text = envelope.gap(self.name, lost)
            await self._events.publish(RoomEvent(PreparedMessage(text), position=lost))
        for message in missed:
            await self._handle(message)
        if self._senders:
            self._senders.unpark_all()

    def _new_history(self, position: Position, messages: Iterable[Published] = ()) -> History:
        return History(self._bus.history, position, messages, total=self._history_total)

    async def _handle(self, event: BusEvent) -> None:
        if isinstance(event, Published):
            self._history.append(event)
            position = self._history.position
            by, text = envelope.message(self.name, position, event.data)
            await self._events.publish(RoomEvent(PreparedMessage(text), by, position))
            if self._senders and self._behind() <= self.limits.max_behind // 2:
                self._senders.unpark_all()
        elif isinstance(event, Entered):
            await self._note_entered(event.present)
        elif isinstance(event, Gone):
            await self._note_gone(event.ref)
            membership = self._joined.get(event.ref)
            if membership is not None:  # our lease ran out, and yet here it is
                await self._enter_again(membership)

    async def _note_entered(self, present: Present) -> None:
        if present.ref not in self._present:
            self._present[present.ref] = present
            refs = self._members.setdefault(present.member, {})
            refs[present.ref] = present
            if len(refs) == 1:
                await self._tell_presence("joined", present)
        membership = self._joining.pop(present.ref, None)
        if membership is not None:
            self._welcome(membership)

    async def _note_gone(self, ref: str) -> None:
        present = self._present.pop(ref, None)
        if present is None:
            return
        refs = self._members[present.member]
        del refs[ref]
        if not refs:
            del self._members[present.member]
            await self._tell_presence("left", present)

    async def _tell_presence(self, kind: str, present: Present) -> None:
        if self._tells_presence:
            text = envelope.presence(kind, self.name, present.member, present.info)
            await self._events.publish(RoomEvent(PreparedMessage(text), by=present.ref))

    def _welcome(self, membership: Membership) -> None:
        """Tell a new member what was before, and from now on what happens."""
        history, seen = self._history, membership._last_seen
        position = None if seen is None else Position.parse_untrusted(seen)
        messages, resumed = history.after(position)
        epoch = history.position.epoch
        members = self._members if self._tells_presence else {}
        text = envelope.welcome(
            membership._welcome_ref,
            self.name,
            history.position,
            members=((name, next(iter(refs.values())).info) for name, refs in members.items()),
            count=len(members),
            messages=[
                envelope.message(self.name, Position(epoch, message.offset), message.data)[1]
                for message in messages
            ],
            resumed=resumed,
            missed=seen is not None and not resumed,
            max_listed_bytes=self.limits.max_listed_bytes,
        )
        self._joined[membership.present.ref] = membership
        self._events.attach(membership._take)
        membership._welcome(text, history.position)
