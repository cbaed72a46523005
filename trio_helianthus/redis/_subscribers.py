"""All subscriptions of a client: which server has what is listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._messages import Kind, Message
from ._subscriber import Subscriber

if TYPE_CHECKING:
    from trio_helianthus.errors import RedisRedirection

    from ._backend import Backend
    from ._topics import Listener, Topic
    from ._url import Place


class Subscribers:
    """Has a subscriber for each server that something is listened to on.

    What any server tells, such as messages in channels, comes over the one whose home is ``None``.
    Channels of shards move from one to another as their slots do.
    """

    def __init__(self, backend: Backend, *, is_text: bool) -> None:
        self.backend = backend
        self._make = make_text_message if is_text else Message
        self._all: dict[Place | None, Subscriber] = {}

    @property
    def listeners(self) -> set[Listener]:
        """Everybody who listens."""
        topics = [topic for each in self._all.values() for topic in each.topics.values()]
        return {listener for topic in topics for listener in topic.listeners}

    def listen(
        self, listener: Listener, kind: Kind, name: bytes, home: Place | None = None
    ) -> Topic:
        """Let a listener have what comes for a topic, from when that is ready.

        :param home: the server; that of a channel of shards is found.
        :raises ResourceClosed: the client was closed.
        """
        if kind is Kind.SHARD:
            # It may still be on its way: it is one topic for all, wherever it is.
            homes = [each.home for each in self._all.values() if (kind, name) in each.topics]
            home = homes[0] if homes else self.backend.home_of(name)
        return self._at(home).listen(listener, kind, name)

    def _at(self, home: Place | None) -> Subscriber:
        subscriber = self._all.get(home)
        if subscriber is None:
            for other in [each for each in self._all.values() if not each.is_running]:
                del self._all[other.home]
            subscriber = self._all[home] = Subscriber(
                self.backend, home, make=self._make, rehome=self._rehome, move=self._follow
            )
        return subscriber

    def _rehome(self, subscriber: Subscriber) -> None:
        """Give the channels of shards to those servers that have them now."""
        for topic in [*subscriber.topics.values()]:
            if topic.kind is Kind.SHARD:
                self._move(topic, self.backend.home_of(topic.name))

    def _follow(self, topic: Topic, error: RedisRedirection) -> bool:
        """Follow what a server says of a topic; return whether there is a way to."""
        if not self.backend.note_moved(topic.owner.home, error):
            return False
        topic.moves += 1
        if topic.moves % 2:  # servers that point at each other need time
            self._move(topic, self.backend.home_of(topic.name))
        return True

    def _move(self, topic: Topic, home: Place | None) -> None:
        if home != topic.owner.home:
            topic.owner.drop(topic)
            self._at(home).adopt(topic)


def make_text_message(channel: bytes, data: bytes, pattern: bytes | None) -> Message[str]:
    """Make a message of text, in which bytes that are no UTF-8 stand as surrogates."""
    return Message(
        channel.decode(errors="surrogateescape"),
        data.decode(errors="surrogateescape"),
        None if pattern is None else pattern.decode(errors="surrogateescape"),
    )
