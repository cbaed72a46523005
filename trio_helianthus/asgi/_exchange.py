"""One request and its answer, as the messages that an app receives and sends."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NoReturn

import trio

from trio_helianthus import http
from trio_helianthus.errors import ConnectionBroken, ResourceClosed

from ._answer import AnswerStart, body_of, read_field
from ._messages import AppError, Message

__all__ = ["Exchange"]

# Where an exchange stands: what the app has sent. Numbers, as each request asks several times.
_NOTHING: Final = 0
_HEAD: Final = 1
_BODY: Final = 2
_TRAILERS: Final = 3
_ALL: Final = 4
_OVER: Final = 5  # the app has ended


class Exchange:
    """Gives one run of an app its ``receive`` and its ``send``.

    The body of the request is read when the app asks for it, and not before. An answer whose
    body comes in one message is sent as a whole; where there is ``more_body``, and for a file, the
    head is sent with the first piece, and each piece when the app sends it. The head of a stream of
    events does not wait for the first one.
    """

    __slots__ = (
        "_body_ended",
        "_broken",
        "_listeners",
        "_received",
        "_refusal",
        "_request",
        "_stage",
        "_start",
        "_told_of_end",
        "_trailers",
        "_writer",
        "answer",
    )

    _start: AnswerStart
    _trailers: list[tuple[str, str]]

    def __init__(self, request: http.Request) -> None:
        self._request = request
        self._stage: int = _NOTHING
        self._writer: http.ResponseWriter | None = None
        self._body_ended = False
        self._received = 0
        self._told_of_end = False
        self._refusal: http.HTTPError | None = None
        self._broken: ConnectionBroken | None = None
        self._listeners: set[trio.CancelScope] | None = None
        self.answer: http.ResponseWriter | None = None
        """What the handler returns when the app has returned, if its answer is complete."""

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
        kind = message["type"]
        stage = self._stage
        try:
            if stage == _NOTHING and kind == "http.response.start" and self._refusal is None:
                self._start = start = AnswerStart.of(message)
                self._stage = _HEAD
                if start.begins_at_once:
                    await self._begin()
            elif stage == _HEAD and kind == "http.response.body":
                start = self._start
                body = body_of(message)
                if message.get("more_body") or start.trailers:
                    await self._begin()
                    await self._send_piece(message)
                else:
                    response = start.whole(body, self._request.method)
                    self._stage = _BODY  # and no listener is woken until it has left
                    self._end(await self._request.respond(response))
            elif stage == _BODY and kind == "http.response.body":
                await self._send_piece(message)
            elif stage == _HEAD and kind == "http.response.pathsend":
                await self._send_file(message)
            elif stage == _TRAILERS and kind == "http.response.trailers":
                await self._send_trailers(message)
            else:
                raise self._complaint(kind)
        except ConnectionBroken as exc:
            self._broken = exc
            raise

    def returned(self) -> NoReturn:
        """The app has returned, and its answer is not complete.

        :raises HTTPError: the answer that the server gives instead of the app.
        :raises AppError: the app gave no answer, or only a part of one.
        """
        stage, self._stage = self._stage, _OVER
        if self._refusal is not None and stage < _BODY:
            raise self._refusal
        if self._broken is not None:
            raise self._broken
        if stage >= _BODY:
            raise AppError("the app returned before its answer was complete")
        if self._told_of_end:  # of a client that is gone, so an answer was not worth making
            raise http.HTTPError(400, "the client left before it was answered")
        raise AppError("the app returned without an answer")

    def ended_by(self, error: BaseException) -> None:
        """The app has raised, and that is to go on.

        :raises HTTPError: the server's own answer instead, where the app has heard by a disconnect
            that the request was refused.
        """
        stage, self._stage = self._stage, _OVER
        if self._refusal is not None and stage < _BODY and isinstance(error, Exception):
            raise self._refusal

    # ---- what is received

    async def _receive_piece(self) -> Message:
        data = None if self._received else self._request.read_nowait()
        more = False
        if data:
            await trio.lowlevel.checkpoint_if_cancelled()  # who only asks for news loses nothing
        elif data is None:
            body = self._request.body
            data = await body.receive_some()
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

    async def _begin(self) -> None:
        self._stage = _BODY
        self._trailers = []
        self._writer = await self._request.start_response(self._start.without_body())

    async def _send_piece(self, message: Message) -> None:
        body = body_of(message)
        writer = self._open_writer()
        if body:
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
            if self._stage != _HEAD:  # any more
                raise self._complaint("http.response.pathsend")
            await self._begin()
            writer = self._open_writer()
            await writer.send_file(file, count=self._start.length)
        finally:
            file.close()
        await self._end_body(writer)

    async def _end_body(self, writer: http.ResponseWriter) -> None:
        if self._start.trailers:
            self._stage = _TRAILERS
        else:
            await writer.finish()
            self._end(writer)

    async def _send_trailers(self, message: Message) -> None:
        try:
            fields = [read_field(pair) for pair in message.get("headers", ())]
        except (TypeError, ValueError) as exc:
            raise AppError(f"the app's http.response.trailers is malformed: {exc}") from exc
        for name, value in fields:
            self._trailers.append((name.decode("ascii"), value.decode("latin-1")))
        if not message.get("more_trailers"):
            writer = self._open_writer()
            await writer.finish(self._trailers if self._takes_trailers else ())
            self._end(writer)

    @property
    def _takes_trailers(self) -> bool:
        """Whether the client says so, as the extension demands."""
        options = self._request.headers.get("te", "").lower().split(",")
        return "trailers" in [option.strip() for option in options]

    def _end(self, answer: http.ResponseWriter) -> None:
        self.answer = answer
        self._stage = _ALL
        if self._listeners is not None:
            for scope in self._listeners:
                scope.cancel(reason="the answer is complete")

    def _open_writer(self) -> http.ResponseWriter:
        if self._writer is None:
            raise AppError("another task is sending this answer")
        return self._writer

    def _complaint(self, kind: str) -> AppError | ConnectionBroken:
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
