"""Signals beside those that stop a program, such as SIGHUP, for programs that listen to them."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import FrameType


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


@contextmanager
def ignore_signals(*names: str) -> Iterator[None]:
    """Take no notice of signals while the body runs, by name; whoever listens inside does.

    For the start of a program that has :func:`open_signals` later: what it is told before must
    not end it. Processes that it starts are not concerned. Works in the main thread only.

    :param names: such as ``"SIGHUP"``. A name that the system does not have does no harm.
    """
    known = [signal.Signals[name] for name in names if name in signal.Signals.__members__]
    if threading.current_thread() is not threading.main_thread():
        known = []
    previous = {
        signum: signal.signal(signum, _take_no_notice)
        for signum in known
        if signal.getsignal(signum) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for signum, handler in previous.items():
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)


def _take_no_notice(signum: int, frame: FrameType | None) -> None:
    """Handle a signal. Unlike ``SIG_IGN``, this is not handed on to other programs."""


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
