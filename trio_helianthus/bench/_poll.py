"""Waiting for many sockets: epoll as it is, or whatever the system has behind the same face."""

from __future__ import annotations

import selectors
import sys
from typing import Final, Protocol

READABLE: Final = 1
"""EPOLLIN, and on every system the mask for reading here."""
WRITABLE: Final = 4
"""EPOLLOUT, and on every system the mask for writing here."""


class Poll(Protocol):
    """What :class:`select.epoll` has."""

    def register(self, fd: int, eventmask: int) -> None:
        """Begin to watch a descriptor."""
        ...

    def modify(self, fd: int, eventmask: int) -> None:
        """Watch it for something else."""
        ...

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        """Wait; return what is ready."""
        ...

    def close(self) -> None:
        """Give the system its resources back."""
        ...


class SelectorPoll:
    """The best selector of the system, behind epoll's face."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def register(self, fd: int, eventmask: int) -> None:
        """Begin to watch a descriptor."""
        self._selector.register(fd, _selector_events(eventmask))

    def modify(self, fd: int, eventmask: int) -> None:
        """Watch it for something else."""
        self._selector.modify(fd, _selector_events(eventmask))

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        """Wait; return what is ready."""
        return [(key.fd, events) for key, events in self._selector.select(timeout)]

    def close(self) -> None:
        """Give the system its resources back."""
        self._selector.close()


def _selector_events(eventmask: int) -> int:
    reading = selectors.EVENT_READ if eventmask & READABLE else 0
    return reading | (selectors.EVENT_WRITE if eventmask & WRITABLE else 0)


def make_poll() -> Poll:
    """Return epoll where it exists: it costs the load generator least."""
    if sys.platform == "linux":
        import select

        return select.epoll()
    return SelectorPoll()
