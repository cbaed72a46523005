"""Keyspace notifications: what happens to keys, as servers tell it."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

import trio

from trio_helianthus.errors import (
    ConnectionReset,
    HelianthusError,
    LocalProtocolError,
    NetworkError,
    OperationTimeout,
    RedisError,
)

from ._keyspace_setting import SETTING, missing_letters, text_of_setting
from ._messages import KeyEvent, Kind
from ._node import Elsewhere
from ._subscription import RedisSubscription

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trio_helianthus.core import OverflowQueue

    from ._connection import Connection
    from ._messages import Message
    from ._subscribers import Subscribers
    from ._topics import TopicKey
    from ._url import Place

__all__ = ["KeyspaceSubscription"]

T = TypeVar("T", bytes, str)
_CHANNEL: Final = re.compile(rb"__keyspace@([0-9]+)__:(.*)", re.DOTALL)
_PASSING: Final = (NetworkError, OperationTimeout, trio.BrokenResourceError, Elsewhere)


class KeyspaceSubscription(RedisSubscription[KeyEvent[T]]):
    """Receives what happens to keys; made by :meth:`Redis.subscribe_keyspace`.

    In a cluster it listens at each primary, and follows as they change.
    """

    def __init__(
        self,
        subscribers: Subscribers,
        queue: OverflowQueue[Any],
        make_event: Callable[[Message[Any]], Any],
        *,
        patterns: Iterable[bytes],
        events: frozenset[str] | None,
        configure: bool,
        ends_when_lost: bool,
    ) -> None:
        super().__init__(subscribers, queue, make_event, ends_when_lost=ends_when_lost)
        self._backend = subscribers.backend
        self._keys: list[TopicKey] = [(Kind.PATTERN, pattern) for pattern in patterns]
        self._events = events
        self._configure = configure
        self._homes: set[Place | None] = set()  # where it listens
        self._doubtful: set[Place | None] = set()  # which of them may have forgotten the setting
        self._change = trio.Event()
        self._following = trio.CancelScope()

    async def _begin(self) -> None:
        """Listen to all servers that tell of their own keys, and follow them from now on."""
        await self._backend.wait_until_known()
        await self._settle()
        self._backend.nursery.start_soon(self._run, name="redis keyspace subscription")

    def close(self) -> None:
        """Unsubscribe, and forget what is queued; who waits gets a ``ResourceClosed``."""
        self._following.cancel(reason="the subscription was closed")
        super().close()

    def _note_gap(self) -> None:
        # A server that was started again has the setting of its file.
        self._doubtful |= self._homes
        self._change.set()

    async def _run(self) -> None:
        with self._following:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._wait_for_news)
                await self._follow()
                nursery.cancel_scope.cancel(reason="the subscription has ended")

    async def _follow(self) -> None:
        """Settle again when something has changed, until that is in vain."""
        while True:
            await self._change.wait()
            self._change = trio.Event()
            before = self._homes.copy()
            try:
                await self._settle()
            except HelianthusError as exc:
                self._inbox.finish(exc)
                return
            if self._homes != before:
                reason = ConnectionReset("other servers have the keys", operation="receive")
                self._topics.listener.lose(reason)

    async def _wait_for_news(self) -> None:
        while True:
            await self._backend.wait_for_news()
            if self._homes != set(self._backend.homes()):
                self._change.set()

    async def _settle(self) -> None:
        """Listen to those servers that there are, and to no others."""
        backend = self._backend
        failures = 0
        while self._doubtful or self._homes != set(backend.homes()):
            self._check()  # there may be nobody who listens any more
            homes = set(backend.homes())
            for home in self._homes - homes:
                self._topics.remove(self._keys, home)
            self._homes &= homes
            self._doubtful &= homes
            try:
                for home in homes - self._homes | self._doubtful:
                    await self._listen_at(home)
            except _PASSING:
                failures += 1  # there may be others instead, soon
                delay = backend.options.reconnect.delay(failures, random.random())  # noqa: S311
                await trio.sleep(delay)

    async def _listen_at(self, home: Place | None) -> None:
        """Listen to a server that tells of keys.

        :raises LocalProtocolError: it does not.
        """
        timeout = self._backend.options.timeouts.answer
        connection = await self._backend.connect_home(home)
        try:
            (answer,) = await connection.exchange(("CONFIG", "GET", SETTING), timeout=timeout)
            if not isinstance(answer, RedisError):
                await self._check_setting(connection, text_of_setting(answer), timeout)
            # Else it does not know: not every user may ask, and not every service lets one.
        finally:
            connection.close()
        if home not in self._homes:
            await self._topics.add(self._keys, timeout, home=home)
            self._homes.add(home)
        self._doubtful.discard(home)

    async def _check_setting(self, connection: Connection, setting: str, timeout: float) -> None:
        missing = missing_letters(setting, self._events, is_certain=self._configure)
        if not missing:
            return
        if not self._configure:
            raise LocalProtocolError(
                f"the server does not tell of that: its {SETTING} is {setting!r} and lacks"
                f" {missing!r}; set it, or give configure=True"
            )
        command = ("CONFIG", "SET", SETTING, setting + missing)
        (answer,) = await connection.exchange(command, timeout=timeout)
        if isinstance(answer, RedisError):
            raise answer


def channel_pattern(db: int | None, pattern: bytes) -> bytes:
    """Return the pattern of channels that tell of keys; ``None``: of all databases."""
    return b"__keyspace@%b__:%b" % (b"*" if db is None else b"%d" % db, pattern)


def event_maker(
    events: frozenset[str] | None, *, is_text: bool
) -> Callable[[Message[Any]], KeyEvent[Any] | None]:
    """Return what makes an event of a message, or nothing where it is not asked for."""

    def make(message: Message[Any]) -> KeyEvent[Any] | None:
        channel, data = message.channel, message.data
        if is_text:
            channel = channel.encode(errors="surrogateescape")
        match = _CHANNEL.fullmatch(channel)
        event = data if is_text else data.decode(errors="replace")
        if match is None or (events is not None and event not in events):
            return None
        key = match[2].decode(errors="surrogateescape") if is_text else match[2]
        return KeyEvent(key, event, int(match[1]))

    return make
