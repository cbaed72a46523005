"""One request and its answer, as the messages that an app receives and sends."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import trio

from trio_helianthus import http
from trio_helianthus.errors import ConnectionBroken, ResourceClosed

from ._answer import AnswerStart, body_of, read_fields
from ._messages import AppError, Message

__all__ = ["Exchange"]

# Where an exchange stands: what the app has sent. Numbers, as each request asks several times.
_NOTHING: Final = 0
_HEAD: Final = 1
_BODY: Final = 2
_TRAILERS: Final = 3
_ALL: Final = 4
_OVER: Final = 5  # the app has returned, and what a task of it still sends comes too late


class Exchange:
    """Gives one run of an app its ``receive`` and its ``send``.

    The body of the request is read when the app asks for it, and not before. An answer whose
    body comes in one message is sent as a whole; where there is ``more_body``, and for a file, the
    head is sent at once, and each piece when the app sends it.
    """

    # Defaults of the class, as most requests change few of them.
    _stage = _NOTHING
    _start: AnswerStart
    _writer: http.ResponseWriter | None = None
    _trailers: list[tuple[str, str]] | None = None
    _body_ended = False
    _received = 0
    _told_of_end = False
    _refusal: http.HTTPError | None = None
    _broken: ConnectionBroken | None = None
    _listeners: set[trio.CancelScope] | None = None

    def __init__(self, request: http.Request) -> None:
        self._request = request

    async def receive(self) -> Message:
        """The next piece of the request's body; then wait for the client to go away.

        A body that is refused, as too long for one, ends with ``http.disconnect`` as well, and
        the client gets the server's own answer, whatever the app does then.
        """
        if not self._body_ended and self._stage < _ALL:
            try:
                return await self._receive_piece()
            except http.HTTPError as exc:
                self._refusal = exc
            except ResourceClosed:  # by the answer, which is complete
                pass
            self._body_ended = True
        elif self._told_of_end:
            await trio.lowlevel.checkpoint()  # it may be asking in a loop
        elif self._stage < _ALL and self._refusal is None:
            await self._listen()
        self._told_of_end = True
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take the next part of the answer.

        :raises AppError: it is no such part, or not the one that is due.
        :raises ConnectionBroken: the client is gone; an ``OSError``, as the specification says.
        """
        kind = message.get("type")
        stage = self._stage
        try:
            if kind == "http.response.start" and stage == _NOTHING and self._refusal is None:
                self._start = AnswerStart(message)
                self._stage = _HEAD
            elif kind == "http.response.body" and stage == _HEAD:
                if message.get("more_body") or self._start.trailers:
                    await self._begin()
                    await self._send_piece(message)
                else:
                    await self._send_whole(message)
            elif kind == "http.response.body" and stage == _BODY:
                await self._send_piece(message)
            elif kind == "http.response.pathsend" and stage == _HEAD:
                await self._send_file(message)
            elif kind == "http.response.trailers" and stage == _TRAILERS:
                await self._send_trailers(message)
            else:
                raise self._complaint(kind)
        except ConnectionBroken as exc:
            self._broken = exc
            raise

    def result(self) -> http.ResponseWriter:
        """What the handler returns when the app has returned.

        :raises HTTPError: the answer that the server gives instead of the app.
        :raises AppError: the app gave no answer, or only a part of one.
        """
        if self._stage == _ALL and self._writer is not None:
            return self._writer
        if self._refusal is not None and self._stage < _BODY:
            raise self._refusal
        if self._broken is not None:
            raise self._broken
        if self._stage >= _BODY:
            raise AppError("the app returned before its answer was complete")
        if self._told_of_end:  # of a client that is gone, so an answer was not worth making
            raise http.HTTPError(400, "the client left before it was answered")
        raise AppError("the app returned without an answer")

    def failed(self, error: Exception) -> http.ResponseWriter:
        """What the handler returns when the app has raised.

        :raises Exception: the error, which the server reports.
        """
        if self._refusal is not None and self._stage < _BODY:
            return self.result()  # which the app was told of by a disconnect
        raise error

    def close(self) -> None:
        """The app has ended: what a task of it still sends must not answer another request."""
        self._stage = _OVER

    # ---- what is received

    async def _receive_piece(self) -> Message:
        body = self._request.body
        data = b"" if body.length == 0 else await body.receive_some()
        self._received += len(data)
        more = bool(data) and self._received != body.length
        self._body_ended = not more
        return {"type": "http.request", "body": data, "more_body": more}

    async def _listen(self) -> None:
        """Wait until the client is gone, or the answer complete."""
        if self._listeners is None:
            self._listeners = set()
        with trio.CancelScope() as scope:
            self._listeners.add(scope)
            try:
                await self._request.wait_disconnect()
            finally:
                self._listeners.discard(scope)

    # ---- what is sent

    async def _send_whole(self, message: Message) -> None:
        is_head = self._request.method == "HEAD"
        response = self._start.whole(body_of(message), is_head=is_head)
        self._stage = _BODY  # until it has left, so that nobody who listens goes before
        self._writer = await self._request.respond(response)
        self._end()

    async def _begin(self) -> None:
        self._stage = _BODY
        if self._start.trailers:
            self._trailers = []
        self._writer = await self._request.start_response(self._start.without_body())

    async def _send_piece(self, message: Message) -> None:
        writer = self._open_writer()
        if body := body_of(message):
            await writer.send_all(body)
        if not message.get("more_body"):
            await self._end_body(writer)

    async def _send_file(self, message: Message) -> None:
        """Send a file, and of one that has grown no more than the app has said."""
        path = message.get("path")
        if not isinstance(path, str):
            raise AppError(f"the app sent a path that is {type(path).__name__}, not str")
        file = await trio.to_thread.run_sync(Path(path).open, "rb")
        try:
            await self._begin()
            writer = self._open_writer()
            await writer.send_file(file, count=self._start.length)
        finally:
            file.close()
        await self._end_body(writer)

    async def _end_body(self, writer: http.ResponseWriter) -> None:
        if self._trailers is None:
            await writer.finish()
            self._end()
        else:
            self._stage = _TRAILERS

    async def _send_trailers(self, message: Message) -> None:
        assert self._trailers is not None
        try:
            fields = read_fields(message.get("headers", ()))
        except (LookupError, TypeError, ValueError) as exc:
            raise AppError(f"the app's http.response.trailers is malformed: {exc}") from exc
        for name, value in fields:
            self._trailers.append((name.decode("ascii"), value.decode("latin-1")))
        if not message.get("more_trailers"):
            await self._open_writer().finish(self._trailers if self._takes_trailers else ())
            self._end()

    def _end(self) -> None:
        self._stage = _ALL
        if self._listeners is not None:
            for scope in self._listeners:
                scope.cancel(reason="the answer is complete")

    @property
    def _takes_trailers(self) -> bool:
        """Whether the client says so, as the extension demands."""
        options = self._request.headers.get("te", "").lower().split(",")
        return any(option.partition(";")[0].strip() == "trailers" for option in options)

    def _open_writer(self) -> http.ResponseWriter:
        if self._writer is None:
            raise AppError("another task is sending this answer")
        return self._writer

    def _complaint(self, kind: object) -> AppError | ConnectionBroken:
        if self._stage == _OVER:
            return ConnectionBroken("the app has ended, and with it its answer")
        if self._refusal is not None:
            return ConnectionBroken("the request was refused, and the server answers it")
        expected = {
            _NOTHING: "'http.response.start'",
            _HEAD: "'http.response.body' or 'http.response.pathsend'",
            _BODY: "'http.response.body'",
            _TRAILERS: "'http.response.trailers'",
            _ALL: "nothing, as the answer is complete",
        }[self._stage]
        return AppError(f"the app sent {kind!r} where the server expects {expected}")
