"""The body of a request as a stream of bytes, with a cap."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from ._body_stream import BodyStream, check_max_bytes
from ._headers import Headers
from ._http_errors import HTTPError

__all__ = ["RequestBody"]


class RequestBody(BodyStream):
    """What the client sends after the head, in pieces as they arrive.

    Iterate over it (``async for chunk in request.body``) or call :meth:`receive_some`; both
    stop at the end of the body. What :meth:`read` has waited for can be read again, or iterated
    over, by who comes later: middleware may look at a body before the handler does. The cap
    counts everything that was received, whichever way. Where the client waits for
    ``100 Continue``, the first read sends it.

    :param receive: gives the next piece, ``b""`` at the end of the body.
    :param max_bytes: the cap on the whole body.
    :param length: the length that the head announces, ``None`` where it does not.
    :param trailers: gives the fields behind the body, once that has come to its end.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable[bytes]],
        *,
        max_bytes: float,
        length: int | None = None,
        trailers: Callable[[], Headers | None] | None = None,
    ) -> None:
        super().__init__("the request's body")
        self._receive = receive
        self._max_bytes = max_bytes
        self._length = length
        self._received = 0
        self._at_end = False
        self._trailers = trailers
        self._content: bytes | None = None
        self._answered = False
        self._at_answer: list[Callable[[], object]] = []

    @classmethod
    def from_bytes(cls, data: bytes) -> RequestBody:
        """A body that is already there."""
        pieces = [data] if data else []

        async def receive() -> bytes:
            return pieces.pop() if pieces else b""

        return cls(receive, max_bytes=len(data), length=len(data))

    @classmethod
    def already_read(cls, data: bytes) -> RequestBody:
        """A body that :meth:`read` has waited for."""
        body = cls(_nothing, max_bytes=len(data), length=len(data))
        body._at_end = True
        body._content = body._rest = data
        return body

    @property
    def length(self) -> int | None:
        """The length in bytes that the head announces; ``None`` for a chunked body."""
        return self._length

    def limit_to(self, max_bytes: int) -> None:
        """Lower the cap on the whole body; a higher one changes nothing.

        :param max_bytes: the new cap; what has been received counts.
        """
        self._max_bytes = min(self._max_bytes, max_bytes)

    @property
    def trailers(self) -> Headers:
        """The fields behind the body (:rfc:`9110` section 6.5), once all of it was read."""
        found = self._trailers() if self._at_end and self._trailers is not None else None
        return Headers() if found is None else found

    async def aclose(self) -> None:
        """Stop reading; what is left of the body is given up."""
        super().close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """As :meth:`aclose`, when the request has been answered; it is the server that calls it."""
        super().close()
        self._content = None
        self._answered = True
        while self._at_answer:
            self._at_answer.pop()()

    def when_answered(self, callback: Callable[[], object]) -> None:
        """See :meth:`Request.when_answered`."""
        if self._answered:
            callback()
        else:
            self._at_answer.append(callback)

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Wait for the next bytes of the body.

        :param max_bytes: at most so many at once; any number where it is ``None``.
        :returns: the bytes, ``b""`` at the end of the body.
        :raises HTTPError: 413 when the body is longer than the cap, 400 when it is malformed or
            ends early, 408 when the client pauses for longer than the server's
            ``body_timeout``; such a connection is closed after the answer.
        :raises ResourceBusy: another task is reading.
        :raises ResourceClosed: after :meth:`aclose`, or once the answer has been sent.
        :raises ValueError: for a ``max_bytes`` below 1.

        Cancellation loses nothing: the next call gets the same bytes.
        """
        check_max_bytes(max_bytes)
        return await self._read(max_bytes)

    async def read(self, *, max_bytes: int | None = None) -> bytes:
        """Wait for everything up to the end of the body.

        :param max_bytes: a cap for this call, beside the server's ``max_body_bytes``.
        :returns: the bytes that :meth:`receive_some` has not returned yet; they remain there.
        :raises HTTPError: 413 above either cap, and as :meth:`receive_some` does.

        What a cancelled call has received is lost.
        """
        cap = self._max_bytes if max_bytes is None else min(max_bytes, self._max_bytes)
        if self._content is not None and not self._closed:
            await trio.lowlevel.checkpoint_if_cancelled()
            if len(self._content) > cap:
                raise _too_large(cap)
            return self._content
        if self._length is not None and self._length > cap:
            raise _too_large(cap)
        body = bytearray()  # not a list: of tiny pieces, that would cost many times more
        while data := await self.receive_some():
            body += data
            if len(body) > cap:
                raise _too_large(cap)
        self._content = self._rest = bytes(body)
        return self._content

    async def _next_piece(self) -> bytes:
        if self._length is not None and self._length > self._max_bytes:
            raise _too_large(self._max_bytes)
        if self._at_end:
            return b""
        data = await self._receive()
        self._received += len(data)
        self._at_end = not data
        if self._received > self._max_bytes:
            raise _too_large(self._max_bytes)
        return data


async def _nothing() -> bytes:
    return b""


def _too_large(limit: float) -> HTTPError:
    return HTTPError(413, f"the body is longer than {limit:.0f} bytes")
