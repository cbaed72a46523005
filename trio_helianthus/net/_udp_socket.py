"""What all UDP sockets share: datagrams come in batches, and any number of tasks may send."""

from __future__ import annotations

import socket as socket_module
import sys
from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self, TypeVar, cast

import attrs
import trio
from trio.lowlevel import checkpoint_if_cancelled

from trio_helianthus.core import SEAM, checkpoint_budget, limit, next_connection_id, operation
from trio_helianthus.errors import (
    ErrorCode,
    HelianthusError,
    NetworkError,
    ResourceClosed,
    format_address,
    from_os_error,
)

from ._exclusive import Exclusive
from ._network import current_network
from ._udp_multicast import join_group, leave_group

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractContextManager

    from trio_helianthus.core import CancelToken, Operation

    from ._address import SocketAddress
    from ._buffers import Buffer

_T = TypeVar("_T")

MAX_DATAGRAM_SIZE: Final = 65535
"""The largest datagram that is received whole, unless told otherwise; UDP has no larger ones."""
DRAIN_DATAGRAMS: Final = 32
"""How many datagrams one wake-up takes from the system at most."""

_FAMILIES: Final = (socket_module.AF_INET, socket_module.AF_INET6)


@attrs.frozen
class UDPStatistics:
    """What a UDP socket has done so far.

    :param datagrams_sent: how many the system took.
    :param datagrams_received: how many were taken from the system.
    :param truncated: how many of these were longer than ``max_datagram_size``.
    :param waiting: how many of these nobody has received yet.
    """

    datagrams_sent: int
    datagrams_received: int
    truncated: int
    waiting: int


class DatagramSocket(trio.abc.AsyncResource, Generic[_T]):
    """What both kinds of UDP sockets share.

    A wake-up takes up to :data:`DRAIN_DATAGRAMS` (32) datagrams from the system, and the receives
    that follow give them out. The system keeps what comes meanwhile in the socket's buffer
    (``receive_buffer``); when that is full it drops what comes, and tells nobody.

    Any number of tasks may send at a time, and one may receive; a second one is a mistake that
    raises :exc:`ResourceBusy`. Cancelled, by scope, token or timeout, a receive has taken nothing
    and a send has sent nothing. An operation that need not wait skips the schedule point within
    the checkpoint budget.

    :param socket: a UDP socket; from now on it belongs to this object.
    :param max_datagram_size: bytes; what is longer is cut, and it is told.
    :raises ValueError: it is no UDP socket, or the size is not positive.
    """

    def __init__(
        self, socket: socket_module.socket, *, max_datagram_size: int = MAX_DATAGRAM_SIZE
    ) -> None:
        if socket.type != socket_module.SOCK_DGRAM or socket.family not in _FAMILIES:
            raise ValueError(f"this takes a UDP socket, not {socket!r}")
        if max_datagram_size < 1:
            raise ValueError(f"max_datagram_size must be at least 1, not {max_datagram_size}")
        socket.setblocking(False)
        self.socket: Final = socket
        """The socket, for its options. Receiving from it, and closing it, is this object's."""
        self.connection_id: Final = next_connection_id()
        """Unique in this process; operations report it."""
        self._family = socket.family
        self._max_size = max_datagram_size
        self._asked_for = _size_to_ask_for(max_datagram_size)
        self._arrived: deque[_T] = deque()
        self._batch = 1  # how many to take at a time where the caller wants one; see there
        self._error: HelianthusError | None = None  # came behind what has arrived
        self._received = self._sent = self._truncated = 0
        self._closed = False
        self._readiness = current_network().readiness_of(socket)
        self._budget = checkpoint_budget()
        self._receiver = Exclusive("receiving from this socket")
        self._writable_turn = trio.Lock()

    def __repr__(self) -> str:
        place = "closed" if self._closed else f"at {format_address(self.local_address)}"
        return f"<{type(self).__name__} {place}>"

    @property
    def local_address(self) -> SocketAddress:
        """This side's address.

        :raises ResourceClosed: it was closed.
        """
        self._check_open()
        return cast("SocketAddress", self.socket.getsockname())

    @property
    def port(self) -> int:
        """This side's port."""
        return cast("tuple[str, int]", self.local_address)[1]

    def statistics(self) -> UDPStatistics:
        """Return what the socket has done so far."""
        return UDPStatistics(
            datagrams_sent=self._sent,
            datagrams_received=self._received,
            truncated=self._truncated,
            waiting=len(self._arrived),
        )

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Coroutine[Any, Any, _T]:
        return self.receive()

    async def receive(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> _T:
        """Receive one datagram, or wait until there is one.

        :raises NetworkError: the system says so, such as :exc:`ConnectionRefused` on a connected
            socket for what was sent earlier. The socket goes on.
        :raises ResourceClosed: it was closed.
        """
        if timeout is not None or token is not None or SEAM.instrument is not None:
            return (await self._receive_reported(1, timeout, token))[0]
        if self._arrived:
            await checkpoint_if_cancelled()
        else:
            await self._wait_for_arrivals(self._batch)
        received = self._arrived.popleft()
        budget = self._budget
        budget.left -= 1
        if budget.left <= 0:
            await budget.refill()
        return received

    async def receive_many(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[_T]:
        """Receive all that is there, or wait for one; the cheapest way where many come.

        :returns: from 1 to :data:`DRAIN_DATAGRAMS` of what :meth:`receive` gives one by one.
        :raises NetworkError: as for :meth:`receive`.
        :raises ResourceClosed: it was closed.
        """
        if timeout is not None or token is not None or SEAM.instrument is not None:
            return await self._receive_reported(DRAIN_DATAGRAMS, timeout, token)
        if self._arrived:
            await checkpoint_if_cancelled()
        else:
            await self._wait_for_arrivals(DRAIN_DATAGRAMS)
        received = list(self._arrived)
        self._arrived.clear()
        if self._budget.spend():
            await self._budget.refill()
        return received

    def join_group(self, group: str, *, interface: str | int | None = None) -> None:
        """Receive what anybody sends to a multicast group.

        The socket has to be bound to the group's port, and to an address where it hears the
        group: ``"0.0.0.0"`` or ``"::"`` is one everywhere.

        :param group: a numeric multicast address of the socket's family.
        :param interface: its name, its index, or for IPv4 this machine's address there;
            ``None`` lets the system choose one.
        :raises NetworkError: there is no such interface, or the system does not permit it.
        :raises ValueError: it is no multicast address of that family.
        """
        self._check_open()
        join_group(self.socket, group, interface)

    def leave_group(self, group: str, *, interface: str | int | None = None) -> None:
        """Receive from a multicast group no more; the arguments are those that joined it.

        :raises NetworkError: it was not joined.
        """
        self._check_open()
        leave_group(self.socket, group, interface)

    async def aclose(self) -> None:
        """Close the socket; what nobody has received is lost.

        Nothing is waited for, so cancellation makes no difference.
        """
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Close the socket, without a checkpoint."""
        if not self._closed:
            self._closed = True
            self._arrived.clear()
            self._error = None
            self._readiness.close()
            self.socket.close()

    @abstractmethod
    def _drain(self, at_most: int) -> None:
        """Take datagrams from the system; raise what the socket raises."""

    @abstractmethod
    def _met(self, exc: OSError) -> None:
        """Keep what a receive met for the caller, or ignore it."""

    @abstractmethod
    def _describe(self, received: list[_T], report: Operation) -> None:
        """Fill in the report of a receive."""

    async def _receive_reported(
        self, at_most: int, timeout: float | None, token: CancelToken | None
    ) -> list[_T]:
        with self._report("receive") as report, limit(timeout, token):
            if self._arrived:
                await checkpoint_if_cancelled()
            else:
                await self._wait_for_arrivals(self._batch if at_most == 1 else DRAIN_DATAGRAMS)
            count = min(at_most, len(self._arrived))
            received = [self._arrived.popleft() for _ in range(count)]
            if report is not None:
                self._describe(received, report)
            if self._budget.spend():
                await self._budget.refill()
            return received

    async def _wait_for_arrivals(self, at_most: int) -> None:
        readiness = self._readiness
        with self._receiver:
            await checkpoint_if_cancelled()
            while not self._arrived:
                self._check_open()
                if self._error is not None:
                    self._raise_kept_error()
                if not readiness.readable:
                    try:
                        await (readiness.place or readiness.wait_readable())
                    except trio.ClosedResourceError as exc:
                        raise ResourceClosed("the socket was closed") from exc
                    self._check_open()
                    self._budget.reset()
                readiness.readable = readiness.insists
                self._take_from_system(at_most)
                if readiness.readable and not self._arrived:
                    await trio.lowlevel.checkpoint()  # a flood of errors is no reason to hog

    def _take_from_system(self, at_most: int) -> None:
        # Where datagrams come one by one, to look for a second one before the first is answered
        # only makes the answer late; so whoever wants one gets the more the more there are.
        readiness = self._readiness
        try:
            self._drain(at_most)
            readiness.readable = True  # there may be more, and nobody may say so again
            self._batch = min(at_most * 2, DRAIN_DATAGRAMS)
        except BlockingIOError:
            readiness.readable = readiness.insists = False
            self._batch = len(self._arrived) or 1
        except OSError as exc:
            readiness.readable = True
            self._met(exc)
        self._received += len(self._arrived)

    def _raise_kept_error(self) -> NoReturn:
        error, self._error = self._error, None
        assert error is not None
        try:
            raise error
        finally:
            del error  # its traceback refers to this frame

    async def _send_when_writable(
        self, send: Callable[..., int], data: Buffer, *address: SocketAddress
    ) -> int:
        async with self._writable_turn:
            while True:
                self._check_open()
                try:
                    await self._readiness.wait_writable()
                except trio.ClosedResourceError as exc:
                    raise ResourceClosed("the socket was closed") from exc
                self._budget.reset()
                try:
                    return send(data, *address)
                except BlockingIOError:
                    continue
                except OSError as exc:
                    raise self._send_error(exc, data, *address) from exc

    def _send_error(
        self, exc: OSError, data: Buffer, address: SocketAddress | None = None
    ) -> HelianthusError:
        if self._closed:  # by another task, while this one waited
            return ResourceClosed("the socket was closed")
        error = self._translated(exc, "send", address)
        if error.code is ErrorCode.MESSAGE_TOO_LARGE:
            error.message = f"{memoryview(data).nbytes} bytes are too many for one datagram"
        return error

    def _translated(
        self, exc: OSError, verb: str, address: SocketAddress | None = None
    ) -> NetworkError:
        return from_os_error(exc, operation=verb, address=address)

    def _report(self, verb: str) -> AbstractContextManager[Operation | None]:
        if SEAM.instrument is None:
            return operation("")
        return operation(f"net.udp.{verb}", connection_id=self.connection_id)

    def _check_open(self) -> None:
        if self._closed:
            raise ResourceClosed("the socket was closed")


def _size_to_ask_for(max_datagram_size: int) -> int:
    """One byte more than wanted tells on every system but Windows whether there was more."""
    if sys.platform == "win32":
        return MAX_DATAGRAM_SIZE  # there a datagram that does not fit is an error, and lost
    return max_datagram_size + 1
