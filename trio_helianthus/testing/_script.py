"""Scripts for a scripted peer: what it expects and what it says, step by step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import attrs
import trio

from ._script_match import Expected, describe, mismatch

if TYPE_CHECKING:
    from typing import Self

    from trio_helianthus.wire import WireProtocol

    from ._script_side import ScriptSide

LARGEST_STEP_BYTES: Final = 16 * 1024 * 1024
"""How many bytes one step may expect."""


@attrs.frozen
class Step:
    """One step of a script.

    :param text: what it does, for error messages.
    :param run: does it.
    """

    text: str
    run: Callable[[ScriptSide], Awaitable[None]]


@attrs.frozen
class Script:
    """What one side of a connection expects and says, in this order.

    Each method returns a new script with one more step, so that scripts may share a beginning::

        script = (
            testing.Script(http1.server_connection)
            .expect(http1.Request, method="GET", target=b"/")
            .expect(http1.EndOfMessage())
            .send(http1.Response(200, headers=[(b"content-length", b"2")]))
            .send(http1.Data(b"hi"), http1.EndOfMessage())
            .expect(http1.ConnectionClosed())
        )

    Where the script ends, the connection is closed.

    :param make_protocol: makes the protocol of one connection, any
        :class:`~trio_helianthus.wire.WireProtocol`; without one the script is about bytes.
    """

    make_protocol: Callable[[], WireProtocol[Any, Any]] | None = None
    steps: tuple[Step, ...] = attrs.field(default=(), kw_only=True)

    def expect(self, expected: object, /, **attributes: object) -> Self:
        """Expect an event: this one, one of this class, or one that a predicate is true of.

        Of an event with ``data`` the pieces are joined until they are as long as what is
        expected; how they were cut means nothing.

        :param expected: an event, to be equal; an event class; or a function that takes the event
            and returns whether it will do.
        :param attributes: with a class, what the event's attributes are to be.
        """
        self._need_protocol("expect")
        wanted = Expected(expected, attributes)

        async def run(side: ScriptSide) -> None:
            event = await side.next_event(wanted)
            if not wanted.fits(event):
                raise mismatch(wanted.text, describe(event))

        return self._then(f"expect {wanted.text}", run)

    def expect_bytes(self, expected: bytes) -> Self:
        """Expect exactly these bytes next, however they are cut; for scripts about bytes.

        :param expected: 1 byte to 16 MiB.
        :raises TypeError: it is not ``bytes``.
        :raises ValueError: there are none, or more than 16 MiB.
        """
        self._need_no_protocol("expect_bytes")
        _need_bytes(expected)
        if not 0 < len(expected) <= LARGEST_STEP_BYTES:
            raise ValueError(f"a step expects 1 to {LARGEST_STEP_BYTES} bytes")

        async def run(side: ScriptSide) -> None:
            received = await side.receive(expected)
            if received != expected:
                raise mismatch(describe(expected), describe(received) if received else "the end")

        return self._then(f"expect {describe(expected)}", run)

    def expect_end(self) -> Self:
        """Expect that the other side ends its stream, and sends nothing before; about bytes.

        Of a protocol expect its own event instead, as ``http1.ConnectionClosed()``.
        """
        self._need_no_protocol("expect_end")

        async def run(side: ScriptSide) -> None:
            received = await side.receive_some()
            if received:
                raise mismatch("the end", describe(received))

        return self._then("expect the end", run)

    def send(self, *events: object) -> Self:
        """Send events, in one piece."""
        self._need_protocol("send")

        async def run(side: ScriptSide) -> None:
            await side.send_bytes(b"".join(map(side.protocol.send, events)))

        return self._then(f"send {', '.join(map(describe, events))}", run)

    def send_bytes(self, data: bytes) -> Self:
        """Send bytes as they are, past the protocol: junk, half an event, anything."""
        _need_bytes(data)

        async def run(side: ScriptSide) -> None:
            await side.send_bytes(data)

        return self._then(f"send {describe(data)}", run)

    def call(self, function: Callable[[Any], object], /) -> Self:
        """Call a function with the protocol, as ``lambda http: http.start_next_cycle()``."""
        self._need_protocol("call")

        async def run(side: ScriptSide) -> None:
            function(side.protocol)

        return self._then(f"call {describe(function)}", run)

    def sleep(self, seconds: float) -> Self:
        """Do nothing for some seconds of trio's clock."""

        async def run(_: ScriptSide) -> None:
            await trio.sleep(seconds)

        return self._then(f"sleep {seconds} s", run)

    def send_end(self) -> Self:
        """End our side of the stream; the other goes on."""

        async def run(side: ScriptSide) -> None:
            await side.send_end()

        return self._then("end our side", run)

    def close(self) -> Self:
        """Close the connection."""

        async def run(side: ScriptSide) -> None:
            await side.stream.aclose()

        return self._then("close", run)

    def reset(self) -> Self:
        """Reset the connection; the stream must be one of :mod:`trio_helianthus.net`."""

        async def run(side: ScriptSide) -> None:
            side.reset()

        return self._then("reset", run)

    async def play(self, stream: trio.abc.Stream) -> None:
        """Play the script on a stream, as either side, and close it.

        Cancelled, it stops where it is, and the stream is closed.

        :param stream: any stream of bytes, real or virtual.
        :raises AssertionError: the other side did something else; the message has the step, what
            was expected, and what came.
        """
        from ._script_side import ScriptSide  # which imports this

        try:
            await ScriptSide(self, stream).play()
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise

    def _then(self, text: str, run: Callable[[ScriptSide], Awaitable[None]]) -> Self:
        return attrs.evolve(self, steps=(*self.steps, Step(text, run)))

    def _need_protocol(self, name: str) -> None:
        if self.make_protocol is None:
            raise ValueError(f"{name} is for scripts with a protocol: Script(make_protocol)")

    def _need_no_protocol(self, name: str) -> None:
        if self.make_protocol is not None:
            raise ValueError(f"{name} is for scripts about bytes; this one has a protocol")


def _need_bytes(data: object) -> None:
    if not isinstance(data, bytes):
        raise TypeError(f"a script is about bytes, not {data!r}")
