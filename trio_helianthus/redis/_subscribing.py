"""The client's operations that subscribe."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import trio

from trio_helianthus import core
from trio_helianthus.core import Overflow, OverflowQueue, limit
from trio_helianthus.errors import LocalProtocolError

from ._keyspace import KeyspaceSubscription, channel_pattern, check_setting, event_maker
from ._messages import Kind, Message
from ._monitor import Monitor, check_ok, watch
from ._subscriber import Subscriber
from ._subscription import MAX_MESSAGES, ShardSubscription, Subscription, as_names

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable, Iterable

    from trio_helianthus.core import CancelToken

    from ._backend import Backend
    from ._values import Key

T = TypeVar("T", bytes, str)


class SubscribeOperations(Generic[T]):
    """What of the client subscribes."""

    _backend: Backend
    _is_text: bool
    _subscribers: dict[Hashable, Subscriber]

    @asynccontextmanager
    async def subscribe(
        self,
        *channels: Key,
        patterns: Iterable[Key] = (),
        max_items: int = MAX_MESSAGES,
        overflow: Overflow = Overflow.DROP_OLDEST,
        ends_when_lost: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> AsyncIterator[Subscription[T]]:
        """Subscribe to channels.

        ::

            async with r.subscribe("news") as messages:
                async for message in messages:
                    print(message.data)

        The body begins when the server has confirmed it: what is published from then on comes. All
        subscriptions of a client share one connection, beside the one for commands.

        :param channels: names; there may be none at first, see :meth:`Subscription.add`.
        :param patterns: glob patterns of names, such as ``"user:*"``.
        :param max_items: how many messages are kept for a slow receiver.
        :param overflow: what happens when there are more: drop the oldest or the newest, or raise
            :exc:`~trio_helianthus.errors.SubscriberTooSlow` (``DISCONNECT``).
        :param ends_when_lost: when the connection is lost, raise why behind what is queued, instead
            of going on with a gap.
        :param timeout: seconds for subscribing; ``None`` means those of ``timeouts.reconnect``
            and ``timeouts.answer``.
        :param token: cancels subscribing.
        :raises RedisPermissionDenied: the user may not listen there.
        :raises OperationTimeout: the server has not confirmed it in time.
        """
        queue = OverflowQueue[Message[T]](max_items, overflow)
        subscription = Subscription[T](
            self._subscriber, queue, self._patience, ends_when_lost=ends_when_lost
        )
        with subscription:
            await subscription.add(*channels, patterns=patterns, timeout=timeout, token=token)
            yield subscription

    @asynccontextmanager
    async def subscribe_shards(
        self,
        *channels: Key,
        max_items: int = MAX_MESSAGES,
        overflow: Overflow = Overflow.DROP_OLDEST,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> AsyncIterator[ShardSubscription[T]]:
        """Subscribe to channels of shards (``SSUBSCRIBE``), for which ``spublish`` publishes.

        In a cluster such a message stays on the servers of one shard, instead of going to all.
        The arguments are those of :meth:`subscribe`.
        """
        queue = OverflowQueue[Message[T]](max_items, overflow)
        subscription = ShardSubscription[T](self._subscriber, queue, self._patience)
        with subscription:
            await subscription.add(*channels, timeout=timeout, token=token)
            yield subscription

    @asynccontextmanager
    async def subscribe_keyspace(
        self,
        *patterns: Key,
        events: Iterable[str] | None = None,
        db: int | None = None,
        configure: bool = False,
        max_items: int = MAX_MESSAGES,
        overflow: Overflow = Overflow.DROP_OLDEST,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> AsyncIterator[KeyspaceSubscription[T]]:
        """Subscribe to what happens to keys.

        ::

            async with r.subscribe_keyspace("session:*", events=["expired"]) as events:
                async for event in events:
                    print(event.key)

        The server has to be told to tell of it (``notify-keyspace-events``).

        :param patterns: glob patterns of keys.
        :param events: which events, in the server's words, as ``"set"``; ``None`` for all.
        :param db: the database; ``None`` for the one of the client.
        :param configure: tell the server, if it was not told. This is for all of its clients.
        :param max_items: see :meth:`subscribe`, and so for the others.
        :raises LocalProtocolError: the server does not tell of keys; or it is a cluster, whose
            nodes tell of their own keys only.
        """
        if self._backend.is_divided:
            raise LocalProtocolError(
                "the nodes of a cluster tell of their own keys only: subscribe at each primary, by"
                " a client of its own"
            )
        make = event_maker(events, is_text=self._is_text)
        database = self._backend.options.db if db is None else db
        names = [channel_pattern(database, name) for name in as_names(patterns)]
        with limit(timeout, token):
            await check_setting(self, configure=configure)  # type: ignore[arg-type] # a mixin of one
        queue = OverflowQueue[Any](max_items, overflow)
        subscription = KeyspaceSubscription[T](self._subscriber, queue, self._patience, make)
        with subscription:
            await subscription._topics.add(Kind.PATTERN, names, timeout, token)
            yield subscription

    @asynccontextmanager
    async def monitor(
        self,
        *,
        max_items: int = MAX_MESSAGES,
        overflow: Overflow = Overflow.DROP_OLDEST,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> AsyncIterator[Monitor]:
        """Watch the commands that the server runs, for whomever (``MONITOR``).

        For finding mistakes: it costs the server about half of its speed. When the connection is
        lost the channel ends with that error.

        :param max_items: see :meth:`subscribe`, and so for the others.
        """
        with limit(timeout, token):
            connection = await self._backend.connect()
        try:
            with limit(timeout, token):
                check_ok(*await connection.exchange(("MONITOR",)))
            scope = trio.CancelScope()
            queue = OverflowQueue[Any](max_items, overflow)
            inbox = core.Inbox(queue, lambda _: scope.cancel(reason="nobody watches any more"))

            async def run() -> None:
                with scope:
                    await watch(connection, inbox)

            self._backend.nursery.start_soon(run, name="redis monitor")
            with Monitor(inbox) as monitor:
                yield monitor
        finally:
            connection.close()

    @property
    def _patience(self) -> float:
        timeouts = self._backend.options.timeouts
        return timeouts.reconnect + timeouts.answer

    def _subscriber(self, kind: Kind, name: bytes) -> Subscriber:
        """Return what subscribes to a topic, on the server that has it."""
        backend = self._backend
        key = backend.shard_of(name) if kind is Kind.SHARD else None
        subscriber = self._subscribers.get(key)
        if subscriber is None:
            at = None if key is None else name
            subscriber = Subscriber(
                backend.nursery,
                lambda: backend.connect(at),
                backend.options,
                _text_message if self._is_text else Message,
            )
            self._subscribers[key] = subscriber
        return subscriber


def _text_message(channel: bytes, data: bytes, pattern: bytes | None) -> Message[str]:
    return Message(
        channel.decode(errors="surrogateescape"),
        data.decode(errors="surrogateescape"),
        None if pattern is None else pattern.decode(errors="surrogateescape"),
    )
