"""The body of an answer as a stream: as it was sent, and as it was before it was encoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import trio

from trio_helianthus import core

from ._body_stream import BodyStream, check_max_bytes

if TYPE_CHECKING:
    from trio_helianthus.wire import http1

    from ._client_connection import ClientConnection
    from ._decoding import Decoder

__all__ = ["DecodedBody", "ResponseBody"]


class ResponseBody(BodyStream):
    """The body of an answer as it arrives.

    Iterate over it (``async for chunk in response.body``) or call :meth:`receive_some`.

    :param timeout: seconds that one call waits, unless it is told otherwise.
    :param token: cancels calls that are given none.
    """

    def __init__(
        self,
        connection: ClientConnection,
        *,
        timeout: float,
        token: core.CancelToken | None,
    ) -> None:
        super().__init__("the answer's body")
        self._connection = connection
        self._timeout = timeout
        self._token = token
        self._trailers: http1.HeaderFields | None = None

    @property
    def trailers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields behind it as they came, once it was read to its end."""
        return tuple(self._connection.trailers) if self._trailers is None else self._trailers

    @property
    def announced(self) -> int | None:
        """Its length in its coding, as the answer's head says."""
        return self._connection.wire.body_length

    async def receive_some(
        self,
        max_bytes: int | None = None,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> bytes:
        """Wait for the next bytes of the body.

        :param max_bytes: at most so many at once; any number where it is ``None``.
        :param timeout: seconds; ``None`` means the client's default.
        :param token: cancels this call; ``None`` means the token of the whole stream.
        :returns: the bytes, ``b""`` at the end of the body.
        :raises NetworkError: the connection failed, or ended before the body did.
        :raises RemoteProtocolError: the body is malformed, or not in the coding that it is said
            to be in; :class:`LimitExceeded` where decoding makes it too long.
        :raises OperationTimeout: nothing came in time; another call may try again.
        :raises OperationCancelled: the token was cancelled.
        :raises ResourceBusy: another task is reading.
        :raises ResourceClosed: the stream was left.
        :raises ValueError: for a ``max_bytes`` below 1.

        Cancellation loses nothing: the next call gets the same bytes.
        """
        check_max_bytes(max_bytes)
        if token is None and (timeout is None or timeout >= 0) and self.is_ready():
            return await self._read(max_bytes)
        with core.limit(self._timeout if timeout is None else timeout, token or self._token):
            return await self._read(max_bytes)

    def close(self) -> None:
        """As :meth:`aclose`, without a checkpoint."""
        super().close()
        if self._trailers is None:  # from now on the connection has those of others
            self._trailers = self._connection.trailers

    async def take_whole(self, at_most: int) -> bytes | None:
        """The whole of it if that was received, which needs no limit; at most so many bytes."""
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._closed or self._busy or self._rest or self._token is not None:
            return None
        whole = self._connection.take_whole(at_most)
        budget = core.checkpoint_budget()
        if budget.spend():
            await budget.refill()
        return whole

    def is_ready(self) -> bool:
        """Whether the next bytes can be read without waiting, and so without a limit."""
        if self._closed or self._busy or self._token is not None:
            return False
        if not self._rest:
            piece = self._take_piece()
            if piece is None:
                return False
            self._rest = piece
        return True

    def _take_piece(self) -> bytes | None:
        """The next piece, or ``None`` where it has to be waited for."""
        return self._connection.take_body()

    async def _next_piece(self) -> bytes:
        return await self._connection.receive_body()


class DecodedBody(ResponseBody):
    """A body whose ``Content-Encoding`` is undone as it arrives.

    :param raw: the body as it was sent.
    :param decoder: undoes its codings.
    """

    def __init__(self, raw: ResponseBody, decoder: Decoder) -> None:
        super().__init__(raw._connection, timeout=raw._timeout, token=raw._token)
        self._raw = raw
        self._decoder = decoder
        self._pieces: Iterator[bytes] = iter(())
        self._at_end = False
        self._failure: Exception | None = None

    def close(self) -> None:
        """As :meth:`aclose`, without a checkpoint."""
        super().close()
        self._raw.close()

    async def take_whole(self, at_most: int) -> bytes | None:
        """It has to be decoded first."""
        return None

    def _take_piece(self) -> bytes | None:
        while not (piece := self._next_decoded()) and not self._at_end:
            if not self._raw.is_ready():
                return None
            data, self._raw._rest = self._raw._rest, b""
            self._feed(data)
        return piece

    async def _next_piece(self) -> bytes:
        while (piece := self._take_piece()) is None:
            self._feed(await self._raw._read(None))
        return piece

    def _feed(self, data: bytes) -> None:
        if data:
            self._pieces = self._decoder.feed(data)
        else:
            self._decoder.finish()
            self._at_end = True

    def _next_decoded(self) -> bytes:
        if self._failure is not None:
            raise self._failure
        try:
            return next(self._pieces, b"")
        except Exception as exc:
            self._failure = exc  # what follows would be decoded to nonsense
            raise
