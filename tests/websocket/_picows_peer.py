"""picows as a peer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import attrs

from tests.websocket._peers import Handle, Kind, Message, Options, Peer, Refused, Started

if TYPE_CHECKING:
    import picows


@attrs.define
class Picows(Peer):
    """It tells frames, by callbacks."""

    transport: picows.WSTransport | None = None
    messages: asyncio.Queue[Message | None] = attrs.Factory(asyncio.Queue)
    pongs: asyncio.Queue[bytes] = attrs.Factory(asyncio.Queue)
    parts: list[bytes] = attrs.Factory(list)
    is_text: bool = False
    code: int | None = None
    chosen: str | None = None

    @property
    def subprotocol(self) -> str | None:
        return self.chosen

    @property
    def close_code(self) -> int | None:
        return self.code

    @property
    def open_transport(self) -> picows.WSTransport:
        assert self.transport is not None
        return self.transport

    def take(self, frame: picows.WSFrame) -> None:
        """Take one frame."""
        from picows import WSCloseCode, WSMsgType

        payload = frame.get_payload_as_bytes()
        match frame.msg_type:
            case WSMsgType.CLOSE:
                self.code = int.from_bytes(payload[:2], "big") if payload else 1005
                if not self.open_transport.is_close_frame_sent:
                    self.open_transport.send_close(WSCloseCode.OK)
                self.open_transport.disconnect()
            case WSMsgType.PONG:
                self.pongs.put_nowait(payload)
            case WSMsgType.PING:
                self.open_transport.send_pong(payload)
            case kind:
                if kind is not WSMsgType.CONTINUATION:
                    self.is_text = kind is WSMsgType.TEXT
                self.parts.append(payload)
                if frame.fin:
                    whole = b"".join(self.parts)
                    self.parts.clear()
                    self.messages.put_nowait(whole.decode() if self.is_text else whole)

    async def send(self, message: Message) -> None:
        from picows import WSMsgType

        if isinstance(message, str):
            self.open_transport.send(WSMsgType.TEXT, message.encode())
        else:
            self.open_transport.send(WSMsgType.BINARY, message)

    async def receive(self) -> Message | None:
        return await self.messages.get()

    async def ping(self) -> None:
        self.open_transport.send_ping(b"are you there?")
        assert await self.pongs.get() == b"are you there?"

    async def close(self, code: int, reason: str) -> None:
        from picows import WSMsgType

        payload = code.to_bytes(2, "big") + reason.encode()
        self.open_transport.send(WSMsgType.CLOSE, payload)
        await self.open_transport.wait_disconnected()

    async def send_fragments(self, fragments: list[str]) -> None:
        from picows import WSMsgType

        kinds = [WSMsgType.TEXT, *[WSMsgType.CONTINUATION] * (len(fragments) - 1)]
        for number, (kind, fragment) in enumerate(zip(kinds, fragments, strict=True), 1):
            self.open_transport.send(kind, fragment.encode(), number == len(fragments))


def _picows_listener(peer: Picows, opened: Callable[[], object]) -> picows.WSListener:
    from picows import WSFrame, WSListener, WSTransport

    class Listener(WSListener):
        def on_ws_connected(self, transport: WSTransport) -> None:
            peer.transport = transport
            opened()

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            peer.take(frame)

        def on_ws_disconnected(self, transport: WSTransport) -> None:
            peer.messages.put_nowait(None)

    return Listener()


@asynccontextmanager
async def _open_picows(url: str, options: Options) -> AsyncIterator[Peer]:
    from picows import WSInvalidStatusError, ws_connect

    fields = {} if options.origin is None else {"Origin": options.origin}
    if options.subprotocols:
        fields["Sec-WebSocket-Protocol"] = ", ".join(options.subprotocols)
    peer = Picows()
    try:
        transport, _ = await ws_connect(
            lambda: _picows_listener(peer, lambda: None),
            url,
            extra_headers=fields,
            enable_auto_pong=False,
        )
    except WSInvalidStatusError as exc:
        response: Any = exc.response
        raise Refused(int(response.status)) from exc
    peer.chosen = transport.response.headers.get("Sec-WebSocket-Protocol")
    try:
        yield peer
    finally:
        transport.disconnect()
        await transport.wait_disconnected()


async def _serve_picows(handle: Handle, options: Options, started: Started) -> None:
    from picows import (
        WSListener,
        WSUpgradeRequest,
        WSUpgradeResponse,
        WSUpgradeResponseWithListener,
        ws_create_server,
    )

    tasks = set[asyncio.Task[None]]()

    def accept(request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener:
        if options.origin not in {None, request.headers.get("Origin")}:
            refusal = WSUpgradeResponse.create_error_response(403)
            return WSUpgradeResponseWithListener(refusal, None)
        offered = request.headers.get("Sec-WebSocket-Protocol", "").split(", ")
        common = [name for name in options.subprotocols if name in offered]
        peer = Picows(chosen=common[0] if common else None)

        async def talk() -> None:
            await handle(peer)

        listener = _picows_listener(peer, lambda: tasks.add(asyncio.create_task(talk())))
        fields = {"Sec-WebSocket-Protocol": common[0]} if common else {}
        response = WSUpgradeResponse.create_101_response(fields)
        return WSUpgradeResponseWithListener(response, listener)

    server = await ws_create_server(accept, "127.0.0.1", 0, enable_auto_pong=False)
    async with server:
        started(server.sockets[0].getsockname()[1])
        await server.serve_forever()


PICOWS: Final = Kind("picows", _open_picows, _serve_picows)
