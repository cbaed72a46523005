"""Several tasks on one WebSocket: who is told what, and that none of them waits for ever."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
import weakref
from typing import Any

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.websocket.conftest import FOR_EVER, Serve, echo, raw_client, running, ws_url
from trio_helianthus import errors, testing, websocket
from trio_helianthus.wire import websocket as wire


async def test_a_message_in_fragments_has_one_receiver(serve: Serve) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        async with connection.receive_stream() as message:
            assert await message.receive() == "first "
            for receive in (connection.receive, connection.receive_stream().__aenter__):
                with pytest.raises(errors.ResourceBusy):
                    await receive()
            with pytest.raises(errors.ResourceBusy):
                async for _ in connection:
                    pass
            await connection.send("go on")
            assert [fragment async for fragment in message] == ["second", ""]
            assert await connection.receive() == "next"
        await connection.send("done")

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        async with connection.send_stream(text=True) as message:
            await message.send("first ")
            assert await connection.receive(timeout=5) == "go on"
            await message.send("second")
        await connection.send("next")
        assert await connection.receive(timeout=5) == "done"


async def test_a_stream_goes_on_where_a_cancelled_receive_has_stopped(serve: Serve) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        with pytest.raises(errors.OperationTimeout):
            await connection.receive(timeout=0.05)
        await connection.send("more")
        async with connection.receive_stream() as message:
            assert message.is_text
            await connection.send("".join([str(fragment) async for fragment in message]))

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        async with connection.send_stream(text=True) as message:
            await message.send("one ")
            await message.send("two ")
            assert await connection.receive(timeout=5) == "more"
            await message.send("three")
        assert await connection.receive(timeout=5) == "one two three"


async def test_a_cancelled_receive_keeps_the_fragments_it_has(serve: Serve) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        with pytest.raises(errors.OperationTimeout):
            await connection.receive(timeout=0.05)
        await connection.send("more")
        await connection.send(await connection.receive())

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        async with connection.send_stream(text=False) as message:
            await message.send(b"one ")
            assert await connection.receive(timeout=5) == "more"
            await message.send(b"two")
        assert await connection.receive(timeout=5) == b"one two"


async def test_a_fragment_that_comes_too_late_is_in_nobodys_message(
    autojump_clock: MockClock,
) -> None:
    limits = attrs.evolve(FOR_EVER, send_high_water=1000, send_low_water=100)
    late = list[BaseException]()

    async def handler(connection: websocket.ServerConnection) -> None:
        async def send_late(message: websocket.OutgoingMessage) -> None:
            try:
                await message.send(b"late")
            except errors.ResourceClosed as exc:
                late.append(exc)

        async with trio.open_nursery() as nursery:
            async with connection.send_stream() as message:
                await message.send(b"x" * 500_000)
                nursery.start_soon(send_late, message)  # noqa: ASYNC111 late on purpose
                await wait_all_tasks_blocked()  # as the peer does not read yet
            async with connection.send_stream() as message:
                await message.send(b"another")
                await trio.sleep(1)

    async with (
        testing.open_virtual_network(),
        running(handler, limits=limits, deflate=None) as server,
        raw_client(server) as peer,
    ):
        await trio.sleep(5)
        got = b""
        while isinstance(event := await peer.next_event(), wire.Binary):
            got += event.data
        assert got.lstrip(b"x") == b"another"
        await peer.send_event(wire.Close(1000))
    assert len(late) == 1


async def test_cancelled_before_its_first_fragment_a_message_was_never_begun(
    serve: Serve,
) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        with trio.CancelScope() as scope:
            async with connection.send_stream(text=True):
                scope.cancel()
        assert scope.cancelled_caught
        await connection.send("still open")
        assert await connection.receive(timeout=5) == "still open"


@pytest.mark.parametrize("how", ["told", "cancelled"])
async def test_closing_does_not_wait_for_a_receiver_that_is_no_more(
    autojump_clock: MockClock, how: str
) -> None:
    """The one who receives has gone, and somebody else has to see the peer's Close at once."""

    async def handler(connection: websocket.ServerConnection) -> None:
        async def receive() -> None:
            with contextlib.suppress(errors.ResourceClosed):
                await connection.receive()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive)
            await wait_all_tasks_blocked()
            if how == "cancelled":
                connection.close_nowait()
                await trio.sleep(0.1)
                nursery.cancel_scope.cancel()
            else:
                await connection.aclose()
        await connection.aclose()

    async with (
        testing.open_virtual_network(),
        running(handler, limits=FOR_EVER) as server,
        raw_client(server) as peer,
    ):
        assert await peer.next_event() == wire.Close(1000)
        await peer.send_event(wire.Text("in front of the Close"))
        await trio.sleep(0.2)
        await peer.send_event(wire.Close(1000))
        sent = trio.current_time()
        assert await peer.next_event() is None
        assert trio.current_time() - sent < 0.1


async def test_both_close_with_megabytes_on_their_way(autojump_clock: MockClock) -> None:
    """Neither reads any more, so each has to make room for the other."""

    async def handler(connection: websocket.ServerConnection) -> None:
        for _ in range(30):
            connection.offer(websocket.PreparedMessage(b"x" * 100_000))

    limits = attrs.evolve(FOR_EVER, feed_max_bytes=8 << 20)
    async with testing.open_virtual_network(), running(handler, limits=limits) as server:
        async with websocket.open_websocket(
            ws_url(server), limits=limits, deflate=None
        ) as connection:
            for _ in range(30):
                connection.offer(websocket.PreparedMessage(b"x" * 100_000))
            began = trio.current_time()
            await connection.aclose()
        assert trio.current_time() - began < 0.3
        assert connection.close_code == 1000


async def test_closed_by_many_tasks_at_once(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        told = list[str]()

        async def note(name: str, operation: Any) -> None:
            try:
                await operation()
            except (errors.ResourceClosed, errors.WebSocketClosed) as exc:
                told.append(f"{name} {type(exc).__name__}")

        async def stream() -> None:
            async with connection.send_stream(text=True) as message:
                while True:
                    await message.send("and so on")
                    await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(note, "receive", connection.receive)
            nursery.start_soon(note, "ping", connection.ping)
            await wait_all_tasks_blocked()
            nursery.start_soon(note, "stream", stream)
            await trio.lowlevel.checkpoint()
            nursery.start_soon(note, "send", lambda: connection.send("behind the stream"))
            await trio.lowlevel.checkpoint()
            for _ in range(3):
                nursery.start_soon(connection.aclose, 3000, "all of us")
            nursery.cancel_scope.deadline = trio.current_time() + 5
        assert not nursery.cancel_scope.cancelled_caught
        assert connection.close_code == 3000
    assert set(told) <= {f"{name} ResourceClosed" for name in ("receive", "ping", "stream", "send")}
    assert "receive ResourceClosed" in told


@pytest.mark.parametrize("how", ["closed", "lost", "left", "refused"])
async def test_a_websocket_that_has_ended_leaves_no_cycles(how: str) -> None:
    weak = list[weakref.ref[Any]]()

    async def handler(connection: websocket.ServerConnection) -> None:
        weak.append(weakref.ref(connection))
        with pytest.raises(errors.WebSocketClosed):
            while True:
                await connection.send(await connection.receive())

    async def use(url: str) -> None:
        try:
            async with websocket.open_websocket(url) as connection:
                weak.append(weakref.ref(connection))
                await connection.send("x")
                await connection.receive()
                if how == "lost":
                    connection._stream.reset()
                    with pytest.raises(errors.WebSocketBroken):
                        await connection.receive()
                elif how == "left":
                    raise ZeroDivisionError
                elif how == "refused":
                    connection._outgoing.put(b"\xff\xff")
                    with pytest.raises(errors.WebSocketBroken):
                        await connection.receive()
        except ZeroDivisionError:
            pass

    async with running(handler) as server:
        await use(ws_url(server))
        await trio.sleep(0.05)
        gc.collect()
        weak.clear()
        gc.disable()
        try:
            await use(ws_url(server))
            with trio.fail_after(5):
                while server.statistics().connections:  # noqa: ASYNC110
                    await trio.sleep(0.01)
            await trio.sleep(0.05)
            assert [reference() for reference in weak] == [None] * 2
        finally:
            gc.enable()


async def test_the_peers_goodbye_counts_although_a_send_has_failed(serve: Serve) -> None:
    """A server that says why, and goes; whoever sends meanwhile is to know why, too."""
    gone = trio.Event()

    async def rude(connection: websocket.ServerConnection) -> None:
        await connection.send("one")
        connection.close_nowait(1008, "not you")
        await connection._stream.aclose()
        gone.set()

    server = await serve(rude)
    async with websocket.open_websocket(ws_url(server)) as connection:
        await gone.wait()
        with pytest.raises(errors.WebSocketBroken) as caught:
            while True:
                await connection.send("x" * 1000)
                await trio.sleep(0.01)
        assert caught.value.code == 1008
        assert await connection.receive() == "one"
        with pytest.raises(errors.WebSocketBroken) as caught:
            await connection.receive()
        assert caught.value.reason == "not you"


async def test_the_peers_goodbye_counts_for_the_receiver_although_a_send_has_failed() -> None:
    """A server that refuses what it is sent, and goes at once, before the receiver has run."""

    def refuse(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                request += peer.recv(4096)
            key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0].decode()
            answer = (
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Accept: {wire.accept_token(key)}\r\n\r\n"
            )
            peer.sendall(answer.encode())
            peer.recv(1)  # of the first message; the rest of it makes the end a reset
            peer.sendall(wire.server_connection().send(wire.Close(1009, "too much")))

    async def receive(connection: websocket.ClientConnection) -> None:
        with pytest.raises(errors.WebSocketBroken) as caught:
            await connection.receive()
        told.append((caught.value.code, caught.value.reason, caught.value.__cause__))

    told = list[tuple[int, str, object]]()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=refuse, args=[listener])
        server.start()
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        async with websocket.open_websocket(url) as connection, trio.open_nursery() as nursery:
            nursery.start_soon(receive, connection)
            await wait_all_tasks_blocked()
            await connection.send("x" * 1000)
            server.join()
            with pytest.raises(errors.WebSocketBroken):
                await connection.send("y" * 1000)
        assert told == [(1009, "too much", None)]
        assert connection.close_code == 1009


async def test_no_ping_takes_the_place_of_another(autojump_clock: MockClock) -> None:
    answered = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        with trio.fail_after(40):
            await connection.ping((1).to_bytes(4, "big"))  # the regular ones look like this
        answered.set()

    limits = attrs.evolve(FOR_EVER, ping_interval=1, ping_timeout=100)
    async with (
        testing.open_virtual_network(),
        running(handler, limits=limits) as server,
        raw_client(server) as peer,
    ):
        await trio.sleep(5)
        while not answered.is_set():
            event = await peer.next_event()
            assert isinstance(event, wire.Ping)
            await peer.send_event(wire.Pong(event.payload))
            await wait_all_tasks_blocked()
        await peer.send_event(wire.Close(1000))


async def test_a_peer_that_never_answers_pings_but_talks_leaves_room_for_ours(
    autojump_clock: MockClock,
) -> None:
    limits = attrs.evolve(FOR_EVER, ping_interval=1, ping_timeout=5, max_pings=4)
    problems = list[BaseException]()

    async def handler(connection: websocket.ServerConnection) -> None:
        async with trio.open_nursery() as nursery:

            async def receive() -> None:
                async for _ in connection:
                    pass

            nursery.start_soon(receive)
            await trio.sleep(30)
            try:
                await connection.ping(timeout=1)
            except errors.OperationTimeout:
                pass
            except errors.ResourceFull as exc:
                problems.append(exc)
            nursery.cancel_scope.cancel()

    async with (
        testing.open_virtual_network(),
        running(handler, limits=limits) as server,
        raw_client(server) as peer,
    ):
        for _ in range(100):
            await peer.send_event(wire.Text("I am here"))
            await trio.sleep(0.3)
    assert problems == []
