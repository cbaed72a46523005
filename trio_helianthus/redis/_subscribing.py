"""The client's operations that subscribe."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import trio

from trio_helianthus import core
from trio_helianthus.core import Overflow, OverflowQueue, limit, operation

from ._keyspace import KeyspaceSubscription, channel_pattern, event_maker
from ._messages import Message
from ._monitor import Monitor, begin, watch
from ._subscription import MAX_MESSAGES, ShardSubscription, Subscription, as_names

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from trio_helianthus.core import CancelToken

    from ._backend import Backend
    from ._connection import Connection
    from ._subscribers import Subscribers
    from ._values import Key

T = TypeVar("T", bytes, str)


class SubscribeOperations(Generic[T]):
    """What of the client subscribes."""

    _backend: Backend
    _is_text: bool
    _subscribers: Subscribers

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
            of going on with a gap; see :attr:`Subscription.gaps`.
        :param timeout: seconds for subscribing; ``None`` means those of ``timeouts.reconnect``
            and ``timeouts.answer``.
        :param token: cancels subscribing.
        :raises RedisPermissionDenied: the user may not listen there.
        :raises OperationTimeout: the server has not confirmed it in time.
        """
        queue = OverflowQueue[Message[T]](max_items, overflow)
        subscription = Subscription[T](self._subscribers, queue, ends_when_lost=ends_when_lost)
        with subscription:
            await subscription.add(*channels, patterns=patterns, timeout=timeout, token=token)
            yield subscription

    @asynccontextmanager
    async def subscribe_shards(
        self,
        *channels: Key,
        max_items: int = MAX_MESSAGES,
        overflow: Overflow = Overflow.DROP_OLDEST,
        ends_when_lost: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> AsyncIterator[ShardSubscription[T]]:
        """Subscribe to channels of shards (``SSUBSCRIBE``), for which ``spublish`` publishes.

        In a cluster such a message stays on the servers of one shard, instead of going to all.
        The arguments are those of :meth:`subscribe`.
        """
        queue = OverflowQueue[Message[T]](max_items, overflow)
        subscription = ShardSubscription[T](self._subscribers, queue, ends_when_lost=ends_when_lost)
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
        ends_when_lost: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> AsyncIterator[KeyspaceSubscription[T]]:
        """Subscribe to what happens to keys.

        ::

            async with r.subscribe_keyspace("session:*", events=["expired"]) as events:
                async for event in events:
                    print(event.key)

        A server tells of keys only if it is set up to (``notify-keyspace-events``). That is looked
        at here, and again when the connection was lost. In a cluster each primary is listened to.

        :param patterns: glob patterns of keys; none means all.
        :param events: which events, in the server's words, as ``"set"``; ``None`` for all.
        :param db: the database; ``None`` for the one of the client.
        :param configure: set it up, if it is not. This is for all clients of the server.
        :param max_items: see :meth:`subscribe`, and so for the others.
        :raises LocalProtocolError: the server does not tell of that. If this comes about later it
            is raised where events are received.
        """
        if isinstance(events, str):
            raise TypeError("events are a list, not one string")
        database = self._backend.options.db if db is None else db
        names = as_names(patterns) or [b"*"]
        wanted = None if events is None else frozenset(events)
        timeouts = self._backend.options.timeouts
        seconds = timeouts.reconnect + timeouts.answer if timeout is None else timeout
        subscription = KeyspaceSubscription[T](
            self._subscribers,
            OverflowQueue[Any](max_items, overflow),
            event_maker(wanted, is_text=self._is_text),
            patterns=[channel_pattern(database, name) for name in names],
            events=wanted,
            configure=configure,
            ends_when_lost=ends_when_lost,
        )
        with subscription:
            with operation("redis.subscribe"), limit(seconds, token):
                await subscription._begin()
            yield subscription

    @asynccontextmanager
    async def monitor(
        self,
        *,
        key: Key | None = None,
        max_items: int = MAX_MESSAGES,
        overflow: Overflow = Overflow.DROP_OLDEST,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> AsyncIterator[Monitor]:
        """Watch the commands that a server runs, for whomever (``MONITOR``).

        ::

            async with r.monitor() as commands:
                async for command in commands:
                    print(command.time, command.client, command.args)

        For finding mistakes: it costs the server about half of its speed. When the connection is
        lost the channel ends with that error.

        :param key: of a cluster: watch the server that has this key.
        :param max_items: see :meth:`subscribe`, and so for the others.
        :raises RedisPermissionDenied: the user may not.
        """
        scope = trio.CancelScope()
        inbox = core.Inbox(
            OverflowQueue[Any](max_items, overflow),
            lambda _: scope.cancel(reason="nobody watches any more"),
        )
        timeouts = self._backend.options.timeouts
        seconds = timeouts.connect + timeouts.answer if timeout is None else timeout
        connection: Connection | None = None
        try:
            with operation("redis.monitor"), limit(seconds, token):
                connection = await self._backend.connect(key)
                await begin(connection, self._backend.options.engine)

            async def run() -> None:
                with scope:
                    await watch(connection, inbox)

            self._backend.nursery.start_soon(run, name="redis monitor")
            with Monitor(inbox) as monitor:
                yield monitor
        finally:
            if connection is not None:
                connection.close()
