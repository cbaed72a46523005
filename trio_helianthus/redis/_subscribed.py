"""What one connection was told to subscribe to, and what the server answers; without I/O."""

from __future__ import annotations

import math
import reprlib
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import attrs

from trio_helianthus.errors import (
    ConnectionReset,
    ConnectionTimedOut,
    RedisError,
    RedisRedirection,
    RedisUnavailable,
    RemoteProtocolError,
)

from ._messages import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trio_helianthus.wire import resp

    from ._limits import Timeouts
    from ._topics import Topic, TopicKey

NAMES_PER_COMMAND: Final = 500
"""How many channels are subscribed to by one command."""
AGAIN_SECONDS: Final = 0.1
"""After so long the server is asked again for what it could not do just then."""
_MESSAGES: Final = {
    b"message": (Kind.CHANNEL, 3),
    b"pmessage": (Kind.PATTERN, 4),
    b"smessage": (Kind.SHARD, 3),
}
_CONFIRMATIONS: Final = {
    name.lower().encode(): kind for kind in Kind for name in (kind.begin, kind.end)
}


@attrs.define(eq=False)
class _Request:
    """What the server was asked, and has not answered completely."""

    at: float
    word: bytes
    """What its confirmations begin with."""
    topics: dict[bytes, Topic | None] = attrs.field(factory=dict)
    """What it is for, where something begins."""


class Subscribed:
    """Compares what is wanted with what the server was told.

    Laws:

    1. ``topics`` are what is wanted. What differs from what the server was told on this connection
       is sent; so nothing has to be remembered when it is lost.
    2. The server answers in order: each confirmation, error or pong belongs to the request in
       front. An error refuses a whole command, so its topics are asked for again, one by one.
    3. A confirmation counts for the topic that it was asked for, not for a later one of that name.

    :param topics: shared with whoever changes it, and says so by :meth:`note`.
    :param make: makes a message of channel, data and pattern.
    :param move: is given a topic that the server says has moved, and returns whether that is
        followed, by moving it or by asking again.
    :param now: the time, in seconds.
    """

    def __init__(
        self,
        topics: dict[TopicKey, Topic],
        *,
        encode: Callable[[Sequence[resp.Argument]], bytes],
        make: Callable[[bytes, bytes, bytes | None], object],
        move: Callable[[Topic, RedisRedirection], bool],
        timeouts: Timeouts,
        now: float,
    ) -> None:
        self.heard_at = now
        """When something has come."""
        self._topics = topics
        self._encode = encode
        self._make = make
        self._move = move
        self._timeouts = timeouts
        self._told: set[TopicKey] = set()
        self._changed: set[TopicKey] = set(topics)  # where there may be a difference
        self._later: set[TopicKey] = set()  # the same, but not at once
        self._later_at = math.inf
        self._requests: deque[_Request] = deque()
        self._wants_ping = False

    @property
    def has_changed(self) -> bool:
        """Whether there may be something to send, now or later."""
        return bool(self._changed or self._later)

    def note(self, key: TopicKey, *, is_new: bool = False) -> None:
        """Take note that a topic was added or taken away.

        :param is_new: somebody begins to listen to it. If it was left just now the server is asked
            again all the same: what it sends before its confirmation is not for who is new.
        """
        if is_new:
            self._told.discard(key)
        self._changed.add(key)

    def commands(self, now: float) -> bytes:
        """Return the commands that make what the server was told what is wanted."""
        parts: list[bytes] = []

        def ask(command: str, topics: dict[bytes, Topic | None]) -> None:
            parts.append(self._encode((command, *topics)))
            self._requests.append(_Request(now, command.lower().encode(), topics))

        changed, self._changed = self._changed, set()
        topics, told = self._topics, self._told
        for kind in Kind if changed else ():
            keys = [key for key in changed if key[0] is kind]
            ended = [key for key in keys if key in told and key not in topics]
            begun = [key for key in keys if key in topics and key not in told]
            told.difference_update(ended)
            told.update(begun)
            # Channels of shards have to be in one slot, so each is asked for on its own.
            most = 1 if kind is Kind.SHARD else NAMES_PER_COMMAND
            for names in _batches([name for _, name in ended], most):
                ask(kind.end, dict.fromkeys(names))
            wanted = [topics[key] for key in begun]
            for batch in _batches([topic for topic in wanted if not topic.is_alone], most):
                ask(kind.begin, {topic.name: topic for topic in batch})
            for topic in [topic for topic in wanted if topic.is_alone]:
                ask(kind.begin, {topic.name: topic})
        if self._wants_ping:
            self._wants_ping = False
            parts.append(self._encode(("PING",)))
            self._requests.append(_Request(now, b"pong"))
        return b"".join(parts)

    def look_at(self) -> float:
        """Return when to call :meth:`look`, unless something happens before."""
        timeouts = self._timeouts
        if self._requests:
            at = max(self._requests[0].at, self.heard_at) + timeouts.answer
        else:
            at = self.heard_at + timeouts.health_check
        return min(at, self._later_at)

    def look(self, now: float) -> None:
        """Find out, after silence, whether the server is still there.

        :raises ConnectionTimedOut: it was asked, and has not answered in time.
        """
        if now >= self._later_at:
            self._changed |= self._later
            self._later.clear()
            self._later_at = math.inf
        if now < self.look_at():
            return
        if self._requests:
            raise ConnectionTimedOut("the server has not answered", operation="receive")
        self._wants_ping = True

    def take(self, event: Any) -> None:
        """Take whatever the server sends.

        :raises RemoteProtocolError: no server sends that.
        """
        if not isinstance(event, list):
            self._take_answer(event)
            return
        word = event[0] if event else None
        if not isinstance(word, bytes):
            raise _junk(event)
        if word in _MESSAGES:
            self._deliver(event, *_MESSAGES[word])
        elif word in _CONFIRMATIONS:
            self._confirm(word, event)
        elif word == b"pong":
            self._take_answer(event)
        # Other pushes, such as of CLIENT TRACKING, are not for us.

    def _take_answer(self, answer: Any) -> None:
        if not self._requests:
            raise _junk(answer)
        request = self._requests.popleft()
        if isinstance(answer, RedisError):
            self._refuse(request, answer)
        elif request.word != b"pong":
            raise _junk(answer)

    def _deliver(self, event: list[Any], kind: Kind, length: int) -> None:
        if len(event) != length:
            raise _junk(event)
        name, channel, data = event[1], event[-2], event[-1]
        if not (type(name) is type(channel) is type(data) is bytes):
            raise _junk(event)
        topic = self._topics.get((kind, name))
        if topic is not None and topic.ready.is_set():
            message = self._make(channel, data, name if kind is Kind.PATTERN else None)
            for listener in [*topic.listeners]:
                listener.tell(message)

    def _confirm(self, word: bytes, event: list[Any]) -> None:
        kind = _CONFIRMATIONS[word]
        name = event[1] if len(event) == 3 else b""
        if not isinstance(name, bytes) or len(event) != 3:
            raise _junk(event)
        key = kind, name
        request = self._requests[0] if self._requests else None
        if request is not None and request.word == word and name in request.topics:
            topic = request.topics.pop(name)
            if not request.topics:
                self._requests.popleft()
            if topic is not None and self._topics.get(key) is topic:
                topic.confirm()
        elif word == kind.end.lower().encode() and key in self._told:
            # Unasked: its slot has gone to another server, which the answer to this one will name.
            self._told.discard(key)
            self._changed.add(key)
            if key in self._topics:
                reason = ConnectionReset("the channel has moved", operation="receive")
                for listener in self._topics[key].interrupt():
                    listener.lose(reason)

    def _refuse(self, request: _Request, error: RedisError) -> None:
        kind = _CONFIRMATIONS.get(request.word)
        for name, topic in request.topics.items():
            if kind is None or topic is None or self._topics.get((kind, name)) is not topic:
                continue  # it was to end, or is given up meanwhile
            self._told.discard(topic.key)
            topic.trouble = error
            if isinstance(error, RedisUnavailable):
                self._ask_later(topic)
            elif isinstance(error, RedisRedirection) and self._move(topic, error):
                if self._topics.get(topic.key) is topic:
                    self._ask_later(topic)
            elif len(request.topics) > 1:
                topic.is_alone = True
                self._changed.add(topic.key)
            else:
                del self._topics[topic.key]
                topic.refuse(error)

    def _ask_later(self, topic: Topic) -> None:
        self._later.add(topic.key)
        self._later_at = min(self._later_at, self.heard_at + AGAIN_SECONDS)


def _batches(items: Sequence[Any], size: int) -> list[Any]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def _junk(what: object) -> RemoteProtocolError:
    return RemoteProtocolError(f"not what a subscribed connection gets: {reprlib.repr(what)}")
