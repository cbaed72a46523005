"""One connection to a server, used by one task at a time: commands out, answers in."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from trio_helianthus.core import limit
from trio_helianthus.errors import (
    ConnectionReset,
    LocalProtocolError,
    OperationTimeout,
    ResourceBusy,
    ResourceClosed,
)
from trio_helianthus.wire import NEED_DATA, resp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_helianthus.net import ByteStream

    from ._limits import ClientLimits

RECEIVE_BYTES: Final = 64 * 1024
"""How much one receive asks for; beyond 128 KiB the allocator asks the system each time."""
MAX_RECEIVE_BYTES: Final = 1024 * 1024
"""How much it asks for while long answers come."""
MAX_PUSHES: Final = 1024
"""How many pushes a connection keeps that nobody takes."""
_ASKING: Final = (b"ASKING",)


class Connection:
    """A stream that speaks RESP. It waits for answers by itself, without tasks of its own."""

    def __init__(
        self, stream: ByteStream, *, engine: resp.Engine = resp.Engine.AUTO, limits: ClientLimits
    ) -> None:
        self.stream = stream
        self.wire: resp.ClientConnection = resp.client_connection(engine=engine, limits=limits.wire)
        self.encode: resp.CommandEncoder = resp.command_encoder(engine)
        self.limits = limits
        self.protocol = 2
        """The version of RESP that is spoken."""
        self.client_id: int | None = None
        """The server's number for this connection."""
        self.server: dict[str, Any] = {}
        """What the server said of itself: ``server``, ``version``, ``mode``, ``role``."""
        self.pushes: deque[resp.Push] = deque(maxlen=MAX_PUSHES)
        """What came between answers, and nobody has taken yet; the oldest is dropped for the next
        one behind so many."""
        self.outstanding: int = 0
        """How many answers are still to come."""
        self.is_cut: bool = False
        """Whether an exchange was cut off, so that nobody knows what comes next."""
        self._is_busy: bool = False
        self._is_given_up = False
        self.is_changed = False
        """Whether a command has made it another connection than it was after its greeting."""
        self.is_watching = False
        """Whether a transaction watches keys by it."""
        self.is_asking = False
        """Of a cluster's node: whether it is asked for slots that it is about to get, so that
        ``ASKING`` goes in front of what :meth:`exchange` sends."""

    @property
    def is_fit(self) -> bool:
        """Whether another task can use it: all answers have come, and it is as it was."""
        return not (
            self.outstanding
            or self.is_cut
            or self.is_changed
            or self.is_watching
            or self.pushes
            or not self.wire.is_between_answers
        )

    def encode_all(self, commands: Sequence[Sequence[resp.Argument]]) -> bytes:
        """Return the bytes of commands.

        :raises TypeError: an argument is of a type that has no bytes.
        :raises LocalProtocolError: they are longer than ``max_command_bytes``.
        """
        encode = self.encode
        data = b"".join([encode(args) for args in commands])
        if len(data) > self.limits.max_command_bytes:
            for args in commands:
                check_size(encode(args), self.limits)
        return data

    async def send(self, *commands: Sequence[resp.Argument]) -> None:
        """Send commands, whose answers :meth:`receive` returns one by one."""
        data = self.encode_all(commands)
        self.outstanding += len(commands)
        await self.stream.send_all(data)

    async def receive(self) -> Any:
        """Return the next answer; an error is a value. What is pushed goes to :attr:`pushes`."""
        while True:
            event = await self.receive_event()
            if isinstance(event, resp.Push):
                self.pushes.append(event)
            else:
                self.outstanding -= 1
                return event

    async def receive_event(self) -> Any:
        """Return what comes next, an answer or a :class:`~trio_helianthus.wire.resp.Push`."""
        while (event := self.wire.next_event()) is NEED_DATA:
            data = await self.stream.receive_some(RECEIVE_BYTES)
            if not data:
                raise lost(self.stream)
            self.wire.receive_data(data)
        return event

    async def exchange(
        self, *commands: Sequence[resp.Argument], timeout: float | None = None
    ) -> list[Any]:
        """Send commands and return their answers; errors are values.

        :param timeout: seconds for all of it.
        :raises OperationTimeout: the server did not answer in time.
        :raises LocalProtocolError: an earlier exchange was cut off.
        :raises ResourceBusy: another task is in the middle of one.
        """
        if self._is_busy:
            raise ResourceBusy("another task uses this connection")
        if self.is_cut:
            raise LocalProtocolError(
                "an earlier command on this connection was cut off, and its answer may still come"
            )
        if self.is_asking:
            commands = asking(commands)
        data = self.encode_all(commands)
        self._is_busy = True
        self.is_cut = True  # unless all goes well
        self.outstanding += len(commands)
        try:
            with limit(timeout, None):
                await self.stream.send_all(data)
                answers = [await self.receive() for _ in commands]
        except ResourceClosed as exc:
            if not self._is_given_up:
                raise
            raise lost(self.stream) from exc
        except OperationTimeout as exc:
            if timeout is None or timeout == math.inf:
                raise
            name = commands[0][0]
            raise OperationTimeout(
                f"the server has not answered {as_name(name)} within {timeout:g} seconds",
                seconds=timeout,
            ) from exc
        finally:
            self._is_busy = False
        self.is_cut = False
        return answers if not self.is_asking else not_asking(commands, answers)

    def close(self) -> None:
        """Close it at once; what it still does for somebody, the server gives up."""
        self.stream.reset()

    def give_up(self) -> None:
        """Close it at once; whoever waits for an answer is told that the server was lost."""
        self._is_given_up = True
        self.stream.reset()

    async def aclose(self) -> None:
        """Close it in good order."""
        await self.stream.aclose()


def asking(commands: Sequence[Sequence[resp.Argument]]) -> tuple[Sequence[resp.Argument], ...]:
    """Return the commands with ``ASKING`` in front of each; a transaction needs only one."""
    if as_name(commands[0][0]).upper() == "MULTI":
        return (_ASKING, *commands)
    return tuple(each for command in commands for each in (_ASKING, command))


def not_asking(commands: Sequence[Sequence[resp.Argument]], answers: list[Any]) -> list[Any]:
    """Return the answers without those of ``ASKING``."""
    pairs = zip(commands, answers, strict=True)
    return [answer for command, answer in pairs if command is not _ASKING]


def as_name(word: resp.Argument) -> str:
    """Return the first word of a command for a person to read."""
    return word.decode(errors="replace") if isinstance(word, bytes) else str(word)


def check_size(data: bytes, limits: ClientLimits) -> bytes:
    """Refuse a command that is longer than ``max_command_bytes``."""
    if len(data) > limits.max_command_bytes:
        raise LocalProtocolError(
            f"the command has {len(data)} bytes, more than"
            f" max_command_bytes={limits.max_command_bytes}"
        )
    return data


def lost(stream: ByteStream) -> ConnectionReset:
    """Return the error of a connection that the server has closed."""
    return ConnectionReset(
        "the server has closed the connection", operation="receive", address=stream.remote_address
    )
