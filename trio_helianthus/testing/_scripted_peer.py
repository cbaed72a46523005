"""A peer that follows a script: the other side of a test, as a server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import open_background_nursery
from trio_helianthus.net import listen_tcp

from ._script_side import ScriptSide

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from trio_helianthus.core import BackgroundNursery
    from trio_helianthus.net import SocketAddress, TCPListener, TCPStream

    from ._script import Script

FINISH_SECONDS: Final = 1.0
"""How long the scripts may take to finish when the test is through, unless told otherwise."""


class ScriptedPeer:
    """A server that follows scripts; :func:`open_scripted_peer` makes it."""

    def __init__(self, scripts: Sequence[Script], listener: TCPListener) -> None:
        self.address: Final[SocketAddress] = listener.address
        """Where it listens."""
        self._scripts = scripts
        self._listener = listener
        self._sides: list[ScriptSide] = []
        self._finished = 0
        self._changed = trio.Event()
        self._failure: AssertionError | None = None
        self._scope = trio.CancelScope()

    def __repr__(self) -> str:
        return f"<ScriptedPeer at port {self.port}: {self._state()}>"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.address[1])

    @property
    def finished(self) -> bool:
        """Whether all scripts were played to their ends."""
        return self._finished == len(self._scripts)

    async def wait_finished(self) -> None:
        """Wait until all scripts were played to their ends.

        Nothing is raised here when one fails: the body is cancelled then.
        """
        while not self.finished:
            await self._changed.wait()

    async def _accept(self, background: BackgroundNursery) -> None:
        for script in self._scripts:
            stream = await self._listener.accept()
            background.start_soon(self._play, script, stream)
        stream = await self._listener.accept()
        stream.reset()
        self._fail(AssertionError(f"there was no script for connection {len(self._sides) + 1}"))

    async def _play(self, script: Script, stream: TCPStream) -> None:
        side = ScriptSide(script, stream)
        self._sides.append(side)
        try:
            await side.play()
        except AssertionError as exc:
            self._fail(exc)
        else:
            self._finished += 1
        finally:
            stream.reset()  # not before the failure is known: the body is not to hear of it first
        self._changed.set()
        self._changed = trio.Event()

    def _fail(self, failure: AssertionError) -> None:
        if self._failure is None:
            self._failure = failure
            self._scope.cancel(reason="the script of the peer failed")

    def _check(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            try:
                raise failure
            finally:
                del failure  # its traceback refers to this frame
        if not self.finished:
            raise AssertionError(f"the script was not finished: {self._state()}")

    def _state(self) -> str:
        waiting = [f"waits at {side.position}" for side in self._sides if not side.ended]
        missing = len(self._scripts) - len(self._sides)
        if missing:
            waiting.append(f"{missing} of {len(self._scripts)} connections did not come")
        return "; ".join(waiting) or "finished"


@asynccontextmanager
async def open_scripted_peer(
    *scripts: Script,
    host: str = "127.0.0.1",
    port: int = 0,
    finish_timeout: float = FINISH_SECONDS,
) -> AsyncIterator[ScriptedPeer]:
    """Open a server that plays a script with each of its clients, one for each connection.

    When the other side does not keep to the script, the body is cancelled, so that it does not
    wait for an answer that never comes, and the mismatch is raised; another exception of the body
    becomes its cause. When the body ends, the scripts have to, too.

    :param scripts: for the first connection, the second one, and so on.
    :param host: where to listen; of several addresses, at the first.
    :param port: 0 lets the system choose one, ``peer.port`` tells.
    :param finish_timeout: seconds that the scripts may take to end after the body.
    :raises AssertionError: the other side did something else, there were more connections than
        scripts, or a script was not finished.
    """
    if not scripts:
        raise ValueError("a scripted peer needs a script")
    listener, *others = await listen_tcp(port, host=host)
    for other in others:
        other.close()
    peer = ScriptedPeer(scripts, listener)
    async with listener, open_background_nursery() as background:
        background.start_soon(peer._accept, background)
        try:
            with peer._scope:
                yield peer
            if peer._failure is None:
                with trio.move_on_after(finish_timeout) as peer._scope:
                    await peer.wait_finished()
        except Exception as exc:
            if peer._failure is None:
                raise
            peer._failure.__cause__ = exc
        peer._check()
