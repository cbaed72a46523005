"""Readiness: waiting until one socket has something to receive, or takes something to send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from ._peer_state import PeerState

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable

    from ._peer_state import PeerWatcher


class Readiness:
    """Waits for one non-blocking socket, by trio's own means; the plain form.

    Whoever receives keeps to this, which is right for every form::

        while True:
            if not readiness.readable:
                await (readiness.place or readiness.wait_readable())
            readiness.readable = readiness.insists
            try:
                data = socket.recv(size)
            except BlockingIOError:
                readiness.readable = readiness.insists = False
                continue
            if len(data) == size:
                readiness.readable = True  # there may be more, and nobody may say so again
            return data

    A wait is a full checkpoint; cancelled, it has changed nothing. It may end without a reason.

    :param socket: non-blocking. Only its number is kept.
    """

    __slots__ = ("_number", "insists", "peer", "peer_watcher", "place", "readable")

    def __init__(self, socket: socket.socket) -> None:
        self._number = socket.fileno()
        self.readable: bool = False
        """Whether the next receive should try before it waits."""
        self.insists: bool = False
        """Whether :attr:`readable` holds until a receive finds nothing, short ones before it."""
        self.place: Awaitable[None] | None = None
        """Where to wait without asking :meth:`wait_readable` first."""
        self.peer: PeerState = PeerState.PRESENT
        """What is known of the peer."""
        self.peer_watcher: PeerWatcher | None = None
        """Whom to tell when :attr:`peer` changes, while :attr:`watches_peer`."""

    @property
    def watches_peer(self) -> bool:
        """Whether :attr:`peer` changes by itself, without anybody who waits or receives."""
        return False

    def wait_readable(self) -> Awaitable[None]:
        """Wait until there may be something to receive, an end or an error included.

        :raises trio.ClosedResourceError: it was closed meanwhile.
        """
        return trio.lowlevel.wait_readable(self._number)  # noqa: ASYNC105 - the caller awaits it

    def wait_writable(self) -> Awaitable[None]:
        """Wait until the system may take something to send.

        :raises trio.ClosedResourceError: it was closed meanwhile.
        """
        return trio.lowlevel.wait_writable(self._number)  # noqa: ASYNC105 - the caller awaits it

    def close(self) -> None:
        """End all waiting, by :exc:`trio.ClosedResourceError`; the socket is about to be closed."""
        trio.lowlevel.notify_closing(self._number)
