"""A bus on Redis: rooms that reach across processes and machines."""

from __future__ import annotations

import json
import secrets
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import attrs
import trio

from trio_helianthus.core import Overflow
from trio_helianthus.errors import (
    NetworkError,
    OperationTimeout,
    OutcomeUnknown,
    ProtocolError,
    RedisUnavailable,
    ResourceClosed,
    SubscriberTooSlow,
)

from ._bus import BusEvent, BusLost, BusSnapshot, Entered, Gone, Position, Present, Published
from ._redis_bus_scripts import ENTER, LEAVE, PUBLISH, RENEW, SNAPSHOT, TAKE_OUT
from ._room_limits import HistoryLimits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from trio_helianthus.redis import Redis, Subscription

__all__ = ["RedisBus"]

_DEFAULT_HISTORY: Final = HistoryLimits()
_FORGET_LEFT_SECONDS: Final = 60.0
"""For how long it is remembered who has left, so that an entry that comes late does not count."""
_LOST: Final = (
    NetworkError,
    OperationTimeout,
    OutcomeUnknown,
    ProtocolError,
    RedisUnavailable,
    ResourceClosed,
    trio.BrokenResourceError,
)


@contextmanager
def _translated() -> Iterator[None]:
    """Say in a bus's words that Redis cannot be reached."""
    try:
        yield
    except _LOST as exc:
        raise BusLost(f"the bus was lost: {exc}") from exc


@attrs.define(eq=False)
class _Place:
    """What this process has entered into one room."""

    refs: set[str] = attrs.field(factory=set)
    lock: trio.Lock = attrs.field(factory=trio.Lock)
    users: int = 0


class _RedisFeed:
    """See :class:`RoomFeed`."""

    def __init__(self, subscription: Subscription[bytes], snapshot: BusSnapshot, seq: int) -> None:
        self.snapshot: Final = snapshot
        self._subscription = subscription
        self._epoch = snapshot.position.epoch
        self._seq = seq

    async def receive(self) -> BusEvent:
        while True:
            try:
                with _translated():
                    message = await self._subscription.receive()
            except SubscriberTooSlow as exc:
                raise BusLost("the feed was not read quickly enough") from exc
            head, _, rest = message.data.partition(b"\n")
            kind, epoch, digits = head.decode().split(" ")
            seq = int(digits)
            if epoch == self._epoch and seq <= self._seq:
                continue  # the snapshot has it
            if epoch != self._epoch or seq != self._seq + 1:
                raise BusLost("the room was begun anew, or an event is missing")
            self._seq = seq
            return _event(kind, rest)


class RedisBus:
    """A :class:`Bus` on Redis or Valkey, for rooms of several processes.

    ::

        async with redis.open_client("redis://localhost") as r:
            rooms = websocket.Rooms(bus=websocket.RedisBus(r))

    Scripts keep a room's state and tell of each change, so all processes see the same events in the
    same order, and a feed notices when one is missing. It keeps a room in which nobody is for
    ``history.keep_seconds``. In a cluster each room is on one shard.

    :param client: without ``decode_responses``, and with one shared connection, since the order of
        commands is that of a connection.
    :param history: what is kept of each room's messages; the same in all processes.
    :param prefix: what its keys and channels begin with. Buses with another one know nothing of
        each other.
    :param feed_events: events that a feed holds that is not read, until it is lost.
    :raises ValueError: the client, or a number, is not as it must be.
    """

    def __init__(
        self,
        client: Redis[bytes],
        *,
        history: HistoryLimits = _DEFAULT_HISTORY,
        prefix: str = "rooms",
        feed_events: int = 1_000,
    ) -> None:
        if client.decode_responses:
            raise ValueError("the bus needs a client without decode_responses")
        if client.connections != 1:
            raise ValueError("the bus needs a client with one shared connection")
        if feed_events < 1:
            raise ValueError(f"feed_events must be at least 1, not {feed_events}")
        if not prefix or set("{}") & set(prefix):
            raise ValueError(f"prefix must be a text without braces, not {prefix!r}")
        self.history: Final = history
        """What is kept of each room's messages."""
        self._client = client
        self._prefix = prefix
        self._feed_events = feed_events
        self._numbers = count(1)
        self._generations: dict[str, int] = {}
        self._places: dict[tuple[str, str], _Place] = {}
        self._nodes: dict[tuple[str, str], str] = {}  # who has entered whom
        register = client.register_script
        self._publish, self._enter = register(PUBLISH), register(ENTER)
        self._leave, self._take_out = register(LEAVE), register(TAKE_OUT)
        self._snapshot, self._renew = register(SNAPSHOT), register(RENEW)

    def __repr__(self) -> str:
        return f"<RedisBus: {self._prefix!r}>"

    @asynccontextmanager
    async def open_feed(self, room: str) -> AsyncIterator[_RedisFeed]:
        """Listen to a room while the body runs; see :meth:`Bus.open_feed`."""
        listening = self._client.subscribe(
            self._channel(room),
            max_items=self._feed_events,
            overflow=Overflow.DISCONNECT,
            ends_when_lost=True,
        )
        async with AsyncExitStack() as stack:
            with _translated():
                subscription = await stack.enter_async_context(listening)
                answer = await self._snapshot(self._keys(room), self._about(room))
            snapshot, seq = _read_snapshot(answer)
            yield _RedisFeed(subscription, snapshot, seq)

    async def publish(self, room: str, data: str) -> Position:
        """Tell a message to all feeds of a room, and keep it; see :meth:`Bus.publish`."""
        limits = self.history
        args = [*self._about(room), _bytes(data), limits.max_messages, limits.max_bytes]
        with _translated():
            epoch, offset = await self._publish(self._keys(room), args)
        return Position(epoch.decode(), offset)

    async def enter(self, room: str, present: Present) -> None:
        """Enter somebody into the list of a room; see :meth:`Bus.enter`."""
        generation = self._generations.get(present.node, 1)
        shown = _show(present)
        node = _bytes(present.node)
        entry = b"%d %d %b%b" % (generation, len(node), node, shown)
        args = [*self._about(room), _bytes(present.ref), entry, shown, next(self._numbers)]
        async with self._place(room, present.node) as place:
            place.refs.add(present.ref)
            self._nodes[room, present.ref] = present.node
            with _translated():
                await self._client.sadd(self._rooms_of(present.node), _bytes(room))
                await self._enter(self._keys(room), args)

    async def leave(self, room: str, ref: str) -> None:
        """Take somebody out of the list of a room; see :meth:`Bus.leave`."""
        forget = int(_FORGET_LEFT_SECONDS * 1000)
        args = [*self._about(room), _bytes(ref), next(self._numbers), forget]
        node = self._nodes.get((room, ref))
        if node is None:
            with _translated():
                await self._leave(self._keys(room), args)
            return
        async with self._place(room, node) as place:
            with _translated():
                await self._leave(self._keys(room), args)
                place.refs.discard(ref)
                self._nodes.pop((room, ref), None)
                if not place.refs:
                    await self._client.srem(self._rooms_of(node), _bytes(room))

    async def renew(self, node: str, seconds: float) -> bool:
        """Give a sign of life of a process; see :meth:`Bus.renew`."""
        with _translated():
            was_running, generation, over = await self._renew(
                self._lease_keys(), [_bytes(node), int(seconds * 1000)]
            )
            if not was_running and generation > 1:
                await self._take_all_out(node, generation - 1)
            self._generations[node] = generation
            for other, theirs in zip(over[::2], over[1::2], strict=True):
                name = other.decode("utf-8", "surrogatepass")
                await self._take_all_out(name, int(theirs))
                await self._end_lease(name, int(theirs))
        return bool(was_running)

    async def forget(self, node: str) -> None:
        """Take a process's connections out of all lists; see :meth:`Bus.forget`."""
        with _translated():
            answer = await self._client.hget(self._lease_keys()[1], _bytes(node))
            generation = int(answer or 0)
            await self._take_all_out(node, generation)
            await self._end_lease(node, generation)

    async def _take_all_out(self, node: str, generation: int) -> None:
        for room_bytes in await self._client.smembers(self._rooms_of(node)):
            room = room_bytes.decode("utf-8", "surrogatepass")
            args = [*self._about(room), _bytes(node), generation]
            await self._take_out(self._keys(room), args)

    async def _end_lease(self, node: str, generation: int) -> None:
        """Forget the lease, unless the process has come back meanwhile."""
        leases, generations = self._lease_keys()
        if int(await self._client.hget(generations, _bytes(node)) or 0) == generation:
            await self._client.zrem(leases, _bytes(node))
            await self._client.delete(self._rooms_of(node))

    @asynccontextmanager
    async def _place(self, room: str, node: str) -> AsyncIterator[_Place]:
        """Let one task at a time change what this process has in a room, and the list of that."""
        place = self._places.setdefault((room, node), _Place())
        place.users += 1
        try:
            async with place.lock:
                yield place
        finally:
            place.users -= 1
            if not place.users and not place.refs:
                self._places.pop((room, node), None)

    def _about(self, room: str) -> list[Any]:
        keep = max(1, int(self.history.keep_seconds * 1000))
        return [self._channel(room), secrets.token_hex(6), keep]

    def _channel(self, room: str) -> bytes:
        return b"%b:{%b}:events" % (self._prefix.encode(), _tag(room))

    def _keys(self, room: str) -> list[bytes]:
        base = b"%b:{%b}:" % (self._prefix.encode(), _tag(room))
        return [base + name for name in (b"meta", b"history", b"present", b"left")]

    def _lease_keys(self) -> list[bytes]:
        base = b"%b:{leases}:" % self._prefix.encode()
        return [base + b"until", base + b"generations"]

    def _rooms_of(self, node: str) -> bytes:
        return b"%b:node:%b" % (self._prefix.encode(), _bytes(node))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _tag(room: str) -> bytes:
    """A room's name as it stands between braces, which decide on the shard."""
    return _bytes(room).replace(b"%", b"%25").replace(b"{", b"%7B").replace(b"}", b"%7D")


def _show(present: Present) -> bytes:
    return json.dumps([present.ref, present.member, present.node, present.info]).encode()


def _present(shown: bytes) -> Present:
    ref, member, node, info = json.loads(shown)
    return Present(ref, member, node, info)


def _present_of(entry: bytes) -> Present:
    _, length, rest = entry.split(b" ", 2)
    return _present(rest[int(length) :])


def _event(kind: str, rest: bytes) -> BusEvent:
    if kind == "E":
        return Entered(_present(rest))
    text = rest.decode("utf-8", "surrogatepass")
    if kind == "G":
        return Gone(text)
    offset, _, data = text.partition(" ")
    return Published(int(offset), data)


def _read_snapshot(answer: list[Any]) -> tuple[BusSnapshot, int]:
    epoch, offset, seq, history, entries = answer
    last = int(offset)
    first = last - len(history) + 1
    messages = tuple(
        Published(first + at, data.decode("utf-8", "surrogatepass"))
        for at, data in enumerate(history)
    )
    present = tuple(_present_of(entry) for entry in entries)
    return BusSnapshot(Position(epoch.decode(), last), messages, present), int(seq)
