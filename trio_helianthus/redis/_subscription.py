"""What ``async with r.subscribe(...)`` gives: a channel of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from trio_helianthus import core
from trio_helianthus.errors import OperationTimeout

from ._messages import Kind, Message
from ._subscriber import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trio_helianthus.core import CancelToken, OverflowQueue

    from ._subscriber import Subscriber, Topic
    from ._values import Key

__all__ = ["MAX_MESSAGES", "ShardSubscription", "Subscription"]

T = TypeVar("T", bytes, str)
Item = TypeVar("Item")

MAX_MESSAGES: Final = 1000
"""How many messages a subscription holds, unless told otherwise."""


class Topics:
    """What one subscription listens to, wherever that is subscribed to."""

    def __init__(
        self, find: Callable[[Kind, bytes], Subscriber], listener: Listener, seconds: float
    ) -> None:
        self.listener: Final = listener
        self._find = find
        self._seconds = seconds
        self._places: dict[tuple[Kind, bytes], tuple[Subscriber, Topic]] = {}

    async def add(
        self, kind: Kind, names: Iterable[bytes], timeout: float | None, token: CancelToken | None
    ) -> None:
        """Listen to more, from when the server has confirmed all of it."""
        wanted = [name for name in dict.fromkeys(names) if (kind, name) not in self._places]
        seconds = self._seconds if timeout is None else timeout
        try:
            for name in wanted:
                subscriber = self._find(kind, name)
                (topic,) = subscriber.listen(self.listener, kind, [name])
                self._places[kind, name] = (subscriber, topic)
            with core.limit(seconds, token):
                for name in wanted:
                    await self._wait_ready(kind, name)
        except OperationTimeout as exc:
            self.remove(kind, wanted)
            text = f"the server has not confirmed it within {seconds:g} seconds"
            raise OperationTimeout(text, seconds=seconds) from exc
        except BaseException:
            self.remove(kind, wanted)
            raise

    async def _wait_ready(self, kind: Kind, name: bytes) -> None:
        _, topic = self._places[kind, name]
        await topic.ready.wait()
        if (refusal := topic.refusal) is not None:
            raise type(refusal)(refusal.message, code=refusal.code) from refusal

    def remove(self, kind: Kind, names: Iterable[bytes]) -> None:
        """Listen to these no more."""
        for name in names:
            if (place := self._places.pop((kind, name), None)) is not None:
                subscriber, topic = place
                subscriber.leave(self.listener, [topic])

    def clear(self) -> None:
        """Listen to nothing more."""
        for kind, name in [*self._places]:
            self.remove(kind, [name])


class RedisSubscription(core.Subscription[Item]):
    """The part that all subscriptions share."""

    def __init__(
        self,
        find: Callable[[Kind, bytes], Subscriber],
        queue: OverflowQueue[Item],
        seconds: float,
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

        listener = Listener(tell, inbox.finish, ends_when_lost=ends_when_lost)
        self._topics = self_topics = Topics(find, listener, seconds)
        super().__init__(inbox)

    @property
    def gaps(self) -> int:
        """How often the connection was lost since it was opened: where this has grown, messages
        may be missing that were published meanwhile.
        """
        return self._topics.listener.gaps


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

        :param channels: names.
        :param patterns: glob patterns of names.
        :param timeout: seconds; ``None`` means those of ``timeouts.reconnect`` and ``answer``.
        :param token: cancels it.
        :raises RedisPermissionDenied: the user may not listen there; nothing has changed.
        :raises OperationTimeout: the server has not confirmed it in time.
        """
        await self._topics.add(Kind.CHANNEL, as_names(channels), timeout, token)
        await self._topics.add(Kind.PATTERN, as_names(patterns), timeout, token)

    def remove(self, *channels: Key, patterns: Iterable[Key] = ()) -> None:
        """Unsubscribe from some of it; what is queued stays."""
        self._topics.remove(Kind.CHANNEL, as_names(channels))
        self._topics.remove(Kind.PATTERN, as_names(patterns))


class ShardSubscription(RedisSubscription[Message[T]]):
    """Receives what is published in channels of shards; made by :meth:`Redis.subscribe_shards`."""

    async def add(
        self, *channels: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Subscribe to more, and wait until the server has confirmed it.

        :param channels: names.
        :param timeout: seconds; ``None`` means those of ``timeouts.reconnect`` and ``answer``.
        :param token: cancels it.
        :raises RedisPermissionDenied: the user may not listen there; nothing has changed.
        :raises OperationTimeout: the server has not confirmed it in time.
        """
        await self._topics.add(Kind.SHARD, as_names(channels), timeout, token)

    def remove(self, *channels: Key) -> None:
        """Unsubscribe from some of it; what is queued stays."""
        self._topics.remove(Kind.SHARD, as_names(channels))


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
        found.append(name.encode() if isinstance(name, str) else name)
    return found
