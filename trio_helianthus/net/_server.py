"""Running servers: where one listens, what it has done, and how it is told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from trio_helianthus.errors import format_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trio_helianthus.core import DrainReport, Service

    from ._address import SocketAddress
    from ._socket_listener import SocketListener
    from ._socket_stream import SocketStream


@attrs.frozen
class ServerStatistics:
    """What a server has done so far.

    :param connections: connections that are open.
    :param accepted: connections that were ever accepted.
    :param failed_handshakes: connections that ended before their TLS handshake was done.
    :param accept_pauses: how often accepting paused for want of file descriptors or memory.
    """

    connections: int
    accepted: int
    failed_handshakes: int
    accept_pauses: int


class Server:
    """A running server, made by :func:`serve_tcp`, :func:`serve_tls` or :func:`serve_unix`."""

    def __init__(self, service: Service, listeners: Sequence[SocketListener[SocketStream]]) -> None:
        self._service = service
        self._listeners = listeners
        self._failed_handshakes = 0
        self._accept_pauses = 0
        self.addresses: Final[tuple[SocketAddress, ...]] = tuple(
            listener.address for listener in listeners
        )
        """Every address that it listens at."""

    def __repr__(self) -> str:
        places = ", ".join(format_address(address) for address in self.addresses)
        state = "draining" if self.draining else "serving"
        return f"<Server {state} at {places}>"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        address = self.addresses[0]
        if not isinstance(address, tuple):
            raise ValueError(f"{address!r} has no port")  # noqa: TRY004 (of this server, not type)
        return address[1]

    @property
    def draining(self) -> bool:
        """Whether it has stopped accepting."""
        return self._service.draining

    def statistics(self) -> ServerStatistics:
        """Return what the server has done so far."""
        return ServerStatistics(
            connections=self._service.running,
            accepted=self._service.started,
            failed_handshakes=self._failed_handshakes,
            accept_pauses=self._accept_pauses,
        )

    async def drain(self, timeout: float | None = None) -> DrainReport:
        """Stop accepting, let the connections finish, and cut those that do not.

        The ``serve`` call returns afterwards.

        :param timeout: seconds that connections may take; ``None`` means the lifecycle's
            setting, 0 cuts at once, ``math.inf`` waits for as long as it takes.
        :returns: what finished, what was cut, and what would not stop.

        Being cancelled while waiting here does not stop the drain.
        """
        return await self._service.drain(timeout)

    def on_drain(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when a drain begins, or at once if it has begun.

        What it raises is reported (:func:`core.report_error`), and does not stop the drain.
        """
        self._service.on_drain(callback)
