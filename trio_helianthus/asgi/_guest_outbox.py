"""One answer, as the messages that another server takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from trio_helianthus import http
from trio_helianthus.errors import ResourceBusy
from trio_helianthus.net import BinaryFile, Buffer

from ._messages import Message, Send

__all__ = ["Outbox"]

_BODILESS: Final = frozenset([204, 304])
_SERVERS_BUSINESS: Final = frozenset([b"connection", b"transfer-encoding"])


class Outbox:
    """Sends one answer as messages."""

    def __init__(self, send: Send, extensions: Mapping[str, Any], method: str) -> None:
        self.writer: http.ResponseWriter | None = None
        self._send = send
        self._takes_trailers = "http.response.trailers" in extensions
        self._method = method
        self._trailers = False

    async def send(self, response: http.Response) -> http.ResponseWriter:
        """Send an answer with its body."""
        body, trailers = response.body, response.trailers
        if isinstance(body, bytes):
            return await self.start(response, body)
        writer = await self.start(response, trailers=trailers is not None)
        if not writer.finished:
            async for piece in body:
                await writer.send_all(piece)
            await writer.finish(trailers() if callable(trailers) else trailers or ())
        return writer

    async def start(
        self, response: http.Response, body: bytes | None = None, *, trailers: bool = True
    ) -> http.ResponseWriter:
        """Send the head of an answer.

        :param body: all of it; ``None`` where it follows piece by piece.
        :param trailers: whether they may follow, too.
        """
        if self.writer is not None:
            raise ResourceBusy("this request has its answer already")
        has_body = self._method != "HEAD" and response.status not in _BODILESS
        follows = has_body and body is None
        self._trailers = trailers and follows and self._takes_trailers
        self.writer = http.ResponseWriter(self, has_body=follows, status=response.status)
        fields = [(name.lower(), value) for name, value in response.raw_headers]
        message: Message = {
            "type": "http.response.start",
            "status": response.status,
            "headers": [field for field in fields if field[0] not in _SERVERS_BUSINESS],
        }
        if body is not None:
            _say_length(message["headers"], response.status, body, has_body=has_body)
        if self._trailers:
            message["trailers"] = True
        await self._send(message)
        if not follows:
            await self._send({"type": "http.response.body", "body": body if has_body else b""})
        return self.writer

    def take_over(self, response: http.Response) -> http.ResponseWriter:
        """Leave the answer, which is complete then, to somebody else."""
        if self.writer is not None:
            raise ResourceBusy("this request has its answer already")
        self.writer = http.ResponseWriter(self, has_body=False, status=response.status)
        return self.writer

    async def send_piece(self, data: Buffer) -> None:
        await self._send({"type": "http.response.body", "body": bytes(data), "more_body": True})

    async def send_file(self, file: BinaryFile, offset: int, count: int) -> int:
        sent = 0
        async for piece in http.FileBody(file, offset, count):
            await self.send_piece(piece)
            sent += len(piece)
        return sent

    async def finish(self, trailers: http.HeaderTypes = ()) -> None:
        await self._send({"type": "http.response.body", "body": b""})
        if self._trailers:
            fields = http.Headers(trailers).raw
            await self._send({"type": "http.response.trailers", "headers": list(fields)})


def _say_length(
    fields: list[tuple[bytes, bytes]], status: int, body: bytes, *, has_body: bool
) -> None:
    """Say how long a body is that is there; a ``HEAD`` may know better."""
    if status in _BODILESS or body or has_body:
        fields[:] = [field for field in fields if field[0] != b"content-length"]
        if status not in _BODILESS:
            fields.append((b"content-length", b"%d" % len(body)))
