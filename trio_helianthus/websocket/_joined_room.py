"""A room that a program has joined as a client, for as long as it likes."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import attrs
import trio

from trio_helianthus.core import Broadcast, Overflow
from trio_helianthus.errors import ChannelEnded, ResourceClosed, ResourceFull

from . import _envelope as envelope
from ._bus import Position
from ._room_events import MemberJoined, MemberLeft, MessagesMissed, RoomMessage, RoomUpdate

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from ._room_client import RoomClient

__all__ = ["JoinedRoom"]


@attrs.define(eq=False)
class Sending:
    """A message that waits to be confirmed."""

    tag: str
    text: str
    ref: int = 0
    """Of the last time that it was sent."""
    done: trio.Event = attrs.field(factory=trio.Event)
    id: str | None = None
    failure: Exception | None = None

    def finish(self, message_id: str | None, failure: Exception | None = None) -> None:
        """Tell how it went, once: what is confirmed stays so."""
        if not self.done.is_set():
            self.id, self.failure = message_id, failure
            self.done.set()


class JoinedRoom(trio.abc.ReceiveChannel[RoomUpdate]):
    """A room that this program is in; made by :meth:`RoomClient.join`.

    Iterate over it for what happens there: messages of others, and who comes and goes. While the
    connection is lost it waits, and goes on behind the last message that it was given.
    """

    def __init__(self, client: RoomClient, name: str, info: str, last_seen: str | None) -> None:
        self.name: Final = name
        """What it is called."""
        self.members: dict[str, object] = {}
        """Who is there, and what they tell of themselves; a server need not tell all."""
        self._client = client
        self._info = info  # as JSON
        self._reached = last_seen  # the id of the last message that has come
        self._given = last_seen  # that of the last before what waits, while something does
        self._updates: Broadcast[tuple[RoomUpdate, str | None]] = Broadcast()
        self._queue = self._updates.subscribe(
            max_items=client.max_updates, overflow=Overflow.DROP_OLDEST
        )
        self._dropped = 0
        self._sending: dict[str, Sending] = {}
        self._failure: Exception | None = None
        self._ended = False
        self._refusals = 0  # of coming back, since it was there last
        self.welcomed: Final = trio.Event()
        """Whether it has been there, or never will be."""
        self.here: bool = False
        """Whether the connection of this moment is in the room."""

    def __repr__(self) -> str:
        return f"<JoinedRoom {self.name!r}: {'here' if self.here else 'not connected'}>"

    @property
    def last_id(self) -> str | None:
        """The id of the last message that was received; a later program's ``last_seen``.

        What has come, and waits to be received, is not counted; this program's own messages are,
        once they are confirmed and nothing waits.
        """
        return self._given if self._queue.statistics().queued else self._reached

    async def receive(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> RoomUpdate:
        """Return what happens next.

        What is not received in time waits, up to ``max_updates``; where more has come, those that
        came first are dropped, and a :class:`MessagesMissed` says so.

        :param timeout: seconds to wait; ``None`` is no limit.
        :param token: gives up.
        :raises RoomError: the server does not let it come back.
        :raises ChannelEnded: the server has closed the connection for good.
        :raises ResourceClosed: it has left.
        :raises ResourceBusy: another task is receiving.

        Who is cancelled has received nothing. What waits at the end is received before it is told.
        """
        if self._queue.dropped != self._dropped:
            await trio.lowlevel.checkpoint()
            self._dropped = self._queue.dropped
            return MessagesMissed()
        try:
            update, self._given = await self._queue.receive(timeout=timeout, token=token)
        except ChannelEnded:
            if self._failure is not None:
                raise self._failure.with_traceback(None) from None
            raise
        return update

    async def send(
        self, body: object, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Say something, and wait until the server has confirmed it, over reconnections too.

        Where a connection was lost meanwhile, the message is looked for among those that were
        missed, and sent again if it is not there. So it is said at least once: nearly always
        exactly once. Where it raises, it is not sent again; if it was said all the same, and is
        among what was missed, it is received as a message like any other.

        :param body: anything that JSON can say.
        :param timeout: seconds; ``None`` means ``reply_timeout``.
        :returns: the id of the message.
        :raises RoomError: the server does not want it. With :attr:`RoomProblem.UNAVAILABLE`, it
            may have been said.
        :raises OperationTimeout: it was not confirmed in time; it may have been said. Its cause is
            why there is no connection, if there is none.
        :raises ResourceFull: ``max_outstanding`` messages wait already.
        :raises ResourceClosed: it has left, or the server has closed the connection for good; what
            was under way then may have been said.
        :raises TypeError, ValueError: JSON cannot say it.
        """
        client = self._client
        if self._ended:
            raise ResourceClosed("this program is not in the room any more")
        if len(self._sending) >= client.max_outstanding:
            raise ResourceFull(limit_name="max_outstanding", limit=client.max_outstanding)
        sending = Sending(secrets.token_hex(8), envelope.dumps(body))
        self._sending[sending.tag] = sending
        try:
            with client._limit(timeout, token):
                if self.here:
                    await client._say(self, sending)
                await sending.done.wait()
        finally:
            del self._sending[sending.tag]
            client._waiting.pop(sending.ref, None)
        if sending.failure is not None:
            raise sending.failure
        assert sending.id is not None
        return sending.id

    async def aclose(self) -> None:
        """Leave the room. Where there is no connection, the server knows."""
        if not self._ended:
            self._end(ResourceClosed("this program has left the room"))
            await self._client._leave(self)

    # What the client calls.

    def _welcome(self, fields: dict[str, Any]) -> None:
        """Go on behind what was seen last, with what the server says of the room."""
        members = {
            entry["member"]: entry.get("info")
            for entry in _objects(fields.get("members"))
            if isinstance(entry.get("member"), str)
        }
        if self.welcomed.is_set() and fields.get("count") == len(members):
            for member in [member for member in self.members if member not in members]:
                self._tell(MemberLeft(member))
            for member, info in members.items():
                if member not in self.members:
                    self._tell(MemberJoined(member, info))
        self.members = members
        if fields.get("missed") is True:
            self._tell(MessagesMissed())
        for message in _objects(fields.get("messages")):
            self._take(message)
        if isinstance(position := fields.get("id"), str):
            self._reached = position
        self.here = True
        self._refusals = 0
        self.welcomed.set()

    def _take(self, fields: dict[str, Any]) -> None:
        """Take what the server tells of the room."""
        match fields:
            case {"type": "message", "id": str(message_id)}:
                sending = self._sending.get(str(fields.get("tag")))
                if sending is not None:
                    self._reached = message_id
                    sending.finish(message_id)
                else:
                    message = RoomMessage(message_id, fields.get("from"), fields.get("body"))
                    self._tell(message, message_id)
            case {"type": "joined", "member": str(member)}:
                self.members[member] = info = fields.get("info")
                self._tell(MemberJoined(member, info))
            case {"type": "left", "member": str(member)}:
                self.members.pop(member, None)
                self._tell(MemberLeft(member))
            case {"type": "gap"}:
                position = fields.get("id")
                self._tell(MessagesMissed(), position if isinstance(position, str) else None)

    def _note_confirmed(self, sending: Sending, message_id: str) -> None:
        if _stands_behind(message_id, self._reached):
            self._reached = message_id
        sending.finish(message_id)

    def _end(self, failure: Exception | None) -> None:
        """Be in the room no more; ``None``: as the server has closed the connection for good."""
        if self._ended:
            return
        self._ended = True
        self.here = False
        self._failure = failure
        self._updates.close()
        self.welcomed.set()
        for sending in self._sending.values():
            sending.finish(None, failure or ResourceClosed("the server has closed the connection"))

    def _tell(self, update: RoomUpdate, reached: str | None = None) -> None:
        if not self._queue.statistics().queued:
            self._given = self._reached
        if reached is not None:
            self._reached = reached
        self._updates.publish_nowait((update, self._reached))


def _stands_behind(message_id: str, other: str | None) -> bool:
    new = Position.parse_untrusted(message_id)
    old = None if other is None else Position.parse_untrusted(other)
    return new is not None and (old is None or old.epoch != new.epoch or new.offset > old.offset)


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
