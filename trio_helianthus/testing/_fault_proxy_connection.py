"""One connection of a fault proxy: two directions, what each does, and how they end."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

import trio

from trio_helianthus.core import open_background_nursery
from trio_helianthus.errors import NetworkError, ResourceClosed

from ._faults import Ending, Hold, Pause

if TYPE_CHECKING:
    from trio_helianthus.net import TCPStream

    from ._faults import Chain, Step

PIECE_BYTES: Final = 16 * 1024
"""How much is received at a time."""
PIECES_AHEAD: Final = 16
"""How many pieces are received before they are sent on; more wait in the system."""
CUT_SECONDS: Final = 5.0
"""How long both sides may take to close a connection that was cut; then it is reset."""

_Arrival: TypeAlias = "tuple[float, bytes | None]"
"""When something arrived, and what: bytes, none for the end, ``None`` for a loss."""
_LOSSES: Final = (NetworkError, ResourceClosed)


class ProxiedConnection:
    """A client's connection and the one to the server, and the faults between them."""

    def __init__(
        self, client: TCPStream, server: TCPStream, *, to_server: Chain, to_client: Chain
    ) -> None:
        self._streams = (client, server)
        self.to_server: Final = _Direction(client, server, to_server)
        self.to_client: Final = _Direction(server, client, to_client)
        self._scope = trio.CancelScope()
        self._ending: Ending | None = None

    def reset(self) -> None:
        """Reset both sides at once."""
        self._end(Ending.RESET)
        for stream in self._streams:
            stream.reset()

    async def run(self) -> None:
        """Pass on what comes until both directions have ended, or a fault ends it."""
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    for direction in (self.to_server, self.to_client):
                        nursery.start_soon(self._run_direction, direction)
            if self._ending is Ending.CUT:
                await self._cut()
            if self._ending is not Ending.RESET:
                for stream in self._streams:
                    await stream.aclose()
        finally:
            for stream in self._streams:
                stream.reset()

    async def _run_direction(self, direction: _Direction) -> None:
        try:
            ending = await direction.run()
        except _LOSSES:  # what one side has lost the other is to lose, too
            ending = Ending.RESET
        if ending is not None:
            self._end(ending)

    def _end(self, ending: Ending) -> None:
        self._ending = self._ending or ending
        self._scope.cancel(reason=f"the connection ends: {ending.value}")

    async def _cut(self) -> None:
        """End both sides, and wait until they do so; closing with unread data is a reset."""
        with trio.move_on_after(CUT_SECONDS):
            async with trio.open_nursery() as nursery:
                for stream in self._streams:
                    nursery.start_soon(_end_and_swallow, stream)


class _Direction:
    """What one side sends to the other."""

    def __init__(self, source: TCPStream, target: TCPStream, chain: Chain) -> None:
        self.passed = 0
        """How many bytes were passed on."""
        self._source = source
        self._target = target
        self._chain = chain

    async def run(self) -> Ending | None:
        """Pass on what comes, until it ends.

        :returns: how the whole connection ends; ``None`` if only this direction does.
        """
        ending = self._chain.first_ending()
        if ending is None:
            ending = await self._pass_on()
        if ending is Ending.CUT or ending is Ending.RESET:
            return ending
        if ending is not Ending.BLACK_HOLE:
            await self._target.send_eof()
        if ending is not None:
            await _swallow(self._source)
        if ending is Ending.BLACK_HOLE:
            await trio.sleep_forever()
        return None

    async def _pass_on(self) -> Ending | None:
        send, receive = trio.open_memory_channel[_Arrival](PIECES_AHEAD)
        async with open_background_nursery() as background, receive:
            background.start_soon(self._receive, send)
            async for arrived, data in receive:
                ending = await self._take_steps(data or b"", arrived)
                if ending is not None:
                    return ending
                if data is None:
                    return Ending.RESET
        return None

    async def _receive(self, send: trio.MemorySendChannel[_Arrival]) -> None:
        data: bytes | None = None
        async with send:
            while data != b"":
                try:
                    data = await self._source.receive_some(PIECE_BYTES)
                except _LOSSES:  # behind what came before it
                    await send.send((trio.current_time(), None))
                    return
                await send.send((trio.current_time(), data))

    async def _take_steps(self, data: bytes, arrived: float) -> Ending | None:
        for step in self._chain.steps(data):
            if isinstance(step, Ending):
                return step
            await self._take_step(step, arrived)
        return None

    async def _take_step(self, step: Step, arrived: float) -> None:
        if isinstance(step, Hold):
            await trio.sleep_until(arrived + step.seconds)
        elif isinstance(step, Pause):
            await trio.sleep(step.seconds)
        elif isinstance(step, bytes):
            await self._target.send_all(step)
            self.passed += len(step)


async def _end_and_swallow(stream: TCPStream) -> None:
    with suppress(*_LOSSES):
        await stream.send_eof()
        await _swallow(stream)


async def _swallow(stream: TCPStream) -> None:
    while await stream.receive_some(PIECE_BYTES):
        pass
