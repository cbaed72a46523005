"""The connection that subscriptions share: what is wanted is subscribed to, also once more."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import attrs
import trio

from trio_helianthus.errors import (
    ConnectionTimedOut,
    HelianthusError,
    NetworkError,
    ProtocolError,
    RedisAuthenticationError,
    RedisError,
    RedisPermissionDenied,
    RedisRedirection,
    ResourceClosed,
)
from trio_helianthus.wire.resp import Push

from ._connection import RECEIVE_BYTES, lost
from ._messages import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from trio_helianthus.core import BackgroundNursery

    from ._connection import Connection
    from ._options import Options

LINGER_SECONDS: Final = 2.0
"""For how long the connection is kept that nobody needs any more."""
NAMES_PER_COMMAND: Final = 500
"""How many channels are subscribed to by one command."""
_LOST: Final = (NetworkError, trio.BrokenResourceError, trio.ClosedResourceError, ProtocolError)
_MESSAGES: Final = {
    b"message": Kind.CHANNEL,
    b"pmessage": Kind.PATTERN,
    b"smessage": Kind.SHARD,
}
_CONFIRMATIONS: Final = {
    name.lower().encode(): kind for kind in Kind for name in (kind.begin, kind.end)
}


class Topic:
    """A channel or pattern, and who listens to it."""

    __slots__ = ("has_been_ready", "kind", "listeners", "name", "ready", "refusal")

    def __init__(self, kind: Kind, name: bytes) -> None:
        self.kind = kind
        self.name = name
        self.listeners: dict[Listener, None] = {}
        self.ready = trio.Event()
        """Set when the server has confirmed it on the present connection, or refused it."""
        self.has_been_ready = False
        self.refusal: RedisError | None = None


class Listener:
    """One who listens to topics."""

    __slots__ = ("end", "ends_when_lost", "gaps", "tell")

    def __init__(
        self,
        tell: Callable[[Any], object],
        end: Callable[[Exception], object],
        *,
        ends_when_lost: bool = False,
    ) -> None:
        self.tell = tell
        """Called with each message."""
        self.end = end
        """Called when there will be nothing more."""
        self.ends_when_lost = ends_when_lost
        """Whether there will be nothing more once the connection is lost."""
        self.gaps = 0
        """How often the connection was lost since it listens."""


@attrs.define
class _Request:
    """What the server was asked, and has not answered completely."""

    command: str
    kind: Kind | None = None
    names: set[bytes] = attrs.field(factory=set)


class Subscriber:
    """Keeps a connection while somebody listens, subscribed to what is listened to.

    Laws:

    1. :attr:`topics` are what is wanted. The writer compares them with what this connection was
       told, and sends the difference; so nothing has to be remembered when it is lost.
    2. The server answers in order: each confirmation, error or pong belongs to the request in
       front. An error refuses a whole command, so its topics are asked for again, one by one.
    3. Nothing that a listener does makes the others, or the reader, wait.
    """

    def __init__(
        self,
        nursery: BackgroundNursery,
        connect: Callable[[], Awaitable[Connection]],
        options: Options,
        make: Callable[[bytes, bytes, bytes | None], object],
    ) -> None:
        self.topics: dict[tuple[Kind, bytes], Topic] = {}
        """What is listened to."""
        self.connects = 0
        self._nursery = nursery
        self._connect = connect
        self._options = options
        self._make = make  # a message, of channel, data and pattern
        self._is_running = False
        self._is_closed = False
        self._told: set[tuple[Kind, bytes]] = set()
        self._to_compare: set[tuple[Kind, bytes]] = set()  # what may have changed
        self._alone: set[tuple[Kind, bytes]] = set()  # to be asked for one by one
        self._requests: deque[_Request] = deque()
        self._changed = trio.Event()
        self._ping_due = False
        self._loss: Exception | None = None  # why the connection is over

    def listen(self, listener: Listener, kind: Kind, names: Iterable[bytes]) -> list[Topic]:
        """Let a listener have what comes for some topics, from when each of them is ready.

        :raises ResourceClosed: the client was closed.
        """
        if self._is_closed:
            raise ResourceClosed("the Redis client was closed")
        topics = []
        for name in names:
            topic = self.topics.get((kind, name))
            if topic is None:
                self.topics[kind, name] = topic = Topic(kind, name)
                # If it was left just now, the server is asked again all the same: what it has sent
                # before its confirmation is not for the new listener.
                self._told.discard((kind, name))
            topic.listeners[listener] = None
            self._to_compare.add((kind, name))
            topics.append(topic)
        self._changed.set()
        if not self._is_running:
            self._is_running = True
            self._nursery.start_soon(self._run, name="redis subscriptions")
        return topics

    def leave(self, listener: Listener, topics: Iterable[Topic]) -> None:
        """Let it have nothing more of these topics; what nobody listens to is given up."""
        for topic in topics:
            topic.listeners.pop(listener, None)
            if not topic.listeners and self.topics.get((topic.kind, topic.name)) is topic:
                del self.topics[topic.kind, topic.name]
                self._to_compare.add((topic.kind, topic.name))
        self._changed.set()

    @property
    def listeners(self) -> set[Listener]:
        """Everybody who listens."""
        return {listener for topic in self.topics.values() for listener in topic.listeners}

    async def _run(self) -> None:
        failures, is_cancelled = 0, True
        try:
            while await self._is_wanted():
                try:
                    connection = await self._connect()
                except (NetworkError, HelianthusError, trio.BrokenResourceError) as exc:
                    failures += 1
                    if isinstance(exc, (RedisAuthenticationError, RedisPermissionDenied)):
                        self._refuse_all(exc)
                    delay = self._options.reconnect.delay(failures, random.random())  # noqa: S311
                    await trio.sleep(delay)
                else:
                    failures = 0
                    await self._serve(connection)
            is_cancelled = False
        finally:
            self._is_running = False
            if is_cancelled:
                self._is_closed = True
                for listener in self.listeners:
                    listener.end(ResourceClosed("the Redis client was closed"))

    async def _is_wanted(self) -> bool:
        """Wait a little for somebody to listen."""
        with trio.move_on_after(LINGER_SECONDS):
            while not self.topics:
                self._changed = trio.Event()
                await self._changed.wait()
        return bool(self.topics)

    async def _serve(self, connection: Connection) -> None:
        """Use a connection until it is lost, or nobody needs it."""
        self.connects += 1
        self._told.clear()
        self._to_compare = set(self.topics)
        self._requests.clear()
        self._ping_due = False
        self._loss = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write, connection, nursery.cancel_scope)
                nursery.start_soon(self._read, connection, nursery.cancel_scope)
        finally:
            connection.close()
            for topic in self.topics.values():
                if topic.ready.is_set():
                    topic.ready = trio.Event()
            for listener in self.listeners:
                listener.gaps += 1
                if listener.ends_when_lost:
                    listener.end(self._reason(connection))

    def _reason(self, connection: Connection) -> Exception:
        """Return why the connection is over."""
        return lost(connection.stream) if self._loss is None else self._loss

    async def _write(self, connection: Connection, scope: trio.CancelScope) -> None:
        try:
            while True:
                self._changed = trio.Event()
                if data := self._difference(connection):
                    await connection.stream.send_all(data)
                elif self.topics:
                    await self._changed.wait()
                elif not await self._is_wanted():
                    break
        except _LOST as exc:
            self._loss = self._loss or exc
        scope.cancel(reason="the connection is over")

    def _difference(self, connection: Connection) -> bytes:
        """Return the commands that make what the server was told what is wanted."""
        parts: list[bytes] = []

        def ask(command: str, kind: Kind | None, names: list[bytes]) -> None:
            parts.append(connection.encode((command, *names)))
            self._requests.append(_Request(command, kind, set(names)))

        changed, self._to_compare = self._to_compare, set()
        topics, told = self.topics, self._told
        for kind in Kind if changed else ():
            mine = [key for key in changed if key[0] is kind]
            ended = [key[1] for key in mine if key in told and key not in topics]
            begun = [key[1] for key in mine if key in topics and key not in told]
            told.difference_update((kind, name) for name in ended)
            told.update((kind, name) for name in begun)
            for at in range(0, len(ended), NAMES_PER_COMMAND):
                ask(kind.end, kind, ended[at : at + NAMES_PER_COMMAND])
            alone = [name for name in begun if (kind, name) in self._alone]
            for name in alone:
                self._alone.discard((kind, name))
                ask(kind.begin, kind, [name])
            together = [name for name in begun if name not in set(alone)] if alone else begun
            # Channels of shards have to be in one slot, so each is asked for on its own.
            step = 1 if kind is Kind.SHARD else NAMES_PER_COMMAND
            for at in range(0, len(together), step):
                ask(kind.begin, kind, together[at : at + step])
        if self._ping_due:
            self._ping_due = False
            ask("PING", None, [])
        return b"".join(parts)

    async def _read(self, connection: Connection, scope: trio.CancelScope) -> None:
        stream, wire = connection.stream, connection.wire
        quiet = self._options.timeouts.health_check
        patience = self._options.timeouts.answer
        try:
            while True:
                data = None
                with trio.move_on_after(patience if self._requests else quiet):
                    data = await stream.receive_some(RECEIVE_BYTES)
                if data is None:
                    self._wonder(connection)
                    continue
                if not data:
                    raise lost(stream)
                wire.receive_data(data)
                for event in wire.next_events():
                    self._take(event)
                if wire.error is not None:
                    raise wire.error
        except _LOST as exc:
            self._loss = self._loss or exc
        scope.cancel(reason="the connection is over")

    def _wonder(self, connection: Connection) -> None:
        """After silence, ask whether the server is still there; it is lost if it was asked."""
        if self._requests:
            raise ConnectionTimedOut(
                "the server has not answered",
                operation="receive",
                address=connection.stream.remote_address,
            )
        self._ping_due = True
        self._changed.set()

    def _take(self, event: Any) -> None:
        """Take whatever the server sends.

        :raises RemoteProtocolError: it makes no sense here.
        """
        if isinstance(event, (Push, list)) and event:
            kind = _MESSAGES.get(event[0]) if isinstance(event[0], bytes) else None
            if kind is not None and len(event) == (4 if kind is Kind.PATTERN else 3):
                self._deliver(kind, event)
            elif event[0] in _CONFIRMATIONS and len(event) == 3:
                self._confirm(event[0], event[1])
            elif event[0] == b"pong" and self._requests:
                self._requests.popleft()
        elif self._requests:
            request = self._requests.popleft()
            if isinstance(event, RedisError):
                self._refuse(request, event)

    def _deliver(self, kind: Kind, event: list[Any]) -> None:
        if kind is Kind.PATTERN:
            _, pattern, channel, data = event
            topic = self.topics.get((kind, pattern))
        else:
            _, channel, data = event
            pattern = None
            topic = self.topics.get((kind, channel))
        if topic is not None and topic.ready.is_set():
            message = self._make(channel, data, pattern)
            for listener in tuple(topic.listeners):
                listener.tell(message)

    def _confirm(self, word: bytes, name: bytes | None) -> None:
        kind = _CONFIRMATIONS[word]
        command = word.decode().upper()
        request = self._requests[0] if self._requests else None
        if request is not None and request.command == command and name in request.names:
            request.names.discard(name)
            if not request.names:
                self._requests.popleft()
            topic = self.topics.get((kind, name))
            if topic is not None and command == kind.begin:
                topic.has_been_ready = True
                topic.ready.set()
        elif command == kind.end and name is not None and (kind, name) in self._told:
            # Unasked: the slot of the channel has moved to another server.
            raise ConnectionTimedOut("the channel has moved", operation="receive")

    def _refuse(self, request: _Request, error: RedisError) -> None:
        if isinstance(error, RedisRedirection):
            raise ConnectionTimedOut("the channel has moved", operation="receive") from error
        kind = request.kind
        if kind is None or request.command == kind.end:
            return
        for name in request.names:
            self._told.discard((kind, name))
            self._to_compare.add((kind, name))
            if len(request.names) > 1:
                self._alone.add((kind, name))
            else:
                self._refuse_topic(self.topics.pop((kind, name), None), error)
        self._changed.set()

    def _refuse_all(self, error: RedisError) -> None:
        topics, self.topics = self.topics, {}
        for topic in topics.values():
            self._refuse_topic(topic, error)

    @staticmethod
    def _refuse_topic(topic: Topic | None, error: RedisError) -> None:
        if topic is None:
            return
        topic.refusal = error
        topic.ready.set()
        if topic.has_been_ready:
            for listener in tuple(topic.listeners):
                listener.end(error)
