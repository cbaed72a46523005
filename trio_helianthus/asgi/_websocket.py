"""One WebSocket, as the messages that an app receives and sends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from weakref import WeakSet

import trio

from trio_helianthus import core, http, websocket
from trio_helianthus.errors import (
    ConnectionBroken,
    LocalProtocolError,
    ResourceClosed,
    WebSocketClosed,
)

from ._answer import read_field
from ._exchange import Exchange
from ._messages import AppError, ASGIApp, Message, Scope

__all__ = ["asks_for_websocket", "offered_subprotocols", "serve_websocket"]

# Where a WebSocket stands. What the app has sent, but for GONE: that it was told of the end.
_CONNECTING: Final = 0
_ACCEPTING: Final = 1
_OPEN: Final = 2
_DENYING: Final = 3
_CLOSED: Final = 4
_GONE: Final = 5
_OVER: Final = 6  # the app has ended

_BYTES: Final = (bytes, bytearray, memoryview)
_IGNORED: Final = frozenset([b"connection", b"upgrade", b"content-length", b"transfer-encoding"])


def asks_for_websocket(request: http.Request) -> bool:
    """Whether a request is the opening handshake of a WebSocket (:rfc:`6455` section 4.2.1).

    One that only names the protocol is any other request (:rfc:`9110` section 7.8).
    """
    return (
        request.method == "GET"
        and request.http_version == "1.1"
        and "websocket" in _options(request.headers.get_all("upgrade"))
        and "upgrade" in _options(request.headers.get_all("connection"))
    )


def offered_subprotocols(request: http.Request) -> list[str]:
    """The subprotocols that a handshake offers, the client's favourite first."""
    lines = request.headers.get_all("sec-websocket-protocol")
    return [name.strip() for line in lines for name in line.split(",") if name.strip()]


async def serve_websocket(
    app: ASGIApp,
    request: http.Request,
    scope: Scope,
    limits: websocket.WebSocketLimits | None,
    deflate: websocket.Deflate | None,
) -> http.HandlerResult:
    """Have an app answer a handshake, and serve the WebSocket if it accepts it.

    All of it in this task, so that the app's own scopes may reach around its ``accept``.

    :returns: what the handler of the request returns.
    :raises HTTPError: the handshake is malformed, and the app does not hear of it.
    :raises AppError: the app returned without an answer.
    """
    async with core.open_background_nursery() as background:
        exchange = WebSocketExchange(request, background.contained, limits, deflate)
        error = None
        try:
            with exchange.app_scope:
                try:
                    await app(scope, exchange.receive, exchange.send)
                except Exception as exc:
                    error = exc
            return await exchange.end(error)
        finally:
            del error  # whose traceback refers to this frame
            exchange.let_go()


class WebSocketExchange:
    """Gives one run of an app its ``receive`` and its ``send``.

    Before it accepts, the app is the handler of an HTTP request, and refuses by an HTTP answer.
    When it accepts, a second task answers with 101, and is the handler of the connection until the
    app has ended; the app goes on in the task where it was.

    :param nursery: ends after the app.
    :raises HTTPError: the handshake is malformed.
    """

    def __init__(
        self,
        request: http.Request,
        nursery: trio.Nursery,
        limits: websocket.WebSocketLimits | None,
        deflate: websocket.Deflate | None,
    ) -> None:
        self.app_scope = trio.CancelScope()
        """Around the app, which is cancelled where it does not notice the end."""
        self._request = request
        self._nursery = nursery
        self._acceptance = websocket.accept(request, self._talk, limits=limits, deflate=deflate)
        self._stage: int = _CONNECTING
        self._told_of_start = False
        self._denial: Exchange | None = None
        self._answer: http.ResponseWriter | None = None
        self._connection: websocket.ServerConnection | None = None
        self._opened: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
        self._app_ended = trio.Event()
        self._finished = trio.Event()
        self._listeners: set[trio.CancelScope] = set()
        self._code = int(websocket.CloseCode.ABNORMAL)
        self._reason = ""
        self._raised = WeakSet[ConnectionBroken]()

    async def receive(self) -> Message:
        """The handshake, then the client's messages, then that it is gone.

        :raises ResourceBusy: another task of the app waits for a message.
        """
        if not self._told_of_start:
            self._told_of_start = True
            await trio.lowlevel.checkpoint()
            return {"type": "websocket.connect"}
        while self._stage in (_CONNECTING, _ACCEPTING, _DENYING):
            await self._listen()
        if self._stage == _OPEN and self._connection is not None:
            try:
                data = await self._connection.receive()
            except WebSocketClosed as exc:
                self._note_end(exc.code, exc.reason)
            except ResourceClosed:
                pass  # by the app, in another task
            else:
                is_text = isinstance(data, str)
                return {
                    "type": "websocket.receive",
                    "text": data if is_text else None,
                    "bytes": None if is_text else data,
                }
        else:
            await trio.lowlevel.checkpoint()  # it may be asking in a loop
        return {"type": "websocket.disconnect", "code": self._code, "reason": self._reason}

    async def send(self, message: Message) -> None:
        """Take the app's answer to the handshake, a message of it, or its close.

        :raises AppError: it is no such message, or not one that is due.
        :raises ConnectionBroken: the client is gone; an ``OSError``, as the specification says.
        """
        kind = message["type"]
        while self._stage == _ACCEPTING:  # which another task does
            await self._listen()
        stage, connection = self._stage, self._connection
        if stage == _OPEN and kind == "websocket.send" and connection is not None:
            await self._send(connection, _data_of(message))
        elif stage == _OPEN and kind == "websocket.close" and connection is not None:
            self._close(connection, message)
            await trio.lowlevel.checkpoint()
        elif stage == _GONE and kind == "websocket.close":
            await trio.lowlevel.checkpoint()  # that is what the app wants
        elif stage == _CONNECTING and kind == "websocket.accept":
            await self._accept(message)
        elif stage == _CONNECTING and kind == "websocket.close":
            self._stage = _DENYING
            refusal = http.Response.text("this WebSocket was refused\n", status=403)
            self._answer = await self._request.respond(refusal)
            self._end_handshake(_CLOSED)
        elif stage == _CONNECTING and kind == "websocket.http.response.start":
            denial = Exchange(self._request)
            await denial.send({**message, "type": "http.response.start", "trailers": False})
            self._denial, self._stage = denial, _DENYING
        elif (
            stage == _DENYING
            and kind == "websocket.http.response.body"
            and self._denial is not None
        ):
            await self._denial.send({**message, "type": "http.response.body"})
            if self._denial.answer is not None:
                self._end_handshake(_CLOSED)
        else:
            raise self._complaint(kind)

    async def end(self, error: Exception | None) -> http.HandlerResult:
        """The app has ended: close what is still open, and wait for that.

        :param error: what the app has raised.
        :returns: what the handler returns.
        :raises Exception: ``error``, or an :exc:`AppError`, where the handshake has no answer.
        """
        stage = self._stage
        self._end_handshake(_OVER)
        tells_of_end = error is not None and self._has_raised(error)
        if (connection := self._connection) is not None:
            if error is not None and not tells_of_end:
                core.report_error(error, where=f"ASGI app at {self._request.target}")
                connection.close_nowait(websocket.CloseCode.INTERNAL_ERROR)
            self._app_ended.set()
            await self._finished.wait()
        elif error is not None and not tells_of_end:
            if self._denial is not None:
                self._denial.ended_by(error)
            try:
                raise error
            finally:
                del error  # whose traceback refers to this frame
        elif self._denial is not None and stage != _GONE:
            return self._denial.answer or self._denial.returned()
        if self._answer is not None:
            return self._answer
        if stage == _GONE:
            raise http.HTTPError(400, "the client left before it was answered")
        raise AppError("the app returned without accepting or refusing the WebSocket")

    def let_go(self) -> None:
        """Forget what is large, or refers to this: the app has ended."""
        self._end_handshake(_OVER)
        self._connection = None
        del self._acceptance

    # ---- the handshake

    async def _listen(self) -> None:
        """Wait until the client is gone, or has an answer."""
        with trio.CancelScope() as scope:
            self._listeners.add(scope)
            try:
                await self._request.wait_disconnect()
                if self._stage == _ACCEPTING:
                    await trio.sleep_forever()  # until that has come to its end
            finally:
                self._listeners.discard(scope)
            if not scope.cancel_called:  # else the handshake has another end, in the same moment
                self._end_handshake(_GONE)

    def _end_handshake(self, stage: int) -> None:
        self._stage = stage
        for scope in self._listeners:
            scope.cancel(reason="the handshake is over")

    async def _accept(self, message: Message) -> None:
        fields = _fields_of(message)
        answer = self._acceptance
        for name, value in fields:
            answer.headers.add(name.decode("ascii"), value.decode("latin-1"))
        subprotocol = message.get("subprotocol")
        if subprotocol in offered_subprotocols(self._request):  # RFC 6455, section 4.2.2
            answer.headers["Sec-WebSocket-Protocol"] = subprotocol
        self._stage = _ACCEPTING
        try:
            await self._nursery.start(self._open, answer)
        except BaseException:
            self._end_handshake(_GONE)
            raise
        self._end_handshake(_OPEN)

    async def _open(self, answer: http.Response, *, task_status: trio.TaskStatus[None]) -> None:
        """Answer the handshake, and stay until the WebSocket has ended."""
        self._opened = task_status
        try:
            self._answer = await self._request.respond(answer)
        finally:
            self._finished.set()
        if self._stage == _ACCEPTING:
            raise self._broken("the client's handshake was refused")

    async def _talk(self, connection: websocket.ServerConnection) -> None:
        """Be the handler of the WebSocket, which the app really is."""
        self._connection = connection
        self._opened.started()
        try:
            await self._app_ended.wait()
        finally:
            if not self._app_ended.is_set():
                self.app_scope.cancel(reason="its WebSocket has ended")

    # ---- messages

    async def _send(self, connection: websocket.ServerConnection, data: str | bytes) -> None:
        try:
            await connection.send(data)
        except LocalProtocolError as exc:
            raise AppError(f"the app's message cannot be sent: {exc}") from exc
        except (WebSocketClosed, ResourceClosed) as exc:
            raise self._broken(f"the WebSocket has ended: {exc}") from exc

    def _close(self, connection: websocket.ServerConnection, message: Message) -> None:
        """Close, and leave the waiting for the client's answer to another task."""
        code, reason = message.get("code"), message.get("reason")
        code = websocket.CloseCode.NORMAL if code is None else code
        reason = "" if reason is None else reason
        if type(code) is bool or not isinstance(code, int) or not isinstance(reason, str):
            raise AppError(f"the app closes with code {code!r} and reason {reason!r}")
        try:
            connection.close_nowait(int(code), reason)
        except LocalProtocolError as exc:
            raise AppError(f"the app cannot close so: {exc}") from exc
        self._stage = _CLOSED
        self._code, self._reason = int(code), reason
        self._nursery.start_soon(connection.aclose)

    def _note_end(self, code: int, reason: str) -> None:
        if self._stage == _OPEN:
            self._stage = _GONE
            self._code, self._reason = code, reason

    def _broken(self, message: str) -> ConnectionBroken:
        error = ConnectionBroken(message)
        self._raised.add(error)
        return error

    def _has_raised(self, error: BaseException) -> bool:
        """Whether an error of the app is one from here, or a group of such, and no mistake."""
        if isinstance(error, BaseExceptionGroup):
            return all(map(self._has_raised, error.exceptions))
        return isinstance(error, ConnectionBroken) and error in self._raised

    def _complaint(self, kind: str) -> AppError | ConnectionBroken:
        if self._stage == _OVER:
            return self._broken("the app has ended, and with it its WebSocket")
        if self._stage == _GONE:
            return self._broken("the client is gone")
        expected = {
            _CONNECTING: "'websocket.accept', 'websocket.close' or 'websocket.http.response.start'",
            _OPEN: "'websocket.send' or 'websocket.close'",
            _DENYING: "'websocket.http.response.body'",
            _CLOSED: "nothing, as the app has closed or refused the WebSocket",
        }[self._stage]
        return AppError(f"the app sent {kind!r} where the server expects {expected}")


def _options(lines: Sequence[str]) -> list[str]:
    return [option.strip() for line in lines for option in line.lower().split(",")]


def _fields_of(message: Message) -> list[tuple[bytes, bytes]]:
    """The app's fields for the answer to the handshake, without those that the server knows."""
    fields = []
    try:
        pairs: Iterable[Any] = message.get("headers") or ()
        for pair in pairs:
            name, value = read_field(pair)
            if name.lower().startswith(b"sec-websocket-"):
                raise ValueError(f"{name!r} is the server's business")
            if name.lower() not in _IGNORED:
                fields.append((name, value))
    except (TypeError, ValueError) as exc:
        raise AppError(f"the app's websocket.accept is malformed: {exc}") from exc
    subprotocol = message.get("subprotocol")
    if subprotocol is not None and not isinstance(subprotocol, str):
        raise AppError(f"the app's subprotocol is {type(subprotocol).__name__}, not str")
    return fields


def _data_of(message: Message) -> str | bytes:
    """What the app sends; where there are both, the bytes, as other servers have it."""
    data, text = message.get("bytes"), message.get("text")
    if data is None and isinstance(text, str):
        return text
    if not isinstance(data, _BYTES):
        raise AppError("the app's websocket.send has neither bytes nor a text")
    return bytes(data)
