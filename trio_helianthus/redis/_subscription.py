"""What ``async with r.subscribe(...)`` gives: a channel of messages."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeVar

import trio

from trio_helianthus import core
from trio_helianthus.errors import LocalProtocolError, OperationTimeout, redis_error

from ._messages import Kind, Message
from ._topics import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trio_helianthus.core import CancelToken, OverflowQueue

    from ._subscribers import Subscribers
    from ._topics import Topic, TopicKey
    from ._url import Place
    from ._values import Key

__all__ = ["MAX_MESSAGES", "ShardSubscription", "Subscription"]

T = TypeVar("T", bytes, str)
Item = TypeVar("Item")

MAX_MESSAGES: Final = 1000
"""How many messages a subscription holds, unless told otherwise."""


class Topics:
    """What one subscription listens to, wherever that is subscribed to.

    :param check: raises why the subscription is over, if it is.
    """

    def __init__(
        self, subscribers: Subscribers, listener: Listener, check: Callable[[], None]
    ) -> None:
        self.listener: Final = listener
        self._subscribers = subscribers
        self._check = check
        self._topics: dict[tuple[TopicKey, Place | None], Topic] = {}
        self._adders: Counter[tuple[TopicKey, Place | None]] = Counter()
        self._unsure: set[tuple[TopicKey, Place | None]] = set()

    async def add(
        self,
        keys: Iterable[TopicKey],
        timeout: float | None = None,
        token: CancelToken | None = None,
        *,
        home: Place | None = None,
    ) -> None:
        """Listen to more, from when the server has confirmed all of it; or to none of it."""
        self._check()
        options = self._subscribers.backend.options
        wanted = list(dict.fromkeys((key, home) for key in keys))
        for (_, name), _ in wanted:
            if len(name) > options.limits.max_command_bytes:
                raise LocalProtocolError(f"a name of {len(name)} bytes is too long to be sent")
        patience = options.timeouts.reconnect + options.timeouts.answer
        seconds = patience if timeout is None else timeout
        self._adders.update(wanted)
        is_done = False
        try:
            with core.operation("redis.subscribe"), core.limit(seconds, token):
                await self._subscribers.backend.wait_until_known()
                for key, where in wanted:
                    if (key, where) not in self._topics:
                        topic = self._subscribers.listen(self.listener, *key, where)
                        self._topics[key, where] = topic
                        self._unsure.add((key, where))
                await self._wait_until_ready([self._topics[each] for each in wanted])
            is_done = True
        except OperationTimeout as exc:
            unsure = [self._topics[each] for each in wanted if each in self._unsure]
            if not unsure:
                raise
            raise _not_confirmed(unsure, seconds) from exc
        finally:
            self._adders -= Counter(wanted)
            for each in self._unsure.intersection(wanted):
                if is_done:
                    self._unsure.discard(each)
                elif not self._adders[each]:  # else another task waits for the same
                    self.remove([each[0]], home)

    async def _wait_until_ready(self, topics: list[Topic]) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        for topic in topics:
            if not topic.ready.is_set():
                await topic.ready.wait()
            self._check()
            if (refusal := topic.refusal) is not None:
                raise redis_error(refusal.message) from refusal

    def remove(self, keys: Iterable[TopicKey], home: Place | None = None) -> None:
        """Listen to these no more."""
        for key in keys:
            self._unsure.discard((key, home))
            if (topic := self._topics.pop((key, home), None)) is not None:
                topic.leave(self.listener)

    def clear(self) -> None:
        """Listen to nothing more."""
        for key, home in [*self._topics]:
            self.remove([key], home)


def _not_confirmed(topics: list[Topic], seconds: float) -> OperationTimeout:
    """Return the error of who has waited in vain."""
    error = OperationTimeout(
        f"the server has not confirmed it within {seconds:g} seconds", seconds=seconds
    )
    troubles = [topic.trouble or topic.owner.trouble for topic in topics]
    for trouble in dict.fromkeys(trouble for trouble in troubles if trouble is not None):
        error.add_note(f"{type(trouble).__name__}: {trouble}")
    return error


class RedisSubscription(core.Subscription[Item]):
    """The part that all subscriptions share."""

    def __init__(
        self,
        subscribers: Subscribers,
        queue: OverflowQueue[Item],
        make_item: Callable[[Any], Item | None] | None = None,
        *,
        ends_when_lost: bool = False,
    ) -> None:
        inbox = core.Inbox(queue, lambda _: self_topics.clear())
        tell: Callable[[Any], object] = inbox.take
        if make_item is not None:

            def tell(message: Any) -> object:
                item = make_item(message)
                return None if item is None else inbox.take(item)

        super().__init__(inbox)
        listener = Listener(
            tell, inbox.finish, ends_when_lost=ends_when_lost, on_gap=self._note_gap
        )
        self._topics = self_topics = Topics(subscribers, listener, self._check)

    @property
    def gaps(self) -> int:
        """How often something may have been missed since it was opened, since the connection was
        lost or a channel has moved to another server.
        """
        return self._topics.listener.gaps

    def _note_gap(self) -> None:
        """Take note that something may be missing."""


class Subscription(RedisSubscription[Message[T]]):
    """Receives what is published; made by :meth:`Redis.subscribe`.

    ::

        async with r.subscribe("news", patterns=["user:*"]) as messages:
            async for message in messages:
                print(message.channel, message.data)

    One task at a time receives. What is not received in time is kept, up to ``max_items``; then the
    overflow policy decides what is dropped, and :attr:`dropped` counts it. When the connection is
    lost it is made again, with all subscriptions, and :attr:`gaps` counts that.
    """

    async def add(
        self,
        *channels: Key,
        patterns: Iterable[Key] = (),
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Subscribe to more, and wait until the server has confirmed it.

        If it raises, or is cancelled, nothing has changed.

        :param channels: names.
        :param patterns: glob patterns of names.
        :param timeout: seconds; ``None`` means those of ``timeouts.reconnect`` and ``answer``.
        :param token: cancels it.
        :raises RedisPermissionDenied: the user may not listen there.
        :raises OperationTimeout: the server has not confirmed it in time.
        :raises ResourceClosed: the subscription, or the client, was closed. If it has ended
            otherwise that is raised.
        """
        await self._topics.add(_keys(channels, patterns), timeout, token)

    def remove(self, *channels: Key, patterns: Iterable[Key] = ()) -> None:
        """Unsubscribe from some of it; what is queued stays."""
        self._topics.remove(_keys(channels, patterns))


class ShardSubscription(RedisSubscription[Message[T]]):
    """Receives what is published in channels of shards; made by :meth:`Redis.subscribe_shards`.

    As :class:`Subscription` otherwise.
    """

    async def add(
        self, *channels: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Subscribe to more; as :meth:`Subscription.add`."""
        await self._topics.add(_shard_keys(channels), timeout, token)

    def remove(self, *channels: Key) -> None:
        """Unsubscribe from some of it; what is queued stays."""
        self._topics.remove(_shard_keys(channels))


def _keys(channels: Iterable[Key], patterns: Iterable[Key]) -> list[TopicKey]:
    keys = [(Kind.CHANNEL, name) for name in as_names(channels)]
    return keys + [(Kind.PATTERN, name) for name in as_names(patterns)]


def _shard_keys(channels: Iterable[Key]) -> list[TopicKey]:
    return [(Kind.SHARD, name) for name in as_names(channels)]


def as_names(names: Iterable[Key]) -> list[bytes]:
    """Return names as bytes.

    :raises TypeError: they are one string, or something else than strings.
    """
    if isinstance(names, (str, bytes)):
        raise TypeError("patterns are a list, not one string")
    found = []
    for name in names:
        if not isinstance(name, (str, bytes)):
            raise TypeError(f"a channel is str or bytes, not {type(name).__name__}")
        found.append(name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name)
    return found
