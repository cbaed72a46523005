"""A WebSocket that another ASGI server has received, for a handler of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import trio

from trio_helianthus import core, http, net
from trio_helianthus.errors import LocalProtocolError, NetworkError, ResourceClosed
from trio_helianthus.wire import websocket as wire

from ._guest_request import GuestRequest
from ._messages import Message, Receive, Scope, Send

__all__ = ["GuestHandshake"]

_HANDSHAKES_OWN: Final = (
    b":",
    b"connection",
    b"content-length",
    b"sec-websocket-",
    b"transfer-encoding",
    b"upgrade",
)
_MOST: Final = 2**62
_NO_LIMITS: Final = wire.Limits(max_message_bytes=_MOST, max_frame_bytes=_MOST, max_fragments=_MOST)
"""For what our own handler sends."""

FAREWELL_SECONDS: Final = 5.0
"""How long a server that finds the client gone, as we send, may take to tell so when we receive."""


class GuestHandshake(GuestRequest):
    """The handshake as a request, as it would have come to a server of ours.

    Where it is accepted, our handler has one end of a stream in memory, as if that were the
    connection, and at the other end frames become the server's messages, and these become frames.
    So everything that a handler of WebSockets can do it can do here, and its limits count.

    :param receive: has given ``websocket.connect`` already.
    """

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, limits: http.ServerLimits
    ) -> None:
        self._receive_message = receive
        self._send_message = send
        self._farewell: Message | None = None
        self._watching = trio.CancelScope()
        self._watch_ended = trio.Event()
        denial = _Denial(send, scope.get("extensions") or {})
        super().__init__(_as_http(scope), self._receive_as_http, denial.send, limits)

    async def answer(self, response: http.Response) -> http.ResponseWriter:
        """Accept the WebSocket, or refuse it."""
        upgrade = response.upgrade_handler
        if upgrade is None or response.headers.get("upgrade") != "websocket":
            return await super().answer(response)
        writer = self._outbox.take_over(response)
        self._watching.cancel(reason="the WebSocket is accepted")
        await self._watch_ended.wait()
        ours, theirs = net.memory_stream_pair()
        loop = _Loop(ours, self._receive_next, self._send_message)
        if self._farewell is None:
            await loop.tell(_acceptance(response))
        else:
            loop.client_left = True
        async with core.open_background_nursery() as background:
            background.start_soon(loop.run)
            await upgrade(theirs)
            await theirs.aclose()
            await loop.ended.wait()
        return writer

    async def watch(self) -> None:
        """Wait for the client to go away, as long as it waits for an answer."""
        try:
            with self._watching:
                await super().watch()
        finally:
            self._watch_ended.set()

    async def _receive_as_http(self) -> Message:
        self._farewell = await self._receive_message()  # while it waits, it can be nothing else
        return {"type": "http.disconnect"}

    async def _receive_next(self) -> Message:
        """Receive; the handler of a client that has left already is told so by its WebSocket."""
        farewell, self._farewell = self._farewell, None
        return await self._receive_message() if farewell is None else farewell


class _Denial:
    """Sends an HTTP answer as the refusal of a WebSocket."""

    def __init__(self, send: Send, extensions: Mapping[str, Any]) -> None:
        self._send = send
        self._has_answers = "websocket.http.response" in extensions

    async def send(self, message: Message) -> None:
        if self._has_answers:
            await self._send({**message, "type": f"websocket.{message['type']}"})
        elif message["type"] == "http.response.start":
            await self._send({"type": "websocket.close"})


class _Loop:
    """The client's side of the stream in memory: frames there, messages here."""

    def __init__(self, stream: net.ByteStream, receive: Receive, send: Send) -> None:
        self.ended = trio.Event()
        """Whether the handler's side is closed, and all that it had to say is said."""
        self.client_left = False
        """Whether there is nobody to tell anything."""
        self._protocol = wire.client_connection(limits=_NO_LIMITS)
        self._stream = stream
        self._sending = trio.Lock()
        self._receive = receive
        self._send = send
        self._bringing = trio.CancelScope()
        self._parts: list[Any] = []

    async def run(self) -> None:
        """Run until our handler's side is closed."""
        async with core.open_background_nursery() as background:
            background.start_soon(self._bring_messages)
            await self._take_frames(background)
        if self._protocol.close_received is None:
            await self.tell({"type": "websocket.close", "code": int(wire.CloseCode.INTERNAL_ERROR)})
        await self._stream.aclose()
        self.ended.set()

    async def tell(self, message: Message) -> None:
        """Send the server a message, unless the client has left."""
        if not self.client_left:
            try:
                await self._send(message)
            except net.SYSTEM_ERRORS:  # it has left; what it said before may still be to receive
                self.client_left = True
                self._bringing.deadline = trio.current_time() + FAREWELL_SECONDS

    async def _bring_messages(self) -> None:
        with self._bringing:
            await self._bring_all()
        if self._bringing.cancelled_caught:
            self._stream.reset()

    async def _bring_all(self) -> None:
        while (message := await self._receive())["type"] == "websocket.receive":
            data = message.get("bytes")
            if data is None:
                await self._put(self._protocol.send_text, message["text"])
            else:
                await self._put(self._protocol.send_binary, data)
        self.client_left = True
        code = message.get("code")
        if code in (None, wire.CloseCode.NO_STATUS):
            close = wire.Close()
        else:
            close = wire.Close(code, message.get("reason") or "")
        try:
            await self._put(self._protocol.send, close)
        except LocalProtocolError:  # such as 1006, which nobody can send
            self._stream.reset()

    async def _take_frames(self, background: core.BackgroundNursery) -> None:
        protocol = self._protocol
        while True:
            for item in protocol.next_batch():
                if isinstance(item, wire.Ping):
                    background.start_soon(self._put, protocol.send, wire.Pong(item.payload))
                elif isinstance(item, wire.Close):
                    await self.tell({"type": "websocket.close", **_meaning(item)})
                    background.start_soon(self._put, protocol.send, wire.Close(item.code))
                elif not isinstance(item, wire.Pong):
                    await self._take_message(item)
            try:
                data = await self._stream.receive_some()
            except (NetworkError, ResourceClosed):  # lost, by either side
                return
            if not data:
                return
            protocol.receive_data(data)

    async def _take_message(self, item: str | bytes | wire.Text | wire.Binary) -> None:
        if isinstance(item, (wire.Text, wire.Binary)):
            self._parts.append(item.data)
            if not item.end:
                return
            item = "".join(self._parts) if isinstance(item, wire.Text) else b"".join(self._parts)
            self._parts = []
        kind = "text" if isinstance(item, str) else "bytes"
        await self.tell({"type": "websocket.send", kind: item})

    async def _put(self, encode: Callable[[Any], bytes], value: object) -> None:
        """Send a frame to our handler, unless it has closed its side."""
        async with self._sending:
            if self._protocol.close_sent is None:
                with suppress(NetworkError, ResourceClosed):
                    await self._stream.send_all(encode(value))


def _meaning(close: wire.Close) -> Message:
    code = wire.CloseCode.NORMAL if close.code is None else close.code
    return {"code": int(code), "reason": close.reason}


def _as_http(scope: Scope) -> Scope:
    """The scope of the request that a handshake is, whatever it was to the server."""
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if not bytes(name).lower().startswith(_HANDSHAKES_OWN)
    ]
    headers += [
        (b"connection", b"Upgrade"),
        (b"upgrade", b"websocket"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", wire.make_key().encode()),
    ]
    if subprotocols := scope.get("subprotocols"):
        headers.append((b"sec-websocket-protocol", ", ".join(subprotocols).encode()))
    scheme = "https" if scope.get("scheme") == "wss" else "http"
    changes = {"type": "http", "method": "GET", "http_version": "1.1", "scheme": scheme}
    return {**scope, **changes, "headers": headers}


def _acceptance(response: http.Response) -> Message:
    fields = [(name.lower(), value) for name, value in response.raw_headers]
    return {
        "type": "websocket.accept",
        "subprotocol": response.headers.get("sec-websocket-protocol"),
        "headers": [field for field in fields if not field[0].startswith(_HANDSHAKES_OWN)],
    }
