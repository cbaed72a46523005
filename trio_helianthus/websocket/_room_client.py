"""A client of the rooms protocol for programs: it comes back, and goes on where it was."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Unpack

import attrs
import trio

from trio_helianthus import core
from trio_helianthus.errors import (
    OperationTimeout,
    RemoteProtocolError,
    ResourceClosed,
    ResourceFull,
    WebSocketBroken,
)
from trio_helianthus.wire.websocket import PreparedMessage

from . import _envelope as envelope
from ._joined_room import JoinedRoom, Sending
from ._keep_connected import RECONNECT, OnFailure, OpenOptions, keep_connected
from ._room_error import RoomError, RoomProblem

if TYPE_CHECKING:
    from ._client_connection import ClientConnection

__all__ = ["RoomClient", "open_room_client"]

_GOODBYE_SECONDS: Final = 1.0
_FOR_NOW: Final = frozenset(
    {
        RoomProblem.UNAVAILABLE,
        RoomProblem.FAILED,
        RoomProblem.TOO_MANY_ROOMS,
        RoomProblem.ROOM_FULL,  # of this program's lost connection, too, until that is noticed
    }
)
"""Why a room may let a program come back later."""


@attrs.define(eq=False)
class _Asking:
    """A request that waits for its reply."""

    done: trio.Event = attrs.field(factory=trio.Event)
    body: object = None
    failure: Exception | None = None


@attrs.frozen
class _Link:
    """One connection, and where its tasks run."""

    connection: ClientConnection
    nursery: core.BackgroundNursery


class RoomClient:
    """A program's connection to a server of rooms; made by :func:`open_room_client`."""

    def __init__(
        self,
        answer: Callable[[object], Awaitable[object]] | None,
        policy: core.RetryPolicy,
        on_failure: OnFailure | None,
        max_updates: int,
        max_outstanding: int,
        reply_timeout: float,
    ) -> None:
        self.max_updates: Final = max_updates
        """How much of each room waits that was not received."""
        self.max_outstanding: Final = max_outstanding
        """How many messages of a room, or requests, wait for their replies."""
        self.reply_timeout: Final = reply_timeout
        """Seconds that they wait for them."""
        self.closed: bool = False
        """Whether the server, or this program, has closed the connection for good."""
        self._answer = answer
        self._policy = policy
        self._on_failure = on_failure
        self._failure: Exception | None = None  # of the last connection, until one gets a reply
        self._answering = 0
        self._asking = 0
        self._rooms: dict[str, JoinedRoom] = {}
        self._connection: ClientConnection | None = None
        self._connected = trio.Event()
        self._doors = trio.Lock()  # joins and leaves go one behind the other
        self._refs = count(1)
        self._waiting: dict[int, JoinedRoom | tuple[JoinedRoom, Sending] | _Asking] = {}

    def __repr__(self) -> str:
        state = "closed" if self.closed else "connected" if self._connection else "not connected"
        return f"<RoomClient: {state}, {len(self._rooms)} rooms>"

    @asynccontextmanager
    async def join(
        self,
        room: str,
        *,
        info: object = None,
        last_seen: str | None = None,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> AsyncIterator[JoinedRoom]:
        """Be in a room while the body runs.

        Where it gives up, or is cancelled, before it has joined, it leaves all the same.

        :param room: its name.
        :param info: what the others are told beside the name.
        :param last_seen: the id of the last message that was seen before, by an earlier program.
        :param timeout: seconds until it has joined; ``None`` means ``reply_timeout``.
        :param token: gives up, until then.
        :raises RoomError: the server does not want it.
        :raises OperationTimeout: it has not joined in time; its cause is why there is no
            connection, if there is none.
        :raises ResourceClosed: the connection was closed for good.
        :raises ValueError: this program is in that room already.
        :raises TypeError, ValueError: JSON cannot say ``info``.
        """
        if room in self._rooms:
            raise ValueError(f"this program is in the room {room!r} already")
        if self.closed:
            raise ResourceClosed("the connection was closed for good")
        joined = JoinedRoom(self, room, envelope.dumps(info), last_seen)
        self._rooms[room] = joined
        try:
            with self._limit(timeout, token):
                if self._connection is not None:
                    await self._send_join(self._connection, joined)
                await joined.welcomed.wait()
            if joined._failure is not None:
                raise joined._failure
            if joined._ended:
                raise ResourceClosed("the connection was closed for good")
            yield joined
        finally:
            await joined.aclose()
            del self._rooms[room]
            self._forget(joined)

    async def ask(
        self, body: object, *, timeout: float | None = None, token: core.CancelToken | None = None
    ) -> object:
        """Make a request to the server, and wait for its reply.

        Where there is no connection, it is sent over the next. It is sent once: never again, as
        it may not be harmless.

        :param body: anything that JSON can say.
        :param timeout: seconds; ``None`` means ``reply_timeout``.
        :returns: the body of the reply.
        :raises RoomError: the server has answered with an error.
        :raises WebSocketBroken: the connection was lost; the request may have been dealt with.
        :raises OperationTimeout: there was no reply in time; it may have been dealt with.
        :raises ResourceFull: ``max_outstanding`` requests wait already.
        :raises ResourceClosed: the connection was closed for good.
        :raises TypeError, ValueError: JSON cannot say it.
        """
        if self._asking >= self.max_outstanding:
            raise ResourceFull(limit_name="max_outstanding", limit=self.max_outstanding)
        text, asking, ref = envelope.dumps(body), _Asking(), next(self._refs)
        self._asking += 1
        try:
            with self._limit(timeout, token):
                connection = await self._wait_connected()
                self._waiting[ref] = asking
                await connection.send_text(envelope.request(ref, text))
                await asking.done.wait()
        finally:
            self._asking -= 1
            self._waiting.pop(ref, None)
        if asking.failure is not None:
            raise asking.failure
        return asking.body

    @contextmanager
    def _limit(self, timeout: float | None, token: core.CancelToken | None) -> Iterator[None]:
        """Limit how long a reply is waited for; whose time is up is told why, if that is known."""
        try:
            with core.limit(self.reply_timeout if timeout is None else timeout, token):
                yield
        except OperationTimeout as exc:
            if self._failure is not None:
                raise exc from self._failure
            raise

    def _forget(self, waiting: JoinedRoom) -> None:
        """Expect no welcome for a room that was left."""
        for ref in [ref for ref, other in self._waiting.items() if other is waiting]:
            del self._waiting[ref]

    async def _wait_connected(self) -> ClientConnection:
        while self._connection is None:
            if self.closed:
                raise ResourceClosed("the connection was closed for good")
            await self._connected.wait()
        return self._connection

    # One connection.

    async def _run(self, url: str, options: OpenOptions) -> None:
        """Stay connected until the server closes the connection for good.

        What is raised instead cancels all who wait, and so nothing has to be told to them.
        """
        await keep_connected(
            url, self._talk, policy=self._policy, on_failure=self._note_failure, **options
        )
        self._finish()

    def _note_failure(self, failure: Exception, delay: float) -> None:
        self._failure = failure.with_traceback(None)  # which refers to this
        if self._on_failure is not None:
            self._on_failure(failure, delay)

    async def _talk(self, connection: ClientConnection) -> None:
        """Join the rooms again, and read what comes, until the connection ends."""
        async with core.open_background_nursery() as nursery:
            link = _Link(connection, nursery)
            self._connection = connection
            self._connected.set()
            try:
                nursery.start_soon(self._come_back, connection, list(self._rooms.values()))
                async for message in connection:
                    self._handle(message, link)
            finally:
                self._note_lost(connection)

    def _note_lost(self, connection: ClientConnection) -> None:
        self._connection = None
        self._connected = trio.Event()
        code = connection.close_code or 1006
        for waiting in self._waiting.values():
            if isinstance(waiting, _Asking):
                waiting.failure = WebSocketBroken(code=code, reason=connection.close_reason)
                waiting.done.set()
        self._waiting.clear()
        for room in self._rooms.values():
            room.here = False

    def _finish(self) -> None:
        self.closed = True
        self._connected.set()
        for room in self._rooms.values():
            room._end(None)

    async def _come_back(self, connection: ClientConnection, rooms: list[JoinedRoom]) -> None:
        for room in rooms:
            await self._send_join(connection, room)

    async def _send_join(self, connection: ClientConnection, room: JoinedRoom) -> None:
        async with self._doors:
            if room._ended or self._connection is not connection:  # meanwhile
                return
            ref = next(self._refs)
            self._waiting[ref] = room
            fields = {"type": "join", "ref": ref, "room": room.name, "last_seen": room._reached}
            await _send(connection, f'{envelope.dumps(fields)[:-1]},"info":{room._info}}}')

    async def _join_later(
        self, connection: ClientConnection, room: JoinedRoom, seconds: float
    ) -> None:
        """Try again to come back, since the server could not do it then."""
        await trio.sleep(seconds)
        await self._send_join(connection, room)

    async def _say(self, room: JoinedRoom, sending: Sending) -> None:
        """Send a message, if there is a connection over which it was not sent yet.

        Otherwise it is sent when there is one.
        """
        connection = self._connection
        if connection is None or sending.done.is_set() or sending.ref in self._waiting:
            return
        ref = sending.ref = next(self._refs)
        self._waiting[ref] = (room, sending)
        fields = envelope.dumps({"type": "send", "ref": ref, "room": room.name, "tag": sending.tag})
        await _send(connection, f'{fields[:-1]},"body":{sending.text}}}')

    async def _say_again(self, room: JoinedRoom) -> None:
        for sending in list(room._sending.values()):
            await self._say(room, sending)

    async def _leave(self, room: JoinedRoom) -> None:
        """Tell the server; a connection that does not take it in time is given up, which tells it.

        Else it would keep this program in the room, and not let it in again.
        """
        connection = self._connection
        if connection is not None:
            with trio.move_on_after(_GOODBYE_SECONDS, shield=True) as goodbye:
                async with self._doors:
                    await _send(connection, envelope.dumps({"type": "leave", "room": room.name}))
            if goodbye.cancelled_caught:
                connection._cut()

    def _handle(self, message: str | bytes, link: _Link) -> None:
        """Take what the server says; what is not understood may be of a later version."""
        try:
            fields = envelope.load_object_untrusted(message)
        except RoomError as exc:
            raise RemoteProtocolError(f"the server of rooms has sent nonsense: {exc}") from exc
        match fields:
            case {"type": "request", "ref": str(ref)}:
                self._begin_answer(ref, fields.get("body"), link)
            case {"type": "reply" | "welcome" | "error", "ref": int(number)}:
                self._note_reply(number, fields, link)
            case {"room": str(name)} if name in self._rooms and self._rooms[name].here:
                self._rooms[name]._take(fields)

    def _note_reply(self, ref: int, fields: dict[str, Any], link: _Link) -> None:
        self._failure = None
        waiting = self._waiting.pop(ref, None)
        failure = _failure(fields) if fields["type"] == "error" else None
        if isinstance(waiting, _Asking):
            waiting.body, waiting.failure = fields.get("body"), failure
            waiting.done.set()
        elif isinstance(waiting, JoinedRoom):
            if waiting._ended:
                return  # it has left meanwhile
            if failure is not None:
                self._note_refusal(waiting, failure, link)
            else:
                waiting._welcome(fields)
                link.nursery.start_soon(self._say_again, waiting)
        elif waiting is not None:
            room, sending = waiting
            if failure is not None:
                sending.finish(None, failure)
            else:
                room._note_confirmed(sending, str(fields.get("id")))

    def _note_refusal(self, room: JoinedRoom, failure: RoomError, link: _Link) -> None:
        """Try again later where that makes sense, for a room in which this program has been."""
        seconds = None
        if failure.problem in _FOR_NOW and room.welcomed.is_set():
            room._refusals += 1
            seconds = self._policy.next_delay(
                room._refusals,
                chance=random.random(),  # noqa: S311 - nobody gains by guessing it
            )
        if seconds is None:
            room._end(failure)
        else:
            link.nursery.start_soon(self._join_later, link.connection, room, seconds)

    # Requests of the server's.

    def _begin_answer(self, ref: str, body: object, link: _Link) -> None:
        if self._answering < self.max_outstanding:
            self._answering += 1
            link.nursery.start_soon(self._answer_request, ref, body, link.connection)
        else:
            refusal = envelope.error(ref, RoomError(problem=RoomProblem.TOO_MANY_REQUESTS))
            link.connection.offer(PreparedMessage(refusal))

    async def _answer_request(self, ref: str, body: object, connection: ClientConnection) -> None:
        try:
            await _send(connection, await self._answer_text(ref, body))
        except (WebSocketBroken, ResourceClosed) as exc:
            # An answer may have asked back: then the loss of the connection is no failure of its.
            if self._connection is connection and not connection.has_raised(exc):
                raise
        finally:
            self._answering -= 1

    async def _answer_text(self, ref: str, body: object) -> str:
        try:
            if self._answer is None:
                raise RoomError("this client answers no requests")
            return envelope.reply_with_body(ref, envelope.dumps(await self._answer(body)))
        except RoomError as exc:
            return envelope.error(ref, exc)


async def _send(connection: ClientConnection, text: str) -> None:
    """Send something that is said again where the connection is lost, or not needed then."""
    try:
        await connection.send_text(text)
    except (WebSocketBroken, ResourceClosed):
        pass


def _failure(fields: dict[str, Any]) -> RoomError:
    try:
        problem = RoomProblem(fields.get("code"))
    except ValueError:
        problem = RoomProblem.REFUSED
    message = fields.get("message")
    return RoomError(message if isinstance(message, str) else None, problem=problem)


@asynccontextmanager
async def open_room_client(
    url: str,
    *,
    answer: Callable[[object], Awaitable[object]] | None = None,
    policy: core.RetryPolicy = RECONNECT,
    on_failure: OnFailure | None = None,
    max_updates: int = 1_000,
    max_outstanding: int = 64,
    reply_timeout: float = 30.0,
    **options: Unpack[OpenOptions],
) -> AsyncIterator[RoomClient]:
    """Open a client of a server of rooms, which stays connected while the body runs.

    ::

        async with websocket.open_room_client("wss://example.org/chat") as client:
            async with client.join("lobby") as room:
                await room.send("hello")
                async for update in room:
                    print(update)

    Whenever the connection is lost, it connects again, as :func:`keep_connected` does, comes back
    into its rooms, and goes on behind the last messages that have come. A room that cannot be
    come back into for now (unavailable, failed, full) is tried again after waits of the policy;
    any other refusal ends the room, and is raised there. At the end of the body the connection is
    closed with 1000; where the body raises, or is cancelled, it is reset.

    :param answer: replies to requests of the server's: takes the body, returns that of the reply,
        or raises :exc:`RoomError`. Whatever else it raises comes out, and ends the client.
    :param policy: how often, and after which waits, it connects again.
    :param on_failure: is called before each of these waits, as by :func:`keep_connected`.
    :param max_updates: how much of each room waits that was not received.
    :param max_outstanding: how many messages of a room, or requests, wait for their replies.
    :param reply_timeout: seconds that they wait for them, unless told otherwise.
    :param options: those of :func:`open_websocket`.
    :raises UpgradeRefused, WebSocketClosed, NetworkError, OperationTimeout: as
        :func:`keep_connected`; the body is cancelled then.
    :raises RemoteProtocolError: the server speaks another protocol.
    """
    client = RoomClient(answer, policy, on_failure, max_updates, max_outstanding, reply_timeout)
    try:
        async with core.open_background_nursery() as nursery:
            nursery.start_soon(client._run, url, options)
            yield client
            connection = client._connection
            if connection is not None:
                await connection.aclose()
    finally:
        client._finish()
