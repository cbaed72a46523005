"""One side of a connection that plays a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import trio

from trio_helianthus.errors import HelianthusError
from trio_helianthus.net import ByteStream
from trio_helianthus.wire import NEED_DATA, PAUSED

from ._script_match import Expected, join_data

if TYPE_CHECKING:
    from trio_helianthus.wire import WireProtocol

    from ._script import Script, Step

RECEIVE_BYTES: Final = 64 * 1024

# What the connection or the protocol says; anything else is a mistake in the script.
_FAILURES: Final = (HelianthusError, trio.BrokenResourceError, trio.ClosedResourceError)


class ScriptSide:
    """Plays a script on a stream."""

    def __init__(self, script: Script, stream: trio.abc.Stream) -> None:
        self.stream: Final = stream
        self.step = 0
        """Which step it is at, from 1; 0 before the first."""
        self.ended = False
        """Whether it is through with the script, well or not."""
        self._script = script
        self._protocol = script.make_protocol() if script.make_protocol is not None else None
        self._received = bytearray()
        self._kept: list[object] = []  # an event that came behind joined data

    @property
    def protocol(self) -> WireProtocol[Any, Any]:
        """The protocol of this connection."""
        assert self._protocol is not None
        return self._protocol

    @property
    def position(self) -> str:
        """Where in the script it is, in words."""
        if not self.step:
            return "before the first step"
        steps = self._script.steps
        return f"step {self.step} of {len(steps)}: {steps[self.step - 1].text}"

    async def play(self) -> None:
        """Play all steps, and close the stream; what failed leaves it open."""
        try:
            for number, step in enumerate(self._script.steps, 1):
                self.step = number
                await self._take(step)
        finally:
            self.ended = True
        await self.stream.aclose()

    async def next_event(self, expected: Expected) -> object:
        """Return the next event, its data joined as far as ``expected`` goes."""
        event = await self._next()
        while expected.wants_more(event):
            following = await self._next()
            joined = join_data(event, following)
            if joined is None:
                self._kept.append(following)
                break
            event = joined
        return event

    async def receive(self, expected: bytes) -> bytes:
        """Receive as many bytes as ``expected`` has, or until they differ, or the end."""
        while len(self._received) < len(expected) and expected.startswith(self._received):
            data = await self.stream.receive_some(RECEIVE_BYTES)
            if not data:
                break
            self._received += data
        received = bytes(self._received[: len(expected)])
        del self._received[: len(expected)]
        return received

    async def receive_some(self) -> bytes:
        """Return what has come, or wait; ``b""`` is the end."""
        if not self._received:
            return bytes(await self.stream.receive_some(RECEIVE_BYTES))
        received = bytes(self._received)
        self._received.clear()
        return received

    async def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        await self.stream.send_all(data)

    async def send_end(self) -> None:
        """End our side."""
        if not isinstance(self.stream, trio.abc.HalfCloseableStream):
            raise TypeError(f"{self.stream!r} cannot end one side alone")
        await self.stream.send_eof()

    def reset(self) -> None:
        """Reset the connection."""
        if not isinstance(self.stream, ByteStream):
            raise TypeError(f"{self.stream!r} cannot be reset")
        self.stream.reset()

    async def _take(self, step: Step) -> None:
        try:
            await step.run(self)
        except AssertionError as exc:
            raise AssertionError(f"{self.position}\n{exc}") from exc.__cause__
        except _FAILURES as exc:
            raise AssertionError(f"{self.position}\n  failed: {exc!r}") from exc
        except Exception as exc:
            exc.add_note(f"in the script's {self.position}")
            raise

    async def _next(self) -> object:
        if self._kept:
            return self._kept.pop()
        while True:
            event = self.protocol.next_event()
            if event is PAUSED:
                raise AssertionError("  the protocol is paused: call() what goes on, or send first")
            if event is not NEED_DATA:
                return event
            data = bytes(await self.stream.receive_some(RECEIVE_BYTES))
            if data:
                self.protocol.receive_data(data)
            else:
                self.protocol.receive_eof()
