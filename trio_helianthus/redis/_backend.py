"""What a client needs of whatever is behind it: one server, a cluster, or watched servers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import trio

from ._trail import NO_TRAIL, Trail

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from trio_helianthus.core import BackgroundNursery, CancelToken
    from trio_helianthus.errors import RedisRedirection
    from trio_helianthus.wire import resp

    from ._command import Command
    from ._connection import Connection
    from ._options import Options
    from ._statistics import RedisStatistics
    from ._url import Place

Request: TypeAlias = "tuple[Command, Sequence[resp.Argument]]"
"""A command, and its arguments with its words in front."""

Begin: TypeAlias = "Callable[[Command, Sequence[resp.Argument]], Awaitable[Any]]"
"""Sends a command to a certain server; the answer is awaited at once, and raised if an error."""


class Run(Protocol):
    """Runs a command for a caller, within limits, and decodes its answer."""

    def __call__(
        self,
        command: Command,
        args: tuple[resp.Argument, ...],
        timeout: float | None,
        token: CancelToken | None,
    ) -> Awaitable[Any]:
        """Do what :meth:`CommandRunner._run` says."""


class Backend(ABC):
    """Brings commands to the server that they are for, and their answers back."""

    nursery: BackgroundNursery
    """Where its tasks run, and those of what lasts."""
    options: Options
    """How its connections are made."""
    open_twin: Callable[[Options], AbstractAsyncContextManager[Backend]]
    """Opens another one to the same servers, with other options."""
    is_divided: bool = False
    """Whether the keys are spread over several servers, each of which tells of its own only."""

    @abstractmethod
    def begin(self, command: Command, args: Sequence[resp.Argument]) -> Awaitable[Any]:
        """Send a command; the answer is awaited, and raised where it is an error.

        It has to be awaited at once.

        :raises TypeError: an argument is of a type that has no bytes; nothing was sent.
        :raises LocalProtocolError: it is longer than ``max_command_bytes``; nothing was sent.
        :raises ResourceClosed: the client was closed.
        """

    def in_one_step(self, run: Run, *, is_text: bool) -> Run:
        """Return what does the same as ``run``, which a client has, and maybe faster.

        :param is_text: whether ``run`` makes text of strings.
        """
        return run

    @abstractmethod
    async def run_many(self, requests: Sequence[Request], *, is_atomic: bool) -> list[Any]:
        """Send several commands together, and return their answers; errors are values.

        :param is_atomic: as one transaction.
        :raises TypeError: as for :meth:`begin`.
        :raises LocalProtocolError: as for :meth:`begin`.
        :raises LocalProtocolError: one of them changes the connection; nothing was sent.
        :raises RedisExecutionAborted: the transaction was refused, and nothing of it has run.
        """

    def check_together(self, requests: Sequence[Request]) -> None:  # noqa: B027 - one server has all
        """Refuse commands that one server cannot run together.

        :raises LocalProtocolError: their keys are in several slots.
        """

    @abstractmethod
    def lend(
        self, keys: Sequence[resp.Argument], trail: Trail = NO_TRAIL
    ) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to the server that has the keys, for one task alone.

        :param trail: what has become of earlier attempts, made by :meth:`trail`.
        """

    def trail(self) -> Trail:
        """Begin to follow work that a server may refuse since another one has to do it."""
        return NO_TRAIL

    @abstractmethod
    async def connect(self, key: resp.Argument | None = None) -> Connection:
        """Make a connection for something that lasts, such as subscriptions; its caller closes it.

        :param key: to the server that has this key or channel.
        """

    async def scan_targets(self) -> list[Begin]:
        """Return how to ask each of the servers that have keys of their own, as :meth:`begin` does.

        Who walks through all keys (``SCAN``) has to ask one after the other, as cursors are valid
        only on the server that they come from.
        """
        return [self.begin]

    async def wait_until_known(self) -> None:  # noqa: B027 - one server is known at once
        """Wait until it is known whom to ask."""

    def homes(self) -> Sequence[Place | None]:
        """Return the servers of which each tells of its own keys only; ``None``: any will do."""
        return (None,)

    def home_of(self, channel: bytes) -> Place | None:
        """Return the server that has a channel of shards; ``None``: any will do."""
        return None

    async def connect_home(self, home: Place | None) -> Connection:
        """Make a connection to one of those; as :meth:`connect`."""
        return await self.connect()

    def note_moved(self, home: Place | None, error: RedisRedirection) -> bool:
        """Take note of what a home has said, and return whether it is to be followed."""
        return False

    async def wait_for_news(self) -> None:
        """Wait until :meth:`homes` may have changed."""
        await trio.sleep_forever()

    @abstractmethod
    def statistics(self) -> RedisStatistics:
        """Return what there is now, and what was done so far."""
