"""An answer that its handler sends piece by piece, instead of returning it."""

from __future__ import annotations

from typing import Protocol

import trio

from trio_helianthus.errors import ResourceBusy, ResourceClosed
from trio_helianthus.net import BinaryFile, Buffer

from ._file_body import FileBody
from ._headers import HeaderTypes

__all__ = ["AnswerSink", "ResponseWriter"]


class AnswerSink(Protocol):
    """Where the pieces of an answer go: our server's connection, or that of another server."""

    async def send_piece(self, data: Buffer) -> None:
        """Send a piece of the body."""
        ...

    async def send_file(self, file: BinaryFile, offset: int, count: int) -> int:
        """Send a part of a file as a piece of the body; return how much of it there was."""
        ...

    async def finish(self, trailers: HeaderTypes = ()) -> None:
        """End the answer."""
        ...


class ResponseWriter(trio.abc.SendStream):
    r"""Sends the body of an answer; get one from :meth:`Request.start_response`.

    ::

        async def count(request):
            writer = await request.start_response(http.Response(content_type="text/plain"))
            for number in range(10):
                await writer.send_all(b"%d\n" % number)
            return writer

    A handler returns it, finished or not: the server finishes it then. Where the handler raises
    instead, the connection is reset, so that no client takes the part for the whole.

    Sending fails with :exc:`ConnectionBroken` once the client cannot be reached. A send that is
    cancelled may have sent a part; the answer cannot go on then, and the connection is reset.
    """

    def __init__(self, answering: AnswerSink, *, has_body: bool, status: int) -> None:
        self.status = status
        """The status of the answer."""
        self._answering = answering
        self._has_body = has_body
        self._finished = not has_body
        self._busy = False

    @property
    def finished(self) -> bool:
        """Whether the answer is complete."""
        return self._finished

    async def send_all(self, data: Buffer) -> None:
        """Send a piece of the body. Nothing goes out where an answer has none, as one to ``HEAD``.

        :raises ConnectionBroken: the client cannot be reached any more.
        :raises LocalProtocolError: the body is longer than the ``Content-Length`` that was given.
        :raises ResourceBusy: another task is sending.
        :raises ResourceClosed: the answer was finished.
        """
        with self._sending():
            if self._has_body:
                await self._answering.send_piece(data)
            else:
                await trio.lowlevel.checkpoint()

    async def send_file(self, file: BinaryFile, offset: int = 0, count: int | None = None) -> int:
        """Send a file, or a part of it, as a piece of the body.

        :param file: open for reading in binary mode, and able to seek.
        :param offset: where to begin, in bytes.
        :param count: how many bytes; ``None`` is all up to its end.
        :returns: how many bytes were sent: fewer where the file ends before.
        """
        with self._sending():
            if count is None:
                count = FileBody(file, offset).count
            if not self._has_body:
                return count
            return await self._answering.send_file(file, offset, count)

    async def wait_send_all_might_not_block(self) -> None:
        """Return at once, as :meth:`send_all` itself waits."""
        await trio.lowlevel.checkpoint()

    async def finish(self, trailers: HeaderTypes = ()) -> None:
        """End the answer. Doing it twice is fine.

        :param trailers: fields behind the body (:rfc:`9110` section 6.5); they are dropped where
            the body does not go in chunks.
        """
        with self._sending(finishing=True):
            if not self._finished:
                self._finished = True
                await self._answering.finish(trailers)

    async def aclose(self) -> None:
        """As :meth:`finish`."""
        await self.finish()

    def _sending(self, *, finishing: bool = False) -> _Sending:
        if self._busy:
            raise ResourceBusy("another task is sending this answer")
        if self._finished and self._has_body and not finishing:
            raise ResourceClosed("this answer is finished")
        return _Sending(self)


class _Sending:
    """One task sends."""

    __slots__ = ("_writer",)

    def __init__(self, writer: ResponseWriter) -> None:
        self._writer = writer

    def __enter__(self) -> None:
        self._writer._busy = True

    def __exit__(self, *_: object) -> None:
        self._writer._busy = False
