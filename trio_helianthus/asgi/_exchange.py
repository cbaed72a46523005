"""One request and its answer, as the messages that an app receives and sends."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import trio

from trio_helianthus import http
from trio_helianthus.errors import ConnectionBroken, ResourceClosed

from ._answer import streamed_answer, whole_answer
from ._messages import AppError, Message

__all__ = ["Exchange"]

# Where an exchange stands: what the app has sent. Numbers, as each request asks several times.
_NOTHING: Final = 0
_HEAD: Final = 1
_BODY: Final = 2
_TRAILERS: Final = 3
_ALL: Final = 4


class Exchange:
    """Gives one run of an app its ``receive`` and its ``send``.

    The body of the request is read when the app asks for it, and not before. An answer whose
    body comes in one message is sent as a whole; where there is ``more_body``, and for a file, the
    head is sent at once, and each piece when the app sends it.
    """

    # Defaults of the class, as most requests change few of them.
    _stage = _NOTHING
    _start: Message
    _writer: http.ResponseWriter | None = None
    _trailers: list[tuple[str, str]] | None = None
    _body_ended = False
    _received = 0
    _told_of_end = False
    _refusal: http.HTTPError | None = None
    _broken: ConnectionBroken | None = None
    _waiting: trio.CancelScope | None = None

    def __init__(self, request: http.Request) -> None:
        self._request = request

    async def receive(self) -> Message:
        """The next piece of the request's body; then wait for the client to go away.

        A body that is refused, as too long for one, ends with ``http.disconnect`` as well, and
        the client gets the server's own answer, whatever the app does then.
        """
        if self._stage == _ALL:
            if self._told_of_end:
                await trio.lowlevel.checkpoint()  # it may be asking in a loop
            self._told_of_end = True
        elif self._body_ended:
            if self._refusal is None:
                with trio.CancelScope() as self._waiting:
                    await self._request.wait_disconnect()
            self._told_of_end = True
        else:
            length = self._request.body.length
            if length == 0:
                self._body_ended = True
                return {"type": "http.request", "body": b"", "more_body": False}
            try:
                data = await self._request.body.receive_some()
            except http.HTTPError as exc:
                self._refusal = exc
            except ResourceClosed:  # by the answer, which is complete
                pass
            else:
                self._received += len(data)
                more = bool(data) and self._received != length
                self._body_ended = not more
                return {"type": "http.request", "body": data, "more_body": more}
            self._body_ended = self._told_of_end = True
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take the next part of the answer.

        :raises AppError: it is no such part, or not the one that is due.
        :raises ConnectionBroken: the client is gone; an ``OSError``, as the specification says.
        """
        kind = message["type"]
        stage = self._stage
        if stage == _NOTHING and kind == "http.response.start":
            if self._refusal is not None:
                raise self._refused()
            self._start = message
            self._stage = _HEAD
            return
        if kind == "http.response.body":
            if stage == _HEAD:
                if message.get("more_body") or self._start.get("trailers"):
                    await self._begin()
                    await self._send_piece(message)
                else:
                    body = message.get("body", b"")
                    if type(body) is not bytes:  # Starlette passes a memoryview on
                        body = bytes(body)
                    is_head = self._request.method == "HEAD"
                    response = whole_answer(self._start, body, is_head=is_head)
                    self._end()
                    self._writer = await self._request.respond(response)
                return
            if stage == _BODY:
                await self._send_piece(message)
                return
        elif kind == "http.response.pathsend" and stage == _HEAD:
            await self._begin()
            await self._send_file(message["path"])
            return
        elif kind == "http.response.trailers" and stage == _TRAILERS:
            await self._send_trailers(message)
            return
        raise self._out_of_turn(kind) if self._refusal is None else self._refused()

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
        if self._stage >= _BODY and self._writer is not None:
            raise AppError("the app returned before its answer was complete")
        if self._told_of_end:  # of a client that is gone, so an answer was not worth making
            raise http.HTTPError(400, "the client left before it was answered")
        raise AppError("the app returned without an answer")

    def failed(self, error: Exception) -> http.ResponseWriter:
        """What the handler returns when the app has raised.

        :raises Exception: the error, which the server reports.
        """
        told_so = self._refusal is not None or _comes_from(error, self._broken)
        if told_so and self._stage < _BODY:
            return self.result()
        raise error

    async def _begin(self) -> None:
        self._stage = _BODY
        if self._start.get("trailers"):
            self._trailers = []
        self._writer = await self._request.start_response(streamed_answer(self._start))

    async def _send_piece(self, message: Message) -> None:
        writer = self._open_writer()
        if body := message.get("body", b""):
            try:
                await writer.send_all(bytes(body))
            except ConnectionBroken as exc:
                self._broken = exc
                raise
        if not message.get("more_body"):
            await self._end_body(writer)

    async def _send_file(self, path: str) -> None:
        writer = self._open_writer()
        file = await trio.to_thread.run_sync(Path(path).open, "rb")
        try:
            await writer.send_file(file)
        except ConnectionBroken as exc:
            self._broken = exc
            raise
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
        for name, value in message.get("headers", ()):
            self._trailers.append((name.decode("ascii"), value.decode("latin-1")))
        if not message.get("more_trailers"):
            await self._open_writer().finish(self._trailers)
            self._end()

    def _end(self) -> None:
        self._stage = _ALL
        if self._waiting is not None:
            self._waiting.cancel(reason="the answer is complete")

    def _open_writer(self) -> http.ResponseWriter:
        if self._writer is None:
            raise AppError("another task is beginning this answer")
        return self._writer

    def _refused(self) -> ConnectionBroken:
        self._broken = ConnectionBroken("the request was refused, and the server answers it")
        return self._broken

    def _out_of_turn(self, kind: str) -> AppError:
        expected = {
            _NOTHING: "'http.response.start'",
            _HEAD: "'http.response.body' or 'http.response.pathsend'",
            _BODY: "'http.response.body'",
            _TRAILERS: "'http.response.trailers'",
            _ALL: "nothing, as the answer is complete",
        }[self._stage]
        return AppError(f"the app sent {kind!r} where the server expects {expected}")


def _comes_from(error: BaseException, origin: BaseException | None) -> bool:
    """Whether an exception was raised because of another one, as frameworks wrap it."""
    found: BaseException | None = error
    while found is not None and found is not origin:
        found = found.__cause__ or found.__context__
    return found is not None
