"""How one answer is sent: as a whole, piece by piece, from a file, or by its handler."""

from __future__ import annotations

from typing import Final

from trio_helianthus import core
from trio_helianthus.net import BinaryFile, Buffer
from trio_helianthus.wire import http1

from ._answer import (
    AnswerHeads,
    has_body,
    server_error,
    switching_head,
    wants_close,
    wire_head,
)
from ._file_body import FileBody
from ._headers import Headers, HeaderTypes
from ._http_errors import HTTPError
from ._incoming import Incoming
from ._outgoing import Outgoing, PeerGone
from ._patience import Patience
from ._pieces import bytes_of, closing
from ._request import Request
from ._response import TEXT, HandlerResult, Response

__all__ = ["Answering"]

SENT_APART: Final = 256 * 1024
"""From how many bytes on a body leaves apart from its head. Joined to it, it would be copied for
each client, and a thousand that do not read would have a thousand copies."""


class Answering:
    """Sends the answers of one connection, one after the other.

    :param incoming: what is left of the request decides whether the connection can go on.
    :param patience: is told when an answer is complete behind which its handler may go on.
    """

    __slots__ = (
        "_engine",
        "_heads",
        "_incoming",
        "_outgoing",
        "_patience",
        "broken",
        "closing",
        "half_sent",
    )

    def __init__(
        self,
        engine: http1.HTTP1Connection,
        incoming: Incoming,
        outgoing: Outgoing,
        heads: AnswerHeads,
        patience: Patience,
    ) -> None:
        self.half_sent = False
        """Whether an answer has begun and not ended."""
        self.broken = False
        """Whether an answer has failed behind its head, which was reported where it had to be:
        only a reset tells the client."""
        self.closing = False
        """Whether the connection is to end behind the answer, whatever that says."""
        self._engine = engine
        self._incoming = incoming
        self._outgoing = outgoing
        self._heads = heads
        self._patience = patience

    def put_plain(self, result: HandlerResult) -> bool:
        """Put an answer into the batch that is nothing but a kind of content.

        :param result: what the handler has returned.
        :returns: false where it is more than that, or the connection ends behind it, and nothing
            has happened.
        """
        if type(result) is str:
            fields: Headers | None = TEXT
            body = result.encode("utf-8", "replace")
        elif type(result) is Response and type(result.body) is bytes:
            fields = result.plain_headers
            body = result.body
        else:
            return False
        if fields is None or self.closing or len(body) >= SENT_APART or not self._incoming.complete:
            return False
        head = self._heads.plain(fields)
        if head is None:
            return False
        self._outgoing.put(self._engine.send_whole(200, head, body))
        return True

    def send_nowait(self, response: Response, request: Request) -> bool:
        """Put an answer whose body is there into the batch; otherwise as :meth:`send`.

        :returns: false where its body is not there, and nothing has happened.
        """
        body = response.body
        if (
            type(body) is not bytes
            or len(body) >= SENT_APART
            or response.upgrade_handler is not None
            or response.trailers is not None
        ):
            return False
        try:
            data = self._whole(response, body, request.method)
        except Exception as exc:
            data = self._instead(exc, request)
        self._outgoing.put(data)
        return True

    async def send(self, response: Response, request: Request) -> None:
        """Send an answer; what cannot be sent is the handler's mistake, and answered with 500."""
        if self.send_nowait(response, request):
            if self._outgoing.due:
                await self._outgoing.flush()
            return
        body = response.body
        async with closing(body):
            try:
                data = self._begin(response, request.method, body_follows=False)
            except Exception as exc:
                await self._outgoing.send(self._instead(exc, request))
                return
            await self._send_head(data, response, request)
            if self.half_sent:
                await self._send_body(response)

    async def start(self, response: Response, request: Request) -> None:
        """Send the head of an answer whose body comes from elsewhere.

        :raises LocalProtocolError: it cannot be sent; another answer can.
        """
        data = self._begin(response, request.method, body_follows=True)
        await self._send_head(data, response, request)

    async def _send_head(self, data: bytes, response: Response, request: Request) -> None:
        self.half_sent = response.upgrade_handler is None and has_body(response, request.method)
        await self._outgoing.send(data)

    async def send_piece(self, data: Buffer) -> None:
        """Send a piece of the body."""
        await self._outgoing.send(self._engine.send(http1.Data(bytes_of(data))))

    async def send_file(self, file: BinaryFile, offset: int, count: int) -> int:
        """Send a part of a file as a piece of the body; return how much of it there was.

        Where the body goes in chunks the file is read; it is sent by the system otherwise.
        """
        if self._engine.send_apart(count):
            return await self._outgoing.send_file(file, offset, count)
        sent = 0
        async for piece in FileBody(file, offset, count):
            await self.send_piece(piece)
            sent += len(piece)
        return sent

    async def finish(self, trailers: HeaderTypes = ()) -> None:
        """End an answer that was sent piece by piece; trailers only where it goes in chunks."""
        fields = Headers(trailers).raw if self._engine.sends_chunks else ()
        await self._outgoing.send(self._engine.send(http1.EndOfMessage(fields)))
        self.half_sent = False
        self._patience.end_answer()

    def _instead(self, exc: Exception, request: Request) -> bytes:
        # Nothing is sent yet, and what cannot be sent is what the handler has made.
        core.report_error(exc, where=f"handler of {request.method} {request.target}")
        self.closing = True
        return self.whole(server_error(), request.method)

    def whole(self, response: Response, method: str) -> bytes:
        """Head and body in one piece, of an answer whose body is there.

        :raises LocalProtocolError: the answer cannot be sent.
        """
        assert isinstance(response.body, bytes)
        return self._whole(response, response.body, method)

    def _whole(self, response: Response, body: bytes, method: str) -> bytes:
        head = self._heads.head_of(response)
        incoming = self._incoming
        close = self.closing or head.close or not (incoming.complete or incoming.can_finish())
        if head.length is not None and not body:  # of a body that is not sent
            return self._engine.send(wire_head(response, method, close=close), _END)
        return self._engine.send_whole(head.status, head.render(), body, close=close)

    def _begin(self, response: Response, method: str, *, body_follows: bool) -> bytes:
        """The head, and the end of the message too where it has no body."""
        if response.status == 101:
            return self._engine.send(switching_head(response))
        leaves_http = response.upgrade_handler is not None
        is_there = isinstance(response.body, bytes | FileBody) and not body_follows
        close = self._is_last(body_is_read=not is_there) or wants_close(response.headers)
        head = wire_head(
            response,
            method,
            close=close and not leaves_http,
            body_follows=body_follows or leaves_http,
        )
        if leaves_http or has_body(response, method):
            return self._engine.send(head)
        return self._engine.send(head, _END)

    def _is_last(self, *, body_is_read: bool = False) -> bool:
        """Whether the connection ends behind this answer.

        :param body_is_read: the answer may be made from the rest of the request's body.
        """
        if body_is_read:
            # If it is not, the connection ends; the head, which is sent first, has to say so.
            return self.closing or self._incoming.is_the_last or self._incoming.may_be_left
        return self.closing or not self._incoming.can_finish()

    async def _send_body(self, response: Response) -> None:
        body = response.body
        try:
            if isinstance(body, FileBody):
                await self._send_file_body(body)
            elif isinstance(body, bytes):
                await self._send_bytes(body)
            else:
                async for piece in body:
                    await self.send_piece(piece)
            trailers = response.trailers
            await self.finish(trailers() if callable(trailers) else trailers or ())
        except PeerGone:
            raise
        except HTTPError:  # from the request's body
            self.broken = True
            raise
        except Exception as exc:
            self.broken = True
            core.report_error(exc, where="the body of an answer")
            raise

    async def _send_bytes(self, body: bytes) -> None:
        if self._engine.send_apart(len(body)):
            await self._outgoing.send(body)
        else:
            await self.send_piece(body)

    async def _send_file_body(self, body: FileBody) -> None:
        sent = await self.send_file(body.file, body.offset, body.count)
        if sent < body.count:
            raise EOFError(f"the file ended {body.count - sent} bytes before its answer")


_END: Final = http1.EndOfMessage()
