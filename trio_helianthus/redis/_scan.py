"""Walking through all keys, or all of one key, a page at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import trio
from trio.lowlevel import checkpoint_if_cancelled

from trio_helianthus.core import checkpoint_budget
from trio_helianthus.errors import ResourceBusy, ResourceClosed

from ._command_table import COMMANDS
from ._command_table._hashes import HSCAN_NOVALUES
from ._command_table._sorted_sets import ZSCAN_NOSCORES
from ._finishing import finish
from ._recipe_numbers import check_count

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from trio_helianthus.wire import resp

    from ._backend import Backend, Begin
    from ._command import Command
    from ._values import Key

__all__ = ["Scan"]

T = TypeVar("T", bytes, str)
Item = TypeVar("Item")


class Scan(trio.abc.ReceiveChannel[Item]):
    """A channel of what a scan finds; made by :meth:`Redis.scan_iter` and the like.

    ::

        async for key in r.scan_iter(match="user:*"):
            ...

    It asks for the next page when the last one is used up, so it holds one page at most, and
    nothing on the server: it may be left at any time, and need not be closed.
    """

    def __init__(
        self,
        targets: Callable[[], Awaitable[list[Begin]]],
        command: Command,
        before: tuple[resp.Argument, ...],
        behind: tuple[resp.Argument, ...],
        *,
        is_text: bool,
    ) -> None:
        self._find_targets = targets
        self._targets: list[Begin] | None = None
        self._command = command
        self._before = before
        self._behind = behind
        self._is_text = is_text
        self._cursor = 0
        self._items: deque[Item] = deque()
        self._is_closed = self._is_busy = False

    async def receive(self) -> Item:
        """Return the next one.

        :raises trio.EndOfChannel: there is no more.
        :raises ResourceClosed: the scan was closed.
        :raises ResourceBusy: another task waits for a page.
        :raises RedisError: the server refuses to scan.

        It is a checkpoint, which lets other tasks run where it asks for a page. Being cancelled
        loses nothing: the page is asked for again.
        """
        await checkpoint_if_cancelled()
        if self._is_busy:
            raise ResourceBusy("another task waits for the next page of this scan")
        while not self._items:
            if self._is_closed:
                raise ResourceClosed("the scan was closed")
            self._is_busy = True
            try:
                await self._fetch()
            finally:
                self._is_busy = False
        item = self._items.popleft()
        budget = checkpoint_budget()
        if budget.spend():
            await budget.refill()
        return item

    async def aclose(self) -> None:
        """End it, and forget what was found; idempotent. It is a checkpoint."""
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """End it at once; idempotent."""
        self._is_closed = True
        self._items.clear()

    async def _fetch(self) -> None:
        if self._targets is None:
            self._targets = [*reversed(await self._find_targets())]
        if not self._targets:
            await trio.lowlevel.checkpoint()
            raise trio.EndOfChannel
        args = (*self._before, self._cursor, *self._behind)
        answer = await self._targets[-1](self._command, args)
        found: Any
        cursor, found = finish(self._command, answer, is_text=self._is_text)
        if not self._is_closed:
            items: Iterable[Any] = found.items() if isinstance(found, dict) else found
            self._items.extend(items)
        self._cursor = cursor
        if not cursor:
            self._targets.pop()


class ScanOperations(Generic[T]):
    """What of the client walks through much."""

    _backend: Backend
    _is_text: bool

    def scan_iter(
        self,
        match: Key | None = None,
        count: int | None = None,
        _type: str | None = None,
    ) -> Scan[T]:
        """Walk through all keys, in a cluster through those of all primaries.

        ::

            async for key in r.scan_iter(match="user:*", count=1000):
                print(key)

        What is there from beginning to end is found; what comes or goes meanwhile may be, and some
        may be found twice (https://valkey.io/commands/scan/). In a cluster that also holds for
        keys that move to another node meanwhile, which may be missed, too.

        :param match: a pattern, such as ``"user:*"``; the server looks at all keys nevertheless.
        :param count: how many to look at for each page, 10 by default: more is faster for us, and
            delays others longer.
        :param _type: only keys of that type, such as ``"hash"``.
        :returns: a channel; nothing is sent before it is received from.
        :raises ValueError: ``count`` is less than 1.
        """
        options = _options(match, count)
        if _type is not None:
            options += ("TYPE", _type)
        return self._scan(COMMANDS["SCAN"], (), options)

    def hscan_iter(
        self, name: Key, match: Key | None = None, count: int | None = None
    ) -> Scan[tuple[T, T]]:
        """Walk through the fields of a hash, with their values; see :meth:`scan_iter`.

        :param name: the key.
        :param match: a pattern of fields.
        :param count: see :meth:`scan_iter`. What is small comes in one page whatever it says.
        """
        return self._scan(COMMANDS["HSCAN"], (name,), _options(match, count))

    def hscan_fields_iter(
        self, name: Key, match: Key | None = None, count: int | None = None
    ) -> Scan[T]:
        """Walk through the fields of a hash without their values (Redis 7.4, Valkey 8).

        :param name: the key.
        :param match: see :meth:`hscan_iter`.
        :param count: see :meth:`scan_iter`.
        """
        return self._scan(HSCAN_NOVALUES, (name,), (*_options(match, count), "NOVALUES"))

    def sscan_iter(self, name: Key, match: Key | None = None, count: int | None = None) -> Scan[T]:
        """Walk through the members of a set; see :meth:`scan_iter`.

        :param name: the key.
        :param match: a pattern of members.
        :param count: see :meth:`hscan_iter`.
        """
        return self._scan(COMMANDS["SSCAN"], (name,), _options(match, count))

    def zscan_iter(
        self, name: Key, match: Key | None = None, count: int | None = None
    ) -> Scan[tuple[T, float]]:
        """Walk through the members of a sorted set, with their scores; see :meth:`scan_iter`.

        :param name: the key.
        :param match: a pattern of members.
        :param count: see :meth:`hscan_iter`.
        """
        return self._scan(COMMANDS["ZSCAN"], (name,), _options(match, count))

    def zscan_members_iter(
        self, name: Key, match: Key | None = None, count: int | None = None
    ) -> Scan[T]:
        """Walk through the members of a sorted set without their scores (Valkey 8.1).

        :param name: the key.
        :param match: see :meth:`zscan_iter`.
        :param count: see :meth:`hscan_iter`.
        """
        return self._scan(ZSCAN_NOSCORES, (name,), (*_options(match, count), "NOSCORES"))

    def _scan(
        self, command: Command, names: tuple[Key, ...], options: tuple[resp.Argument, ...]
    ) -> Scan[Any]:
        targets = self._targets_of_key if names else self._backend.scan_targets
        before = (*command.words, *names)
        return Scan(targets, command, before, options, is_text=self._is_text)

    async def _targets_of_key(self) -> list[Begin]:
        return [self._backend.begin]


def _options(match: Key | None, count: int | None) -> tuple[resp.Argument, ...]:
    options: Iterable[resp.Argument] = ()
    if match is not None:
        options = ("MATCH", match)
    if count is not None:
        check_count("count", count)
        options = (*options, "COUNT", count)
    return tuple(options)
