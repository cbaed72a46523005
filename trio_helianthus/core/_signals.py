"""Signals beside those that stop a program, such as SIGHUP, for programs that listen to them."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@contextmanager
def open_signals(*names: str) -> Iterator[AsyncIterator[str]]:
    """Receive signals while the body runs, by name.

    ::

        with core.open_signals("SIGHUP") as signals:
            async for _ in signals:
                certificate.reload()

    For what a program is told beside stopping, which is :func:`run`'s. A name that the system
    does not have never comes; nor does any outside of the main thread, where Python has none.
    A signal that comes several times before it is looked at counts once.

    :param names: such as ``"SIGHUP"``.
    """
    known = [signal.Signals[name] for name in names if name in signal.Signals.__members__]
    if not known or threading.current_thread() is not threading.main_thread():
        yield _Names(None)
        return
    with trio.open_signal_receiver(*known) as received:
        yield _Names(received)


class _Names:
    """The names of what is received. Not an async generator, which would want to be closed."""

    def __init__(self, received: AsyncIterator[int] | None) -> None:
        self._received = received

    def __aiter__(self) -> _Names:
        return self

    async def __anext__(self) -> str:
        if self._received is None:
            await trio.sleep_forever()
        return signal.Signals(await anext(self._received)).name
