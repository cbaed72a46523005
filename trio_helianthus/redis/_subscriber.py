"""The connection that subscriptions share: kept, and made again, while somebody listens."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.errors import (
    ConnectionTimedOut,
    HelianthusError,
    NetworkError,
    ProtocolError,
    RedisAuthenticationError,
    RedisPermissionDenied,
    ResourceClosed,
)

from ._connection import RECEIVE_BYTES, lost
from ._subscribed import Subscribed
from ._topics import Topic

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_helianthus.errors import RedisRedirection

    from ._backend import Backend
    from ._connection import Connection
    from ._messages import Kind
    from ._topics import Listener, TopicKey
    from ._url import Place

LINGER_SECONDS: Final = 2.0
"""For how long the connection is kept that nobody needs any more."""
STABLE_SECONDS: Final = 1.0
"""A connection that was lost sooner is not made again at once."""
_LOST: Final = (NetworkError, trio.BrokenResourceError, trio.ClosedResourceError, ProtocolError)
_UNREACHABLE: Final = (NetworkError, HelianthusError, trio.BrokenResourceError)


class Subscriber:
    """Keeps a connection to one server, subscribed to what is listened to there.

    Nothing that a listener does makes the others, or the reader, wait.

    :param home: the server; ``None``: whichever the backend connects to.
    :param make: makes a message of channel, data and pattern.
    :param rehome: gives topics away that are not of this server any more.
    :param move: follows a topic that has moved; see :class:`Subscribed`.
    """

    def __init__(
        self,
        backend: Backend,
        home: Place | None,
        *,
        make: Callable[[bytes, bytes, bytes | None], object],
        rehome: Callable[[Subscriber], object],
        move: Callable[[Topic, RedisRedirection], bool],
    ) -> None:
        self.home: Final = home
        self.topics: dict[TopicKey, Topic] = {}
        """What is listened to."""
        self.trouble: Exception | None = None
        """Why there is no connection, if there is none."""
        self.is_running: bool = False
        self._backend = backend
        self._make = make
        self._rehome = rehome
        self._move = move
        self._subscribed: Subscribed | None = None  # while there is a connection
        self._changed = trio.Event()
        self._unused_since = math.inf
        self._loss: Exception | None = None  # why the connection is over

    def listen(self, listener: Listener, kind: Kind, name: bytes) -> Topic:
        """Let a listener have what comes for a topic, from when that is ready.

        :raises ResourceClosed: the client was closed.
        """
        topic = self.topics.get((kind, name))
        if topic is None:
            topic = Topic(kind, name, self)
            self.adopt(topic)
        topic.listeners[listener] = topic.ready.is_set()
        return topic

    def adopt(self, topic: Topic) -> None:
        """Subscribe to a topic, which may come from another server.

        :raises ResourceClosed: the client was closed.
        """
        if not self.is_running:
            try:
                self._backend.nursery.start_soon(self._run, name="redis subscriptions")
            except RuntimeError as exc:  # the nursery takes nobody any more
                raise ResourceClosed("the Redis client was closed") from exc
            self.is_running = True
        topic.owner = self
        self.topics[topic.key] = topic
        self._unused_since = math.inf
        self._note(topic, is_new=True)

    def drop(self, topic: Topic) -> None:
        """Unsubscribe from a topic, unless that was given up already."""
        if self.topics.get(topic.key) is topic:
            del self.topics[topic.key]
            self._note(topic)
            if not self.topics:
                self._unused_since = trio.current_time()

    def _note(self, topic: Topic, *, is_new: bool = False) -> None:
        if self._subscribed is not None:
            self._subscribed.note(topic.key, is_new=is_new)
        self._changed.set()

    async def _run(self) -> None:
        failures, has_ended = 0, False
        try:
            while await self._is_wanted():
                self._rehome(self)
                if not self.topics:
                    continue
                began = trio.current_time()
                try:
                    connection = await self._backend.connect_home(self.home)
                except _UNREACHABLE as exc:
                    self.trouble = exc
                    if isinstance(exc, (RedisAuthenticationError, RedisPermissionDenied)):
                        self._refuse_all(exc)
                else:
                    await self._serve(connection)
                    if trio.current_time() >= began + STABLE_SECONDS:
                        failures = 0
                        continue
                failures += 1
                delay = self._backend.options.reconnect.delay(failures, random.random())  # noqa: S311
                await trio.sleep(delay)
            has_ended = True
        finally:
            self.is_running = False
            if not has_ended:
                topics = [*self.topics.values()]
                for listener in {each for topic in topics for each in topic.listeners}:
                    listener.end(ResourceClosed("the Redis client was closed"))

    async def _is_wanted(self) -> bool:
        """Wait a little for somebody to listen."""
        with trio.move_on_at(self._unused_since + LINGER_SECONDS):
            while not self.topics:
                self._changed = trio.Event()
                await self._changed.wait()
        return bool(self.topics)

    def _refuse_all(self, error: RedisAuthenticationError | RedisPermissionDenied) -> None:
        topics = [*self.topics.values()]
        self.topics.clear()
        self._unused_since = trio.current_time()
        for topic in topics:
            topic.refuse(error)

    async def _serve(self, connection: Connection) -> None:
        """Use a connection until it is lost, or nobody needs it."""
        self.trouble = self._loss = None
        subscribed = self._subscribed = Subscribed(
            self.topics,
            encode=connection.encode,
            make=self._make,
            move=self._move,
            timeouts=self._backend.options.timeouts,
            now=trio.current_time(),
        )
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write, connection, subscribed, nursery.cancel_scope)
                nursery.start_soon(self._read, connection, subscribed, nursery.cancel_scope)
        finally:
            self._subscribed = None
            connection.close()
        self.trouble = self._loss
        reason = self._loss
        if not isinstance(reason, (NetworkError, ProtocolError)):
            reason = lost(connection.stream)  # it was closed since the server was given up
            reason.__cause__ = self._loss
        topics = [*self.topics.values()]
        for listener in {each for topic in topics for each in topic.interrupt()}:
            listener.lose(reason)

    async def _write(
        self, connection: Connection, subscribed: Subscribed, scope: trio.CancelScope
    ) -> None:
        """Send what is to be sent, and notice what does not come."""
        patience = self._backend.options.timeouts.answer
        try:
            while True:
                self._changed = trio.Event()
                now = trio.current_time()
                subscribed.look(now)
                if data := subscribed.commands(now):
                    with trio.move_on_after(patience) as sending:
                        await connection.stream.send_all(data)
                    if sending.cancelled_caught:
                        raise ConnectionTimedOut("the server takes nothing", operation="send")
                elif now >= (leave_at := self._unused_since + LINGER_SECONDS):
                    break
                else:
                    with trio.move_on_at(min(subscribed.look_at(), leave_at)):
                        await self._changed.wait()
        except _LOST as exc:
            self._loss = self._loss or exc
        scope.cancel(reason="the connection is over")

    async def _read(
        self, connection: Connection, subscribed: Subscribed, scope: trio.CancelScope
    ) -> None:
        stream, wire, take = connection.stream, connection.wire, subscribed.take
        try:
            while True:
                data = await stream.receive_some(RECEIVE_BYTES)
                if not data:
                    raise lost(stream)
                subscribed.heard_at = trio.current_time()
                wire.receive_data(data)
                for event in wire.next_events():
                    take(event)
                if wire.error is not None:
                    raise wire.error
                if subscribed.has_changed:
                    self._changed.set()
        except _LOST as exc:
            self._loss = self._loss or exc
        scope.cancel(reason="the connection is over")
